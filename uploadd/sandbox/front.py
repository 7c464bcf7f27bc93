"""What people and tests look at: the front page, the photos, the journal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.page import FLICKR, PAGE_PHOTOS, Counts, Section, front_page
from uploadd.sandbox.photos import Photo

SERVICES = (FLICKR, "ipernity")

# An uploaded file is a stranger's: it is shown as what it is, and runs nothing.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_PAGE_POLICY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
        "frame-ancestors 'none'"
    ),
}


async def front(request: Request) -> Response:
    """Both accounts' photos as a page for people; ipernity's where it was ever asked."""
    only = request.query_params.get("service", "")
    if only and only not in SERVICES:
        return _no_such_service()
    page = _whole_number(request, "page", 1)
    accounts = {name: _account(request, name) for name in ([only] if only else SERVICES)}
    shown = [
        _section(name, account, page)
        for name, account in accounts.items()
        if only or name == FLICKR or account.journal.total or len(account.photos)
    ]
    longest = max(len(account.photos) for account in accounts.values())
    html = front_page(
        shown,
        page=page,
        pages=max(1, -(-longest // PAGE_PHOTOS)),
        refresh_seconds=_whole_number(request, "refresh", 0),
        only=only,
    )
    return HTMLResponse(html, headers=_PAGE_POLICY)


def _section(service: str, account: Sandbox, page: int) -> Section:
    newest = list(account.photos)[::-1]
    counts = Counts(
        photos=account.items(),
        uploads=account.uploads_begun,
        calls=account.journal.total,
        tickets_open=account.open_tickets(),
        faults=sum(account.faults.given.values()),
        doubled=len(account.doubled()),
        violations=len(account.journal.violations()),
    )
    shown = newest[(page - 1) * PAGE_PHOTOS : page * PAGE_PHOTOS]
    return Section(service, account.options.credentials.username, counts, shown)


async def photo(request: Request) -> Response:
    """One photo's bytes, with their type."""
    account = _asked(request)
    found = None if account is None else _photo(account, request.path_params["photo_id"])
    if account is None or found is None:
        return Response("no such photo\n", status_code=404, media_type="text/plain")
    path = account.disk.photos / found.stored_as
    return FileResponse(path, media_type=found.media, headers=_HARMLESS)


async def delete(request: Request) -> Response:
    """Mark a photo as deleted, as its owner might on the service's site."""
    account = _asked(request)
    is_deleted = account is not None and account.delete(request.path_params["photo_id"])
    return Response(status_code=204 if is_deleted else 404)


async def photos(request: Request) -> Response:
    """Every kept upload, oldest first."""
    account = _asked(request)
    if account is None:
        return _no_such_service()
    return JSONResponse([as_json(one) for one in account.photos])


async def journal(request: Request) -> Response:
    """Every request so far, oldest first."""
    account = _asked(request)
    if account is None:
        return _no_such_service()
    return JSONResponse([entry.as_json() for entry in account.journal])


def as_json(photo: Photo) -> dict[str, object]:
    """A photo as an object for `/photos.json`."""
    record = photo.record()
    return record | {
        "size": photo.size_bytes,
        "date": photo.kept_at,
        "content_type": photo.content_kind,
        "part_content_type": photo.content_type,
        "machine_tags": [tag.clean() for tag in photo.machine_tags()],
    }


def _asked(request: Request) -> Sandbox | None:
    """The account that `?service=` names, Flickr's where it names none."""
    service = request.query_params.get("service", FLICKR)
    return _account(request, service) if service in SERVICES else None


def _account(request: Request, service: str) -> Sandbox:
    state = request.app.state
    account: Sandbox = state.sandbox if service == FLICKR else state.ipernity
    account.settle()
    return account


def _no_such_service() -> Response:
    text = f"no such service: service is one of {', '.join(SERVICES)}\n"
    return Response(text, status_code=404, media_type="text/plain")


def _photo(account: Sandbox, name: str) -> Photo | None:
    if name.startswith("key-") and name[4:].isdigit() and 1 <= int(name[4:]) <= len(account.photos):
        return account.photos[int(name[4:])]
    return account.photos.get(name)


def _whole_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return min(int(text), 10**6) if text.isascii() and text.isdigit() and text != "0" else default


ROUTES = [
    Route("/", front),
    Route("/photos/{photo_id}", photo, methods=["GET"]),
    Route("/photos/{photo_id}", delete, methods=["DELETE"]),
    Route("/photos.json", photos),
    Route("/journal", journal),
]
