"""A face for each command: parse, call, print. No logic."""
