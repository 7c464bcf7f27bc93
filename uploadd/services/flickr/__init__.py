"""Flickr: its calls, replies, errors and signatures, behind the contract of `services.base`."""

from uploadd.services.flickr.client import Flickr

__all__ = ["Flickr"]
