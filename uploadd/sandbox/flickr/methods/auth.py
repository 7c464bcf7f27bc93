"""flickr.test.* and flickr.auth.*: is anyone there, and who am I."""

from __future__ import annotations

from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.replies import ApiError, Body


@method("flickr.test.echo", "key", None)
def echo(call: Call) -> Body:
    """Give the arguments back."""
    return {name: {"_content": value} for name, value in call.arguments.items()}


@method("flickr.test.login", "read")
def login(call: Call) -> Body:
    """The calling user."""
    user = call.sandbox.options.credentials
    return {"user": {"id": user.nsid, "username": {"_content": user.username}, "path_alias": None}}


@method("flickr.auth.oauth.checkToken", "read")
def check_token(call: Call) -> Body:
    """The token's permission and its user."""
    if call.login is None:
        raise ApiError(98, "Invalid token")
    user = call.sandbox.options.credentials
    return {
        "oauth": {
            "token": {"_content": call.login.token},
            "perms": {"_content": call.login.perms},
            "user": {"nsid": user.nsid, "username": user.username, "fullname": user.fullname},
        }
    }
