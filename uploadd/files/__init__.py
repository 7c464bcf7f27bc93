"""One file on disk: what it is, what is in it, whether it is still the same."""
