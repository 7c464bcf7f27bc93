"""flickr.test.* and flickr.auth.*: is anyone there, and who am I."""

from __future__ import annotations

from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.logins import AccessToken


@method("flickr.test.echo", "key", None)
def echo(call: Call) -> Body:
    """Give the arguments back."""
    return {name: {"_content": value} for name, value in call.arguments.items()}


@method("flickr.test.login", "read")
def login(call: Call) -> Body:
    """The calling user."""
    user = call.user
    return {"user": {"id": user.nsid, "username": {"_content": user.username}, "path_alias": None}}


@method("flickr.auth.oauth.checkToken", "read")
def check_oauth_token(call: Call) -> Body:
    """The token's permission and its user."""
    return {"oauth": _credentials(call, call.login)}


@method("flickr.auth.getFrob", "signature")
def get_frob(call: Call) -> Body:
    """A frob, with which a login of the old kind begins."""
    return {"frob": {"_content": call.sandbox.logins.frobs.begin(call.sandbox.now()).text}}


@method("flickr.auth.getToken", "signature", "frob")
def get_token(call: Call) -> Body:
    """A frob that a person agreed to, for a token; once."""
    sandbox = call.sandbox
    frob = sandbox.logins.frobs.get(call.arguments.get("frob", ""), sandbox.now())
    if frob is None or not frob.perms:
        raise ApiError(108, "Invalid frob")
    token = sandbox.logins.finish_frob(frob)
    sandbox.admit(token)
    return {"auth": _credentials(call, token)}


@method("flickr.auth.checkToken", "signature")
def check_token(call: Call) -> Body:
    """The permission and the user of an `auth_token`."""
    return {"auth": _credentials(call, call.login)}


def _credentials(call: Call, token: AccessToken | None) -> Body:
    if token is None:
        raise ApiError(98, "Invalid auth token")
    user = call.sandbox.logins.user_of(token)
    return {
        "token": {"_content": token.token},
        "perms": {"_content": token.perms},
        "user": {"nsid": user.nsid, "username": user.username, "fullname": user.fullname},
    }
