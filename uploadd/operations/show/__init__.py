"""What the commands show: the status, the jobs, and a file's story."""
