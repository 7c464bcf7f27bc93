"""The REST methods that the sandbox knows, in one file a group."""

from uploadd.sandbox.flickr.methods import auth, people, photos, tags, tickets

__all__ = ["auth", "people", "photos", "tags", "tickets"]
