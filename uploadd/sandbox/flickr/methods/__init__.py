"""The REST methods that the sandbox knows, in one file a group."""

from uploadd.sandbox.flickr.methods import auth, people, photos, tickets

__all__ = ["auth", "people", "photos", "tickets"]
