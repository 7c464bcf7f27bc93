"""ipernity: its calls, replies, errors and signatures, behind the contract of `services.base`."""

from uploadd.services.ipernity.client import Ipernity

__all__ = ["Ipernity"]
