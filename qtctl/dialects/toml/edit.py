"""Edits of TOML texts that keep comments and layout. Each is verified by reading the result again."""

import tomllib
from collections.abc import Callable, MutableMapping
from difflib import SequenceMatcher
from typing import Any, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from qtctl.errors import InputError

Path = tuple[str, ...]
Node: TypeAlias = MutableMapping[str, Any]


def remove_key(text: str, path: Path) -> str:
    """`text` without the key at `path`. InputError if there is no such key, or it cannot be removed cleanly."""
    expected = tomllib.loads(text)
    _find_parent(expected, path).pop(path[-1])
    return _edit(text, expected, lambda document: _find_parent(document, path).pop(path[-1]))


def add_item(text: str, path: Path, item: str) -> str:
    """`text` with `item` appended to the list at `path`, which is created if it does not exist."""
    expected = tomllib.loads(text)
    _append(expected, path, item)
    return _edit(text, expected, lambda document: _append(document, path, item))


def _edit(text: str, expected: dict[str, Any], edit: Callable[[Node], object]) -> str:
    try:
        document = tomlkit.parse(text)
        edit(document)
        written = tomlkit.dumps(document)
        read = tomllib.loads(written)
    except (TOMLKitError, tomllib.TOMLDecodeError, LookupError, TypeError, AttributeError) as error:
        raise InputError("this text cannot be edited without rewriting it", hint="change it by hand") from error
    if read != expected:
        raise InputError("this text cannot be edited without rewriting it", hint="change it by hand")
    return written


def _find_parent(document: Node, path: Path) -> Node:
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


def set_value(text: str, path: Path, value: object) -> str:
    """`text` with `value` at `path`. Of an existing list only the items that differ are touched."""
    expected = tomllib.loads(text)
    _put(expected, path, value)
    return _edit(text, expected, lambda document: _put_kept(document, path, value))


def _put(document: Node, path: Path, value: object) -> None:
    for key in path[:-1]:
        document = document.setdefault(key, {})
    document[path[-1]] = value


def _put_kept(document: Node, path: Path, value: object) -> None:
    for key in path[:-1]:
        if key not in document:
            document[key] = {}
        document = document[key]
    there = document.get(path[-1])
    if isinstance(there, list) and isinstance(value, list):
        _replace_items(there, value)
    else:
        document[path[-1]] = value


def _replace_items(there: list[Any], value: list[Any]) -> None:
    """From the end, so that earlier positions stay valid."""
    before = [repr(each.unwrap() if hasattr(each, "unwrap") else each) for each in there]
    after = [repr(each) for each in value]
    for tag, start, end, first, last in reversed(SequenceMatcher(None, before, after, autojunk=False).get_opcodes()):
        if tag == "equal":
            continue
        for at in reversed(range(start, end)):
            del there[at]
        for offset, item in enumerate(value[first:last]):
            there.insert(start + offset, item)
