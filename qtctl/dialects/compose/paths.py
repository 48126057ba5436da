"""Relative paths in a compose file, resolved against the folder that they start in."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from qtctl.dialects.compose.values import ENTRY, Branch, Path, Table, make_branches
from qtctl.errors import InputError, Place

Value = Any
_ELSEWHERE: Final = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")


def find_folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def join_path(folder: str, path: str, home: str) -> str:
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
    branch = _PATHS(path)
    if branch is None:
        return value
    if branch.rule is not None:
        return branch.rule(value, folder, home)
    if isinstance(value, Table):
        for key, each in value.items():
            value[key] = _walk(each, (*path, key), folder, home)
    elif isinstance(value, list):
        value[:] = [_walk(each, (*path, ENTRY), folder, home) for each in value]
    return value


def _make_absolute(value: Value, folder: str, home: str) -> Value:
    if not isinstance(value, str) or not value or (value.startswith("~") and not home):
        return value
    return value if value.startswith("/") else join_path(folder, value, home)


def _resolve_unix(value: Value, folder: str, home: str) -> Value:
    windows = isinstance(value, str) and (value.startswith("\\\\") or value[1:3] in (":\\", ":/"))
    return value if windows or not isinstance(value, str) else (_make_absolute(value, folder, home) or folder)


def _resolve_context(value: Value, folder: str, home: str) -> Value:
    if not isinstance(value, str) or "://" in value or value.startswith(_ELSEWHERE):
        return value
    return _make_absolute(value, folder, home)


def _resolve_volume(value: Value, folder: str, home: str) -> Value:
    if isinstance(value, Table) and value.get("type") == "bind":
        if not value.get("source"):
            raise InputError("a bind mount without a source", place=value.place or Place(""))
        value["source"] = _resolve_unix(value["source"], folder, home)
    return value


def _resolve_options(value: Value, folder: str, home: str) -> Value:
    options = value.get("driver_opts") if isinstance(value, Table) and value.get("driver") == "local" else None
    if isinstance(options, Table) and options.get("o") == "bind" and "device" in options:
        options["device"] = _resolve_unix(options["device"], folder, home)
    return value


_Resolve: TypeAlias = Callable[[Value, str, str], Value]
_PATHS: Final[Callable[[Path], Branch[_Resolve] | None]] = make_branches(
    {
        "services.*.build.context": _resolve_context,
        "services.*.build.additional_contexts.*": _resolve_context,
        "services.*.build.ssh.*": _resolve_unix,
        "services.*.env_file.*.path": _make_absolute,
        "services.*.label_file.*": _make_absolute,
        "services.*.extends.file": _make_absolute,
        "services.*.develop.watch.*.path": _make_absolute,
        "services.*.volumes.*": _resolve_volume,
        "configs.*.file": _resolve_unix,
        "secrets.*.file": _resolve_unix,
        "volumes.*": _resolve_options,
    }
)
