"""ipernity's error codes and their wording (its API documentation, one page a method)."""

from __future__ import annotations

_EVERYWHERE: dict[int, str] = {
    100: "API Key is missing",
    101: "API Key is invalid",
    102: "Invalid format",
    103: "Method not found",
    104: "Signature missing",
    105: "Signature is invalid",
    106: "Token missing",
    107: "Token invalid",
    108: "Account closed",
    109: "Action blocked",
    110: "Insufficient permissions",
    111: "IP not allowed",
    112: "Application Quota Error",
    113: "Client IP Quota Error",
    120: "HTTP POST required",
    121: "Invalid SOAP envelope",
    122: "Invalid XML-RPC envelope",
    130: "OAuth protocol version unsupported",
    131: "OAuth parameters are missing",
    132: "OAuth Clock skew",
    133: "OAuth Nonce is invalid",
    134: "OAuth Timestamp is invalid",
    135: "OAuth Signature method unsupported",
    500: "Service error",
    501: "Maintenance mode",
    503: "Service unavailable",
}

_OF_METHODS: dict[str, tuple[str, ...]] = {
    # A method's own codes count from 1.
    "upload.file": (
        "File is missing or empty",
        "File size exceeded limits",
        "File not accepted",
    ),
    "upload.replace": (
        "File is missing or empty",
        "File size exceeded limits",
        "User exceeded upload limits",
        "Document not found",
        "File media type differs from the existing file",
        "PRO account feature",
    ),
    "test.echo": ("Nothing was sent",),
    "upload.checkTickets": ("Tickets not found",),
    "auth.getToken": ("Frob is missing", "Frob is invalid"),
    "doc.get": ("Document not found",),
    "doc.checkMD5": ("Document not found",),
    "doc.getList": ("User not found",),
    "doc.set": ("Document not found", "No parameters were sent", "Invalid arguments"),
    "doc.setPerms": ("Document not found", "Invalid arguments"),
    "doc.tags.add": ("Document not found", "Parameter missing", "Maximum tags reached"),
    "album.create": (
        "Title is missing",
        "Cover not found",
        "Can not use this cover",
        "Can't create any more albums",
    ),
    "album.docs.add": ("Album not found", "Documents not found", "Album limit reached"),
    "album.getList": ("User not found",),
}


def wording(method: str, code: int) -> str:
    """The message of an error code, as this method's page words it."""
    own = _OF_METHODS.get(method, ())
    if 1 <= code <= len(own):
        return own[code - 1]
    return _EVERYWHERE.get(code, "Error")


def is_known(code: int) -> bool:
    """Whether the specifications of upload.file and upload.replace name this code."""
    return 1 <= code <= len(_OF_METHODS["upload.replace"]) or code in _EVERYWHERE


KNOWN_CODES = (*range(1, len(_OF_METHODS["upload.replace"]) + 1), *_EVERYWHERE)
"""Every code of the two upload methods."""
