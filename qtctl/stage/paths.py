"""Paths of a host as names of files in a staged root."""

from qtctl.dialects.paths import explain_trouble, normalize
from qtctl.errors import InputError


def normalise_path(path: str) -> str:
    """`path` without `..`, `.` and empty names. InputError if it cannot be the name of a file.

    A registry has no `..` in such a path. An instance can: `%I` stands for any name.
    """
    plain = normalize(path)
    if what := explain_trouble(plain):
        raise InputError(f"{path[:200]!r} {what}", hint="no file can have this name")
    return plain
