"""A strict stand-in for Flickr and ipernity on loopback. Imports nothing of the rest of uploadd."""

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.app import build_app
from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.ipernity.account import IpernityAccount
from uploadd.sandbox.ipernity.options import IpernityOptions
from uploadd.sandbox.options import Credentials, Fault, SandboxOptions

__all__ = [
    "ConnectionCut",
    "Credentials",
    "Fault",
    "IpernityAccount",
    "IpernityOptions",
    "Sandbox",
    "SandboxOptions",
    "build_app",
]
