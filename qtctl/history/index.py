"""The index of a folder of snapshots: what is there, so that a missing one is noticed; and what retention took."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from qtctl.errors import InputError, Place
from qtctl.model.snapshot import Entry, Pruned, Snapshot

INDEX_FORMAT = 1
ENDING, SIGNATURE_ENDING, INDEX_NAME = ".qtsnap", ".qtsnap.sig", "index.json"
NAME = re.compile(r"[0-9]{6,9}-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{64}\.qtsnap")
MOST = 20_000
"""Snapshots of one host."""
_DIGEST = re.compile("[0-9a-f]{64}")
_HINT = "qtctl snapshot verify --rebuild-index makes it anew from what is there"


def file_name(snapshot: Snapshot) -> str:
    """Sorts by number; says the day, and the digest that its content has."""
    head = snapshot.head
    taken = head.taken_at.partition(".")[0].removesuffix("Z").replace("-", "").replace(":", "")
    return f"{head.number:06d}-{taken}Z-{snapshot.digest}{ENDING}"


def entry_of(snapshot: Snapshot) -> Entry:
    head = snapshot.head
    return Entry(file_name(snapshot), head.number, snapshot.digest, head.previous, head.taken_at)


def write_index(host: str, entries: Iterable[Entry], pruned: Pruned | None) -> bytes:
    """The same bytes for the same snapshots, a line each, so that git merges and shows it well."""
    lines = [
        json.dumps({name: getattr(each, name) for name in Entry.__slots__}) for each in sorted(entries, key=_number)
    ]
    took = json.dumps(None if pruned is None else {"number": pruned.number, "digest": pruned.digest})
    head = f'{{\n  "format": {INDEX_FORMAT},\n  "host": {json.dumps(host)},\n  "pruned": {took},\n  "snapshots": ['
    body = ",".join(f"\n    {line}" for line in lines)
    return f"{head}{body}\n  ]\n}}\n".encode()


def read_index(content: bytes, where: str) -> tuple[tuple[Entry, ...], Pruned | None]:
    """InputError for what `write_index` cannot have written."""
    try:
        document = json.loads(content)
        entries = tuple(map(_entry, _listed(document)))
        took = document["pruned"]
        return entries, None if took is None else Pruned(_whole(took["number"]), _digest(took["digest"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("the index is damaged", hint=_HINT, place=Place(where)) from error


def _listed(document: Mapping[str, Any]) -> list[Any]:
    found = document["snapshots"]
    if document["format"] != INDEX_FORMAT or not isinstance(found, list) or len(found) > MOST:
        raise ValueError
    return found


def _entry(said: Mapping[str, Any]) -> Entry:
    previous = _digest(said["previous"]) if said["previous"] else ""
    file, taken = said["file"], said["taken_at"]
    if not NAME.fullmatch(file) or not isinstance(taken, str):
        raise ValueError
    return Entry(file, _whole(said["number"]), _digest(said["digest"]), previous, taken)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError
    return value


def _number(entry: Entry) -> int:
    return entry.number
