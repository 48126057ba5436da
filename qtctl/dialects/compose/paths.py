"""Relative paths of a compose file, from the folder that they begin in."""

from collections.abc import Callable
from typing import Any, Final

from qtctl.dialects.compose.values import ENTRY, Path, Table, rules
from qtctl.errors import InputError, Place

Value = Any
_ELSEWHERE: Final = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")


def folder_of(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def joined(folder: str, path: str, home: str) -> str:
    """An absolute path, without `.` and `..`; `~` is the home."""
    if path.startswith("~") and home:
        path = f"{home}/{path[1:]}"
    return clean(path if path.startswith("/") else f"{folder}/{path}")


def clean(path: str) -> str:
    found: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del found[-1:]
        elif part not in ("", "."):
            found.append(part)
    return "/" + "/".join(found)


def resolve_paths(model: Table, folder: str, home: str) -> None:
    _walk(model, (), folder, home)


def _walk(value: Value, path: Path, folder: str, home: str) -> Value:
    resolve = _PATHS(path)
    if resolve is not None:
        return resolve(value, folder, home)
    if isinstance(value, Table):
        for key, each in value.items():
            value[key] = _walk(each, (*path, key), folder, home)
    elif isinstance(value, list):
        value[:] = [_walk(each, (*path, ENTRY), folder, home) for each in value]
    return value


def _absolute(value: Value, folder: str, home: str) -> Value:
    if not isinstance(value, str) or not value or (value.startswith("~") and not home):
        return value
    return value if value.startswith("/") else joined(folder, value, home)


def _unix(value: Value, folder: str, home: str) -> Value:
    windows = isinstance(value, str) and (value.startswith("\\\\") or value[1:3] in (":\\", ":/"))
    return value if windows or not isinstance(value, str) else (_absolute(value, folder, home) or folder)


def _context(value: Value, folder: str, home: str) -> Value:
    if not isinstance(value, str) or "://" in value or value.startswith(_ELSEWHERE):
        return value
    return _absolute(value, folder, home)


def _volume(value: Value, folder: str, home: str) -> Value:
    if isinstance(value, Table) and value.get("type") == "bind":
        if not value.get("source"):
            raise InputError("a bind mount without a source", place=value.place or Place(""))
        value["source"] = _unix(value["source"], folder, home)
    return value


def _options(value: Value, folder: str, home: str) -> Value:
    options = value.get("driver_opts") if isinstance(value, Table) and value.get("driver") == "local" else None
    if isinstance(options, Table) and options.get("o") == "bind" and "device" in options:
        options["device"] = _unix(options["device"], folder, home)
    return value


_PATHS: Final[Callable[[Path], Callable[[Value, str, str], Value] | None]] = rules(
    {
        "services.*.build.context": _context,
        "services.*.build.additional_contexts.*": _context,
        "services.*.build.ssh.*": _unix,
        "services.*.env_file.*.path": _absolute,
        "services.*.label_file.*": _absolute,
        "services.*.extends.file": _absolute,
        "services.*.develop.watch.*.path": _absolute,
        "services.*.volumes.*": _volume,
        "configs.*.file": _unix,
        "secrets.*.file": _unix,
        "volumes.*": _options,
    }
)
