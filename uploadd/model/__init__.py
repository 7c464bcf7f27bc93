"""The rules, and nothing else: no I/O, no clock and no randomness of its own."""
