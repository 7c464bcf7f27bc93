"""What people and tests look at: the front page, the photos, the journal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.page import PAGE_PHOTOS, Counts, front_page
from uploadd.sandbox.photos import Photo

# An uploaded file is a stranger's: it is shown as what it is, and runs nothing.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_PAGE_POLICY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
    ),
}


async def front(request: Request) -> Response:
    """The account's photos as a page for people."""
    sandbox = _sandbox(request)
    page = _whole_number(request, "page", 1)
    newest = list(sandbox.photos)[::-1]
    shown = newest[(page - 1) * PAGE_PHOTOS : page * PAGE_PHOTOS]
    counts = Counts(
        photos=sandbox.items(),
        uploads=sandbox.uploads_begun,
        calls=sandbox.journal.total,
        tickets_open=sandbox.open_tickets(),
        faults=sum(sandbox.faults.given.values()),
        doubled=len(sandbox.doubled()),
        violations=len(sandbox.journal.violations()),
    )
    html = front_page(
        counts,
        shown,
        username=sandbox.options.credentials.username,
        page=page,
        pages=max(1, -(-len(newest) // PAGE_PHOTOS)),
        refresh_seconds=_whole_number(request, "refresh", 0),
    )
    return HTMLResponse(html, headers=_PAGE_POLICY)


async def photo(request: Request) -> Response:
    """One photo's bytes, with their type."""
    found = _photo(request)
    if found is None:
        return Response("no such photo\n", status_code=404, media_type="text/plain")
    path = _sandbox(request).disk.photos / found.stored_as
    return FileResponse(path, media_type=found.media, headers=_HARMLESS)


async def delete(request: Request) -> Response:
    """Mark a photo as deleted, as its owner might on the service's site."""
    is_deleted = _sandbox(request).delete(request.path_params["photo_id"])
    return Response(status_code=204 if is_deleted else 404)


async def photos(request: Request) -> Response:
    """Every kept upload, oldest first."""
    sandbox = _sandbox(request)
    return JSONResponse([as_json(one) for one in sandbox.photos])


async def journal(request: Request) -> Response:
    """Every request so far, oldest first."""
    return JSONResponse([entry.as_json() for entry in _sandbox(request).journal])


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


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    sandbox.settle()
    return sandbox


def _photo(request: Request) -> Photo | None:
    name = request.path_params["photo_id"]
    sandbox = _sandbox(request)
    if name.startswith("key-") and name[4:].isdigit() and 1 <= int(name[4:]) <= len(sandbox.photos):
        return sandbox.photos[int(name[4:])]
    return sandbox.photos.get(name)


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
