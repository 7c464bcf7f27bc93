"""flickr.photos.upload.*: what became of async uploads."""

from __future__ import annotations

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.replies import Body


@method("flickr.photos.upload.checkTickets", "key", "tickets batch_id")
def check_tickets(call: Call) -> Body:
    """Each ticket's `complete`: 0 pending, 1 done, 2 failed; an unknown one is `invalid`."""
    call.sandbox.settle()
    asked = [name.strip() for name in call.arguments.get("tickets", "").split(",")]
    return {"uploader": {"ticket": [_standing(call.sandbox, name) for name in asked if name]}}


def _standing(sandbox: Sandbox, ticket_id: str) -> Body:
    ticket = sandbox.tickets.get(ticket_id)
    if ticket is None or ticket.end == "forgotten":
        return {"id": ticket_id, "invalid": 1}
    if not ticket.is_ended:
        return {"id": ticket_id, "complete": 0}
    if ticket.end == "failed":
        return {"id": ticket_id, "complete": 2}
    photo_id = sandbox.photos[ticket.photo_key].id
    return {
        "id": ticket_id,
        "complete": 1,
        "photoid": photo_id,
        "imported": str(int(ticket.ends_at)),
    }
