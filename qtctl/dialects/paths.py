"""Paths as text: which ones are plain enough to become file names, and the names in them."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from qtctl.errors import InputError

MAX_PATH = 4095
"""Bytes of a path: the kernel's PATH_MAX without its NUL."""
MAX_NAME = 255
"""Bytes of one name in a path."""
MAX_DEPTH = 128
"""Names in one path."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def has_control(text: str) -> bool:
    """Whether it has a line break of any kind, or another control character."""
    return _CONTROL.search(text) is not None


def explain_trouble(path: str) -> str:
    """Why a path is not plain, '' if it is. Does not check whether it is absolute."""
    if has_control(path):
        return "holds a line break or another control character"
    names = path.split("/")
    if ".." in names:
        return "goes up with .."
    if len(path) * 4 > MAX_NAME and _is_too_long(path, names):
        return "is longer than file systems allow"
    return ""


def _is_too_long(path: str, names: list[str]) -> bool:
    encoded = len(path.encode("utf-8", "replace"))
    return encoded > MAX_PATH or any(len(name.encode("utf-8", "replace")) > MAX_NAME for name in names)


def names_of(path: str) -> list[str]:
    """The names of a path to a file, without `.` and empty ones. InputError for a path that is not plain."""
    found = list_folders(path)
    if not found:
        raise InputError(f"{path!r} names no file", hint="name a file below the folder")
    return found


def list_folders(path: str) -> list[str]:
    """As `names_of`, but for a folder, which may be the root itself: then there are none."""
    found = [name for name in path.split("/") if name not in ("", ".")]
    what = explain_trouble(path) or (f"has more than {MAX_DEPTH} folders in it" if len(found) > MAX_DEPTH else "")
    if what:
        raise InputError(f"{path[:200]!r} {what}", hint="name a file below the folder, without ..")
    return found


def check_absolute_options(options: Sequence[str]) -> None:
    """InputError for a relative path of a machine where nobody knows the current folder. A `--store` may be a URL.

    `options`: option, path, option, path, …
    """
    for option, path in zip(options[::2], options[1::2], strict=True):
        if not path.startswith("/") and not (option == "--store" and "://" in path):
            raise InputError(f"{option} {path!r} is not an absolute path", hint="give its path on that host")


def resolve_link(path: str, link: str) -> str:
    """The absolute path that a link at `path` with the text `link` leads to."""
    if link.startswith("/"):
        return link
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *PurePosixPath(link).parts):
        if part == "..":
            parts = parts[:-1] if len(parts) > 1 else parts
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts))


def normalize(path: str) -> str:
    """An absolute path without `.`, `..` and empty names; `..` at the root stays at the root."""
    found: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del found[-1:]
        elif name not in ("", "."):
            found.append(name)
    return "/" + "/".join(found)


def is_in(path: str, folder: str) -> bool:
    """Whether an absolute path is the folder, or below it. Neither has `..`."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
