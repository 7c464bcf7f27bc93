"""A strict stand-in for Flickr on loopback. Imports nothing from the rest of uploadd."""

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.app import build_app
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.options import Credentials, Fault, SandboxOptions

__all__ = ["ConnectionCut", "Credentials", "Fault", "Sandbox", "SandboxOptions", "build_app"]
