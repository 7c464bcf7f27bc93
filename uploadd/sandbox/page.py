"""The front page's HTML. Every text that came from outside is escaped."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from html import escape

from uploadd.sandbox.photos import Photo

PAGE_PHOTOS = 200
FLICKR = "flickr"
_LONG_TAG = 40

_STYLE = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1500px;padding:1.5rem}
header{display:flex;flex-wrap:wrap;gap:.4rem 2rem;align-items:baseline;margin-bottom:1.5rem}
h1{font-size:1.4rem;margin:0 1rem 0 0}
header span b{font-size:1.25rem;font-variant-numeric:tabular-nums;margin-right:.3rem}
header .bad{color:#c0392b}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:1rem}
figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
figure.gone{opacity:.4}
figure img,figure video{display:block;width:100%;height:160px;object-fit:cover}
figure img,figure video{background:var(--line)}
figcaption{padding:.5rem .7rem .7rem;font-size:.85rem}
figcaption strong{display:block;font-size:.95rem;overflow-wrap:anywhere}
.tag{display:inline-block;border:1px solid var(--line);border-radius:9px}
.tag{padding:0 .45rem;margin:.2rem .2rem 0 0;overflow-wrap:anywhere}
time{opacity:.7}
nav{margin:1.5rem 0;display:flex;gap:1rem}
a{color:inherit}
""".strip()


@dataclass(frozen=True)
class Counts:
    """The figures on top of the page."""

    photos: int
    uploads: int
    calls: int
    tickets_open: int
    faults: int
    doubled: int
    violations: int


@dataclass(frozen=True)
class Section:
    """One account on the page: whose it is, its figures, and its photos, newest first."""

    service: str
    username: str
    counts: Counts
    photos: list[Photo]


def front_page(
    sections: list[Section], *, page: int, pages: int, refresh_seconds: int, only: str = ""
) -> str:
    """One page of photos of each account; reloads itself after `refresh_seconds`, 0 = never.

    `only`: the service whose account alone is shown; empty for all.
    """
    refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else ""
    total = sum(section.counts.photos for section in sections)
    query = (f"&amp;service={only}" if only else "") + (
        f"&amp;refresh={refresh_seconds}" if refresh_seconds else ""
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"{refresh}<title>{total} photos · sandbox</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{''.join(_section(section) for section in sections)}"
        f"{_pages(page, pages, query)}\n</body></html>\n"
    )


def _section(section: Section) -> str:
    figures = "\n".join(_figure(photo, section.service) for photo in section.photos)
    body = f"<main>\n{figures}\n</main>" if figures else "<p>No photo has arrived yet.</p>"
    return f"{_header(section)}\n{body}\n"


def _header(section: Section) -> str:
    # The figures of the first service keep their plain ids.
    ids = "" if section.service == FLICKR else f"{section.service}-"
    figures = "".join(
        f'<span{_alarm(name, value)}><b id="{ids}{name}">{value}</b>{name.replace("_", " ")}</span>'
        for name, value in asdict(section.counts).items()
    )
    where = "" if section.service == FLICKR else f" · {section.service}"
    return f"<header><h1>{escape(section.username)}{where}</h1>{figures}</header>"


def _alarm(name: str, value: int) -> str:
    return ' class="bad"' if name in ("violations", "doubled") and value else ""


def _figure(photo: Photo, service: str) -> str:
    gone = ' class="gone"' if not photo.is_on_account else ""
    title = f"<strong>{escape(photo.title) or '&nbsp;'}</strong>"
    facts = f"{_date(photo)} · {_privacy(photo)}{_standing(photo)}<br>{_tags(photo)}"
    return (
        f"<figure{gone}>{_picture(photo, service)}<figcaption>{title}{facts}</figcaption></figure>"
    )


def _picture(photo: Photo, service: str) -> str:
    address = f"/photos/key-{photo.key}" + ("" if service == FLICKR else f"?service={service}")
    if photo.is_video:
        return f'<video src="{address}" preload="none" controls></video>'
    title = escape(photo.title, quote=True)
    return f'<a href="{address}"><img src="{address}" alt="{title}" loading="lazy"></a>'


def _date(photo: Photo) -> str:
    return f"<time>{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(photo.kept_at))}</time>"


def _privacy(photo: Photo) -> str:
    if photo.is_public:
        return "public"
    seen_by = [
        name for name, seen in (("friends", photo.is_friend), ("family", photo.is_family)) if seen
    ]
    return " and ".join(seen_by) or "private"


def _standing(photo: Photo) -> str:
    if photo.deleted:
        return " · deleted"
    return "" if photo.state == "ready" else f" · {photo.state}"


def _tags(photo: Photo) -> str:
    return "".join(_tag(tag) for tag in photo.tags)


def _tag(tag: str) -> str:
    shown = (
        escape(tag) if len(tag) <= _LONG_TAG else escape(tag.partition("=")[0][:_LONG_TAG]) + "…"
    )
    return f'<span class="tag" title="{escape(tag, quote=True)}">{shown}</span>'


def _pages(page: int, pages: int, query: str) -> str:
    if pages == 1:
        return ""
    newer = f'<a href="?page={page - 1}{query}">newer</a>' if page > 1 else ""
    older = f'<a href="?page={page + 1}{query}">older</a>' if page < pages else ""
    return f"<nav>{newer}<span>page {page} of {pages}</span>{older}</nav>"
