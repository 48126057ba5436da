"""One user namespace for lab hosts: their uids and gids are BASE to BASE + 65535 here, which no account uses."""

import os
import stat
import struct
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.lab.shell import make_environment

BASE = 0x6FFF0000
"""The last block of the range that systemd reserves for containers, above what useradd gives out in /etc/subuid."""
IDS = 65536
PROBE = ("unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork")
MOUNTS = "mount -t proc proc /proc && mount -t sysfs sysfs /sys"
"""The mounts that systemd-nspawn needs; with the masked /proc of a container they fail."""
TRY_S = 10
SPECIAL = stat.S_ISUID | stat.S_ISGID
CAPABILITY = "security.capability"
ACLS = ("system.posix_acl_access", "system.posix_acl_default")
ACL_ENTRY = struct.Struct("<HHI")
"""An ACL entry, after a header of four bytes: tag, permissions, and an id if the tag is in ACL_NAMED."""
ACL_NAMED = (0x02, 0x08)
UID_MAP = Path("/proc/self/uid_map")
CAP_V2, CAP_V3, CAP_REVISION = 0x02000000, 0x03000000, 0xFF000000


@cache
def is_possible() -> bool:
    """Whether this machine can boot hosts in a user namespace."""
    return UID_MAP.exists() and _is_base_mapped(UID_MAP.read_text()) and _probe_kernel()


def _is_base_mapped(uid_map: str) -> bool:
    """Whether the uids from BASE are mapped (`uid_map`: the text of UID_MAP). In a container they may not be."""
    ranges = [(int(first), int(count)) for first, _, count in map(str.split, split_lines(uid_map))]
    return any(first <= BASE and first + count >= BASE + IDS for first, count in ranges)


def _probe_kernel() -> bool:
    try:
        done = subprocess.run(
            [*PROBE, "sh", "-c", MOUNTS],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=TRY_S, env=make_environment(), check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def shift(root: Path, shifted: int) -> None:
    """Add `shifted` to all owners and groups below `root` that are not shifted yet. Modes and capabilities are kept."""
    for name, handle in _walk_entries(root):
        _shift_one(name, handle, shifted)


def shift_written(root: Path, upper: Path, shifted: int) -> None:
    """Like `shift`, but only for what is in the upper layer of an overlay, and through the overlay."""
    for path in (upper, *upper.rglob("*")):
        seen = root / path.relative_to(upper)
        if os.path.lexists(seen):  # not a whiteout
            _shift_one(str(seen), None, shifted)


def _walk_entries(root: Path) -> Iterator[tuple[str, int]]:
    for at, folders, files, handle in os.fwalk(root, follow_symlinks=False):
        yield from ((name, handle) for name in (*folders, *files, *((".",) if at == str(root) else ())))


def _shift_one(name: str, handle: int | None, shifted: int) -> None:
    found = os.stat(name, dir_fd=handle, follow_symlinks=False)
    uid, gid = (each + shifted if each < IDS else each for each in (found.st_uid, found.st_gid))
    if (uid, gid) == (found.st_uid, found.st_gid):
        return
    kept = _read_attributes(name, handle)
    os.chown(name, uid, gid, dir_fd=handle, follow_symlinks=False)
    if found.st_mode & SPECIAL and not stat.S_ISLNK(found.st_mode):
        os.chmod(name, stat.S_IMODE(found.st_mode), dir_fd=handle)  # chown clears setuid and setgid
    for attribute, value in kept.items():
        changed = shift_capability(value, shifted) if attribute == CAPABILITY else shift_acl(value, shifted)
        os.setxattr(_build_path(name, handle), attribute, changed, follow_symlinks=False)


def _build_path(name: str, handle: int | None) -> str:
    return name if handle is None else f"/proc/self/fd/{handle}/{name}"


def _read_attributes(name: str, handle: int | None) -> dict[str, bytes]:
    """The extended attributes that contain ids, or that chown removes."""
    path = _build_path(name, handle)
    try:
        names = [each for each in os.listxattr(path, follow_symlinks=False) if each in (CAPABILITY, *ACLS)]
        return {each: os.getxattr(path, each, follow_symlinks=False) for each in names}
    except OSError:
        return {}  # the file system does not support them


def shift_acl(value: bytes, shifted: int) -> bytes:
    """A POSIX ACL in the kernel's format, with the ids of named users and groups shifted."""
    entries = ACL_ENTRY.iter_unpack(value[4:])
    changed = (ACL_ENTRY.pack(tag, may, who + shifted if tag in ACL_NAMED else who) for tag, may, who in entries)
    return value[:4] + b"".join(changed)


def shift_capability(capability: bytes, uid: int) -> bytes:
    """File capabilities (struct vfs_cap_data), made valid in user namespaces whose root is `uid` here."""
    (magic,) = struct.unpack_from("<I", capability)
    if magic & CAP_REVISION != CAP_V2:
        return capability
    return struct.pack("<I", magic & ~CAP_REVISION | CAP_V3) + capability[4:20] + struct.pack("<I", uid)
