"""A path's story in lines for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.text import Text

from uploadd.cli.moments import moment, soon
from uploadd.cli.screen import STATE_STYLES
from uploadd.cli.sum_view import sum_lines
from uploadd.files.opening import printable
from uploadd.model.states import State
from uploadd.operations.show.next_step import NextStep, Who
from uploadd.operations.show.story import JobStory, Story

LABEL_WIDTH = 9


def story_lines(story: Story, now: float) -> Iterator[Text]:
    """The path, what there is to know of it, and each of its jobs."""
    yield Text(printable(story.path), "bold")
    if story.folder:
        yield _labelled("folder", story.folder)
    for remark in story.remarks:
        yield _labelled("note", remark.text)
        if remark.remedy:
            yield _labelled("to do", remark.remedy)
    for job in story.jobs:
        yield Text("")
        yield from _job_lines(job, now)
    yield from _sum_lines(story)


def _sum_lines(story: Story) -> Iterator[Text]:
    """What became of a directory's files, and what to do about those that failed."""
    yield from sum_lines(story.sums, has_accounts=True)
    failed = sum(one.sum.jobs for one in story.sums if one.sum.state is State.FAILED)
    if failed:
        shown = shlex.quote(printable(story.path))
        again = (
            f"`uploadd retry {shown}` tries what failed again, `uploadd ignore {shown}` leaves it"
        )
        yield _labelled("you", again)


def _job_lines(story: JobStory, now: float) -> Iterator[Text]:
    job = story.job
    head = Text(f"  {story.account}  ", "bold").append(job.state, STATE_STYLES[job.state])
    old = "" if story.is_current else ", for a content that the file had before"
    yield head.append(f"  (job {job.id}{old})", "dim")
    if job.reason is not None:
        yield _labelled("why", f"{job.reason.text} [{job.reason.code}]")
    if story.source is not None:
        yield _labelled("from", f"the account has it from {printable(story.source)}")
    if story.visibility:
        yield _labelled("seen", story.visibility)
    if story.is_current:
        yield from _next_lines(story.step, now)
    for number, event in enumerate(story.history):
        text = f"{moment(event.at, now)}  {event.state:<10}  {event.text}"
        yield _labelled("history" if number == 0 else "", text.rstrip())


def _next_lines(step: NextStep, now: float) -> Iterator[Text]:
    when = f", {soon(step.at, now)} at the earliest" if step.at and step.at > now else ""
    yield _labelled("next", f"{step.text}{when}")
    for obstacle in step.hurdles:
        until = obstacle.until
        left = f", until {moment(until, now)}" if until is not None and until > now else ""
        yield _labelled("waits", f"{obstacle.text}{left}")
    if step.remedy:
        yield _labelled("you" if step.who is Who.YOU else "note", step.remedy)


def _labelled(label: str, text: str) -> Text:
    return Text(f"    {label:<{LABEL_WIDTH}}", "dim").append(text, "not dim")
