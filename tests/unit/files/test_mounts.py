"""Which file system a path lies on, from the kernel's table."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.files.mounts import file_system_of, fs_type_in, is_network

TABLE = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /mnt/nas rw,relatime shared:2 - nfs4 nas:/photos rw,vers=4.2
31 22 0:26 / /mnt/my\040photos rw - fuse.sshfs anna@home: rw
32 30 8:1 / /mnt/nas/usb rw - vfat /dev/sda1 rw
33 22 8:2 / /media/twice rw - ext4 /dev/sda2 rw
34 33 0:30 / /media/twice rw - cifs //server/share rw
35 22 0:31 / /odd\134name rw master:1 propagate_from:2 - btrfs /dev/sdb rw
not a line
36 22 0:32 /
"""


@pytest.mark.parametrize(
    ("path", "fs_type"),
    [
        (b"/", "ext4"),
        (b"/srv/photos/a.jpg", "ext4"),
        (b"/mnt/nas", "nfs4"),
        (b"/mnt/nas/2024/a.jpg", "nfs4"),
        (b"/mnt/nasty", "ext4"),
        (b"/mnt/nas/usb/a.jpg", "vfat"),
        (b"/mnt/my photos/a.jpg", "fuse.sshfs"),
        (b"/media/twice/a.jpg", "cifs"),
        (b"/odd\\name/x", "btrfs"),
    ],
)
def test_the_innermost_mount_decides(path: bytes, fs_type: str) -> None:
    """The longest mount point; of two on one point the later; escapes undone; whole names only."""
    assert fs_type_in(TABLE, path) == fs_type


def test_an_empty_table_knows_nothing() -> None:
    """No guess."""
    assert fs_type_in(b"", b"/srv") == ""


def test_the_kernels_own_table_is_read(tmp_path: Path) -> None:
    """/proc is a file system of its own, and so it is for a link that leads there."""
    assert file_system_of(b"/proc/self/status") == "proc"
    (tmp_path / "link").symlink_to("/proc")
    assert file_system_of(bytes(tmp_path / "link" / "self")) == "proc"
    assert file_system_of(bytes(tmp_path / "not" / "there")) == file_system_of(bytes(tmp_path))


@pytest.mark.parametrize("fs_type", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"])
def test_network_file_systems(fs_type: str) -> None:
    """Other machines write there without an event."""
    assert is_network(fs_type)


@pytest.mark.parametrize("fs_type", ["ext4", "xfs", "btrfs", "zfs", "overlay", "fuseblk", ""])
def test_local_file_systems(fs_type: str) -> None:
    """What is not known counts as local."""
    assert not is_network(fs_type)
