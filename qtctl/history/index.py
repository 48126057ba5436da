"""The index of a folder of snapshots: what it contains, to notice a missing one; and what retention deleted."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from qtctl.errors import InputError, Place
from qtctl.model.snapshot import Entry, Pruned, Snapshot

INDEX_FORMAT = 1
ENDING, SIGNATURE_ENDING, INDEX_NAME = ".qtsnap", ".qtsnap.sig", "index.json"
MOST = 20_000
"""Snapshots of one host."""
_DIGEST = re.compile("[0-9a-f]{64}")
_HINT = "qtctl snapshot verify --rebuild-index makes it again from the snapshots that exist"


def make_file_name(snapshot: Snapshot) -> str:
    """Sorts by number; contains the day and the digest of the content."""
    return _make_name(snapshot.head.number, snapshot.head.taken_at, snapshot.digest)


def _make_name(number: int, taken_at: str, digest: str) -> str:
    taken = taken_at.partition(".")[0].removesuffix("Z").replace("-", "").replace(":", "")
    return f"{number:06d}-{taken}Z-{digest}{ENDING}"


def make_entry(snapshot: Snapshot) -> Entry:
    head = snapshot.head
    return Entry(make_file_name(snapshot), head.number, snapshot.digest, head.previous, head.taken_at)


def write_index(host: str, entries: Iterable[Entry], pruned: Pruned | None) -> bytes:
    """The same bytes for the same snapshots, a line for each, so that git merges and shows it well."""
    lines = [
        json.dumps({name: getattr(each, name) for name in Entry.__slots__}) for each in sorted(entries, key=_get_number)
    ]
    took = json.dumps(None if pruned is None else {"number": pruned.number, "digest": pruned.digest})
    head = f'{{\n  "format": {INDEX_FORMAT},\n  "host": {json.dumps(host)},\n  "pruned": {took},\n  "snapshots": ['
    body = ",".join(f"\n    {line}" for line in lines)
    return f"{head}{body}\n  ]\n}}\n".encode()


def read_index(content: bytes, where: str, host: str) -> tuple[tuple[Entry, ...], Pruned | None]:
    """InputError unless it is, byte for byte, what `write_index` writes for this host."""
    try:
        document = json.loads(content)
        entries = tuple(map(_read_entry, _read_list(document)))
        took = document["pruned"]
        pruned = None if took is None else Pruned(_read_whole(took["number"]), _digest(took["digest"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refuse(where) from error
    if write_index(host, entries, pruned) != content:
        raise _refuse(where)
    return entries, pruned


def _refuse(where: str) -> InputError:
    return InputError("the index is damaged", hint=_HINT, place=Place(where))


def _read_list(document: Mapping[str, Any]) -> list[Any]:
    found = document["snapshots"]
    if document["format"] != INDEX_FORMAT or not isinstance(found, list) or len(found) > MOST:
        raise ValueError
    return found


def _read_entry(said: Mapping[str, Any]) -> Entry:
    previous = _digest(said["previous"]) if said["previous"] else ""
    number, taken, digest = _read_whole(said["number"]), said["taken_at"], _digest(said["digest"])
    if not isinstance(taken, str) or said["file"] != _make_name(number, taken, digest):
        raise ValueError
    return Entry(said["file"], number, digest, previous, taken)


def _read_whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError
    return value


def _get_number(entry: Entry) -> int:
    return entry.number
