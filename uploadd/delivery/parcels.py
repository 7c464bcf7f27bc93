"""What is told to the service about a photo: the folder's fields with their variables filled in."""

from __future__ import annotations

from uploadd.files.media import EXTENSIONS
from uploadd.files.metadata import read_photo_facts
from uploadd.files.reaching import Route
from uploadd.model.jobs import Job
from uploadd.model.photo import PhotoFields
from uploadd.model.places import Place
from uploadd.model.template import file_variables, photo_variables, render
from uploadd.services.base import Body, Parcel

FROM_THE_PICTURE = ("year", "month", "day", "camera")


def variables_of(job: Job, place: Place, fields: PhotoFields, route: Route) -> dict[str, str]:
    """Every template variable of a job. Blocking: may read the picture's metadata."""
    variables = file_variables(place.path, place.root, place.folder_name)
    templates = [fields.title, fields.description or "", *fields.tags, fields.album or ""]
    if any(f"{{{name}" in template for template in templates for name in FROM_THE_PICTURE):
        facts = read_photo_facts(route, job.mtime_ns)
        variables |= photo_variables(facts.taken, facts.camera)
    return variables


def parcel_of(job: Job, fields: PhotoFields, variables: dict[str, str], body: Body) -> Parcel:
    """The parcel for a job. Tags that come out empty are left out."""
    tags = (render(tag, variables).strip() for tag in fields.tags)
    return Parcel(
        stem=variables["stem"],
        extension=EXTENSIONS.get(job.media_type, ""),
        media_type=job.media_type,
        sha256=job.sha256,
        body=body,
        title=render(fields.title, variables).strip(),
        description=(None if fields.description is None else render(fields.description, variables)),
        tags=tuple(tag for tag in tags if tag),
        is_public=fields.is_public,
        is_friend=fields.is_friend,
        is_family=fields.is_family,
        safety_level=fields.safety_level,
        content_type=fields.content_type,
        hidden=fields.hidden,
        is_forced=job.is_forced,
        md5=job.md5,
    )
