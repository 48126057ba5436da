"""Edits of TOML texts that keep their comments and layout, each proved by reading the result again."""

import tomllib
from collections.abc import Callable, MutableMapping
from typing import Any, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from qtctl.errors import InputError

Path = tuple[str, ...]
Node: TypeAlias = MutableMapping[str, Any]


def without(text: str, path: Path) -> str:
    """`text` without the key at `path`. InputError where it has none, or it cannot be taken out cleanly."""
    expected = tomllib.loads(text)
    _parent(expected, path).pop(path[-1])
    return _edited(text, expected, lambda document: _parent(document, path).pop(path[-1]))


def with_item(text: str, path: Path, item: str) -> str:
    """`text` with `item` at the end of the list at `path`, which is made where it is not there."""
    expected = tomllib.loads(text)
    _append(expected, path, item)
    return _edited(text, expected, lambda document: _append(document, path, item))


def _edited(text: str, expected: dict[str, Any], edit: Callable[[Node], object]) -> str:
    try:
        document = tomlkit.parse(text)
        edit(document)
        written = tomlkit.dumps(document)
        read = tomllib.loads(written)
    except (TOMLKitError, tomllib.TOMLDecodeError, LookupError, TypeError, AttributeError) as error:
        raise InputError("this text cannot be edited without writing it anew", hint="change it by hand") from error
    if read != expected:
        raise InputError("this text cannot be edited without writing it anew", hint="change it by hand")
    return written


def _parent(document: Node, path: Path) -> Node:
    for key in path[:-1]:
        document = document[key]
    if path[-1] not in document:
        raise InputError(f"there is no {'.'.join(path)}")
    return document


def _append(document: Node, path: Path, item: str) -> None:
    for key in path[:-1]:
        if key not in document:
            document[key] = {}
        document = document[key]
    if path[-1] in document:
        document[path[-1]].append(item)
    else:
        document[path[-1]] = [item]
