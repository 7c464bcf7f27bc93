"""The only truth: one SQLite database in the state directory, owned by one thread."""
