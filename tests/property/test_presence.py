"""What has become of a disk: the rule, for every combination (`model/presence.py`)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.presence import Ground, Presence, around, missed, presence, returned

identities = st.tuples(st.integers(0, 3), st.integers(1, 3))
paths = st.lists(st.sampled_from([b"a", b"b"]), max_size=4).map(lambda way: b"/" + b"/".join(way))
ground_values = st.builds(
    Ground,
    paths,
    st.just("camera"),
    st.none() | identities,
    st.none() | st.floats(0, 9),
    st.just(0),
)


@given(st.none() | identities, st.none() | identities)
def test_a_known_file_says_that_it_is_here(
    remembered: tuple[int, int] | None, now: tuple[int, int] | None
) -> None:
    """Whatever the device and the inode are by now."""
    assert presence(remembered, now, has_known=True) is Presence.HERE


@given(st.none() | identities, st.none() | identities)
def test_without_one_the_directory_tells(
    remembered: tuple[int, int] | None, now: tuple[int, int] | None
) -> None:
    """The same one was emptied; another one, or none, is in the place of the disk."""
    is_emptied = presence(remembered, now, has_known=False) is Presence.EMPTIED
    assert is_emptied == (remembered is not None and remembered == now)


@given(ground_values, identities, st.floats(0, 9), st.integers(0, 9))
def test_away_and_back(ground: Ground, now: tuple[int, int], at: float, newest: int) -> None:
    """It is away since it was missed first, and here again with what is there now."""
    gone = missed(ground, at, newest)
    assert gone.is_away
    assert missed(gone, at + 1, newest + 1) == gone
    assert gone.identity == ground.identity
    back = returned(gone, now)
    assert (back.is_away, back.identity, back.directory) == (False, now, ground.directory)


@given(paths, st.lists(ground_values))
def test_the_innermost_comes_first(directory: bytes, grounds: list[Ground]) -> None:
    """Each of them holds the directory, and the next one holds it too."""
    found = around(directory, grounds)
    lengths = [len(one.directory) for one in found]
    assert lengths == sorted(lengths, reverse=True)
    for one in grounds:
        above = one.directory.rstrip(b"/") + b"/"
        assert (one in found) == (directory == one.directory or directory.startswith(above))
