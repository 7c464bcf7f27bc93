"""From the disk to a job: watch, walk, settle, select."""
