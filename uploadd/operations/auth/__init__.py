"""Logging in: `uploadd auth`."""
