"""Which file system a path lies on, and whether other machines may write to it unseen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from uploadd.files.directories import real_path
from uploadd.model.places import is_inside

_NETWORK = frozenset(
    {
        "9p",  # virtual machines, and Windows drives under WSL
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.curlftpfs",
        "fuse.davfs",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.gvfsd-fuse",
        "fuse.juicefs",
        "fuse.mount.davfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.smbnetfs",
        "fuse.sshfs",
        "fuse.vmhgfs-fuse",
        "gfs2",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
# Those of Windows and of cameras, and what shows them: everything has the mode of the mount.
_WITHOUT_MODES = frozenset(
    {"9p", "cifs", "drvfs", "exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "smb3", "vboxsf", "vfat"}
)
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def is_network(fs_type: str) -> bool:
    """Whether a file system of this type shows changes of other machines without an event.

    A file system in userland that is not known here counts as local.
    """
    return fs_type in _NETWORK


def has_own_clock(path: bytes) -> bool:
    """Whether no other machine's clock makes the times of files at `path`. Blocks."""
    return not is_network(file_system_of(path))


def keeps_modes(fs_type: str) -> bool:
    """Whether chmod means something on a file system of this type, as far as its name tells."""
    return fs_type not in _WITHOUT_MODES


def file_system_of(path: bytes) -> str:
    """The type of the file system that `path` lies on ("ext4", "nfs4"); "" where unknown.

    Symbolic links are followed; the path need not exist. Blocks.
    """
    return fs_type_in(_mountinfo(), real_path(path))


def mounts_below(real_path: bytes) -> list[bytes]:
    """Where something is mounted below a directory, by its real path. Blocks."""
    points = (point for point, _ in _mounts_in(_mountinfo()))
    return [point for point in points if point != real_path and is_inside(point, real_path)]


def mounted_devices() -> frozenset[int]:
    """The device numbers of all that is mounted, as this process sees it. Blocks."""
    numbers = (line.split(b" ", 3)[2].split(b":") for line in _mountinfo().splitlines())
    return frozenset(os.makedev(int(major), int(minor)) for major, minor in numbers)


def mounts_seen(real_path: bytes) -> frozenset[bytes]:
    """What is mounted at a directory, by its real path, and below it. For comparison.

    Blocks, but touches none of these mounts: one that hangs does not matter.
    """
    lines = _mountinfo().splitlines()
    return frozenset(line for line in lines if is_inside(_point_in(line), real_path))


def fs_type_in(mountinfo: bytes, real_path: bytes) -> str:
    """The type of the mount in `mountinfo` (as in proc(5)) that `real_path` lies on.

    The longest mount point wins, and of several on one point the last, which covers the others.
    """
    best = b""
    found = ""
    for point, fs_type in _mounts_in(mountinfo):
        if is_inside(real_path, point) and len(point) >= len(best):
            best, found = point, fs_type
    return found


def _mountinfo() -> bytes:
    try:
        with open("/proc/self/mountinfo", "rb") as table:
            return table.read()
    except OSError:
        return b""


def _mounts_in(mountinfo: bytes) -> Iterator[tuple[bytes, str]]:
    """Each mount point with the type of its file system."""
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(b" - ")
        fields = before.split(b" ")
        if separator and len(fields) >= 5:
            yield _ESCAPE.sub(_unescaped, fields[4]), os.fsdecode(after.split(b" ", 1)[0])


def _point_in(line: bytes) -> bytes:
    return next((point for point, _ in _mounts_in(line)), b"")


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8) & 0xFF])
