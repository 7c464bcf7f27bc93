"""test.echo and auth.*: is anyone there, frobs, tokens, and whose they are."""

from __future__ import annotations

from uploadd.sandbox.ipernity import access
from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.replies import ApiError, Body, Text
from uploadd.sandbox.logins import AccessToken


@method("test.echo", "key", None)
def echo(call: Call) -> Body:
    """Give back what was sent beside `echo`, too."""
    if not call.values.get("echo"):
        raise ApiError(1)
    given = call.values.keys() - access.ALWAYS_KNOWN - {"api"}
    return {name: call.values[name] for name in sorted(given)}


@method("auth.getFrob", "signature")
def get_frob(call: Call) -> Body:
    """A frob, with which the user is sent to the authorise page."""
    return {"auth": {"frob": Text(call.account.make_frob().text)}}


@method("auth.getToken", "signature", "frob")
def get_token(call: Call) -> Body:
    """The token for a frob that the user agreed to; it works once."""
    if not call.values.get("frob"):
        raise ApiError(1)
    frob = call.account.frob(call.values["frob"])
    if frob is None or frob.perms is None:
        raise ApiError(2)
    return _login(call, call.account.trade(frob), "permissions")


@method("auth.checkToken", "token")
def check_token(call: Call) -> Body:
    """A token's permissions and its user."""
    if call.login is None:
        raise ApiError(106)
    return _login(call, call.login, call.account.options.permissions_name)


def _login(call: Call, token: AccessToken, permissions_name: str) -> Body:
    user = call.account.logins.user_of(token)
    permissions = {"doc": token.perms, "blog": "none", "network": "none", "profile": "none"}
    return {
        "auth": {
            "token": Text(token.token),
            permissions_name: permissions,
            "user": {
                "user_id": user.nsid.partition("@")[0],
                "username": user.username,
                "realname": user.fullname,
                "is_pro": int(call.account.options.is_pro),
                "lg": "en",
            },
        }
    }
