"""ipernity's methods that the sandbox knows, in one file a group."""

from uploadd.sandbox.ipernity.methods import account, albums, auth, docs, edits, tickets

__all__ = ["account", "albums", "auth", "docs", "edits", "tickets"]
