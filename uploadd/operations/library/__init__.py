"""What `uploadd/library.py` does for other programs, without a queue."""
