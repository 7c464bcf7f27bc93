"""Tags as Flickr reads them: separated by spaces, several words in quotes, machine tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_TAGS = 75
_MACHINE = re.compile(r"^([A-Za-z][A-Za-z0-9_]*):([A-Za-z][A-Za-z0-9_]*)=(.*)$", re.DOTALL)
_QUERY = re.compile(r'^([A-Za-z][A-Za-z0-9_]*):([A-Za-z][A-Za-z0-9_]*)=(?:"(.*)"|(.*))$', re.DOTALL)


@dataclass(frozen=True)
class MachineTag:
    """`namespace:predicate=value`; namespace and predicate in lower case."""

    namespace: str
    predicate: str
    value: str

    def clean(self) -> str:
        """As Flickr lists it: lower case, spaces left out of the value."""
        return f"{self.namespace}:{self.predicate}={_squeezed(self.value)}"


@dataclass(frozen=True)
class MachineTagQuery:
    """`ns:pred=` (any value) or `ns:pred=value`."""

    namespace: str
    predicate: str
    value: str | None

    def finds(self, tag: MachineTag) -> bool:
        """Whether a photo's tag answers the query; values compare in Flickr's clean form."""
        same = (tag.namespace, tag.predicate) == (self.namespace, self.predicate)
        return same and (self.value is None or _squeezed(tag.value) == _squeezed(self.value))


def split_tags(text: str) -> list[str]:
    """The raw tags in a `tags` field. Quotes group words; commas do not separate."""
    tags: list[str] = []
    word, quoted, begun = "", False, False
    for character in text:
        if character == '"':
            quoted, begun = not quoted, True
        elif character.isspace() and not quoted:
            tags.append(word)
            word, begun = "", False
        else:
            word, begun = word + character, True
    if begun:
        tags.append(word)
    return list(dict.fromkeys(tag for tag in tags if tag))


def machine_tag(tag: str) -> MachineTag | None:
    """A raw tag's parts, or None for a plain one."""
    found = _MACHINE.match(tag)
    if found is None:
        return None
    return MachineTag(found[1].lower(), found[2].lower(), found[3])


def machine_tag_query(text: str) -> MachineTagQuery | None:
    """Read `ns:pred=`, `ns:pred=v` or `ns:pred="v"`; None for another form."""
    found = _QUERY.match(text.strip())
    if found is None:
        return None
    value = found[3] if found[3] is not None else found[4]
    return MachineTagQuery(found[1].lower(), found[2].lower(), value or None)


def clean_tag(tag: str) -> str:
    """A tag as Flickr lists it: lower case, letters and digits; machine tags keep their form."""
    parts = machine_tag(tag)
    return parts.clean() if parts else "".join(c for c in tag.lower() if c.isalnum())


def _squeezed(value: str) -> str:
    return "".join(value.lower().split())
