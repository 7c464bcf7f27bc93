"""What is done once: backfill, check, and what the commands show."""
