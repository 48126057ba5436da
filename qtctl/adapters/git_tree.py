"""The files of a registry at an earlier commit, read from git's objects: no filter or hook is run."""

import re
import subprocess
from pathlib import Path

from qtctl.adapters.files import LARGEST, LARGEST_BELOW
from qtctl.adapters.git import SAFELY, make_environment

DEADLINE_S = 10.0
MOST_FILES = 20_000
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_OFFLINE = ("-c", "protocol.allow=never")
"""A partial clone would fetch missing objects."""
_REGULAR = (b"100644", b"100755")


def read_files_at(folder: Path, commit: str) -> dict[str, bytes] | None:
    """TOML and lock files of `folder` by relative path, as in the commit.

    None if git, the commit or the folder in it does not exist, or if it is too large.
    """
    if not _COMMIT.fullmatch(commit):
        return None
    listed = _run(folder, "ls-tree", "-r", "-l", "-z", commit, "--", ".")
    if listed is None:
        return None
    sizes: dict[str, tuple[str, int]] = {}
    for row in listed.split(b"\0"):
        head, _, path = row.partition(b"\t")
        mode, kind, oid, size = (*head.split(), b"", b"", b"", b"")[:4]
        name = path.decode("utf-8", "replace")
        if kind == b"blob" and mode in _REGULAR and _is_of_registry(name) and size.isdigit():
            sizes[name] = oid.decode(), int(size)
    too_large = sum(size for _, size in sizes.values()) > LARGEST or any(s > LARGEST_BELOW for _, s in sizes.values())
    if not sizes or too_large or len(sizes) > MOST_FILES:
        return None
    return _read_blobs(folder, sizes)


def _is_of_registry(name: str) -> bool:
    return not name.startswith("schemas/") and (name.endswith(".toml") or name.startswith("locks/"))


def _read_blobs(folder: Path, sizes: dict[str, tuple[str, int]]) -> dict[str, bytes] | None:
    asked = "".join(f"{oid}\n" for oid, _ in sizes.values()).encode()
    said = _run(folder, "cat-file", "--batch", stdin=asked)
    if said is None:
        return None
    found, at = {}, 0
    for name, (_, size) in sizes.items():
        begin = said.find(b"\n", at) + 1
        found[name] = said[begin : begin + size]
        at = begin + size + 1
    return dict(sorted(found.items())) if at == len(said) else None


def _run(folder: Path, *argv: str, stdin: bytes = b"") -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder.absolute()), *SAFELY, *_OFFLINE, *argv],
            input=stdin, capture_output=True, timeout=DEADLINE_S, env=make_environment(), check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
