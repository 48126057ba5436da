"""A snapshot as one document: a line with its digest, then two xz streams.

The first stream is what snapshots are compared by, the second what is only shown on request: the evidence and the
registry. The digest is of everything after the first line, and identifies the snapshot.
"""

import hashlib
import json
import lzma
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from qtctl.errors import InputError, Place
from qtctl.model.snapshot import (
    SNAPSHOT_FORMAT,
    Attachments,
    Inventory,
    Row,
    RowKind,
    Rows,
    Scalar,
    Snapshot,
    SnapshotHead,
)

_MAGIC = b"qtctl-snapshot "
_FIRST = re.compile(rb"qtctl-snapshot (?P<format>[0-9]{1,4}) (?P<digest>[0-9a-f]{64})\n")
_SECOND = re.compile(rb"(?P<rows>[0-9]{1,9}) (?P<attachments>[0-9]{1,9})\n")
_DIGEST, _DAY = re.compile("[0-9a-f]{64}"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?Z")
MIB = 1 << 20
LARGEST, LARGEST_ROWS, LARGEST_ATTACHMENTS = 16 * MIB, 16 * MIB, 64 * MIB
"""Bytes of a document, and of its two parts when they are decompressed."""
MOST_ROWS, MOST_FIELDS, LONGEST_TEXT = 100_000, 40, 8192
_MEMORY = 96 * MIB
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0, "dict_size": 4 * MIB}]
"""For text, which is not aligned to four bytes."""
_HINT = "take another one, or fetch this one again from where it was copied"


def pack(head: SnapshotHead, inventory: Inventory, attachments: Attachments) -> tuple[str, bytes]:
    """Its digest, and the document. InputError if it would be too large to read back."""
    rows = _write_json(_make_document(head, inventory))
    more = _write_json({"evidence": dict(attachments.evidence), "registry": dict(attachments.registry)})
    if len(rows) > LARGEST_ROWS or len(more) > LARGEST_ATTACHMENTS:
        what = f"{len(rows)} and {len(more)} bytes, and a snapshot may have {LARGEST_ROWS} and {LARGEST_ATTACHMENTS}"
        raise InputError(what, hint="split the host's registry")
    first, second = (lzma.compress(part, check=lzma.CHECK_CRC32, filters=_FILTERS) for part in (rows, more))
    body = b"%d %d\n%b%b" % (len(first), len(second), first, second)
    digest = hashlib.sha256(body).hexdigest()
    return digest, b"%b%d %b\n%b" % (_MAGIC, SNAPSHOT_FORMAT, digest.encode(), body)


def unpack(content: bytes, where: str) -> Snapshot:
    """The part that snapshots are compared by. InputError, with the place `where`, if any byte was changed."""
    place = Place(where)
    digest, rows, _ = _split(content, place)
    document = _read_json(_decompress(rows, LARGEST_ROWS, place), place)
    try:
        head, inventory = _read_head(document), _read_inventory(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = str(error) if isinstance(error, _Unfit) else "a value in it is missing, or of another type"
        raise _refuse(said, place) from None
    return Snapshot(head, inventory, digest)


def unpack_attachments(content: bytes, where: str) -> Attachments:
    """The evidence and the registry of a snapshot. InputError as `unpack`."""
    place = Place(where)
    _, _, more = _split(content, place)
    document = _read_json(_decompress(more, LARGEST_ATTACHMENTS, place), place)
    evidence, registry = document.get("evidence"), document.get("registry")
    if not isinstance(evidence, dict) or not isinstance(registry, dict):
        raise _refuse("it has no evidence", place)
    return Attachments(evidence, {str(path): str(text) for path, text in registry.items()})


def _split(content: bytes, place: Place) -> tuple[str, bytes, bytes]:
    """Its digest and the two compressed parts, after checking the digest."""
    if len(content) > LARGEST:
        raise _refuse(f"larger than {LARGEST // MIB} MiB", place)
    first = _FIRST.match(content)
    if first is None:
        if content.startswith(_MAGIC):
            raise _refuse("its first line is not what was written", place)
        raise InputError("not a snapshot of qtctl", hint="qtctl snapshot list shows those that there are", place=place)
    body = content[first.end() :]
    if hashlib.sha256(body).hexdigest() != first["digest"].decode():
        raise _refuse("its content does not match its digest", place)
    version = int(first["format"])
    if version != SNAPSHOT_FORMAT or first["format"].startswith(b"0"):
        what = f"a snapshot of format {version}, and this qtctl reads format {SNAPSHOT_FORMAT}"
        raise InputError(what, hint="use the qtctl that took it", place=place)
    second = _SECOND.match(body)
    if second is None:
        raise _refuse("its second line is not what was written", place)
    start, middle = second.end(), second.end() + int(second["rows"])
    if middle + int(second["attachments"]) != len(body):
        raise _refuse("its parts are not as long as they say", place)
    return first["digest"].decode(), body[start:middle], body[middle:]


def _decompress(part: bytes, most: int, place: Place) -> bytes:
    """At most `most` bytes are made, whatever size a part claims to have."""
    reader = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        found = reader.decompress(part, max_length=most + 1)
    except (lzma.LZMAError, MemoryError) as error:
        raise _refuse("a part of it cannot be decompressed", place) from error
    if len(found) > most:
        raise _refuse(f"a part of it is larger than {most // MIB} MiB when it is decompressed", place)
    if not reader.eof or reader.unused_data:
        raise _refuse("a part of it is cut off, or something follows it", place)
    return found


def _read_json(text: bytes, place: Place) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _refuse("a part of it is not JSON", place) from error
    if not isinstance(found, dict):
        raise _refuse("a part of it is not a JSON object", place)
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _write_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def _make_document(head: SnapshotHead, inventory: Inventory) -> dict[str, object]:
    return {
        "head": {
            "fleet": head.fleet, "host": head.host, "address": head.address, "taken_at": head.taken_at,
            "number": head.number, "previous": head.previous, "signed": head.signed, "by": head.by,
            "qtctl_version": head.qtctl_version, "registry": head.registry, "commit": head.commit,
            "checks": dict(head.checks), "moved": {name: list(to) for name, to in head.moved.items()},
        },
        "covers": sorted(inventory.covers),
        "partial": sorted(inventory.partial),
        "rows": {kind: {name: dict(row) for name, row in rows.items()} for kind, rows in inventory.rows.items()},
    }  # fmt: skip


class _Unfit(ValueError):
    """What is wrong with a document, in words."""


def _read_head(document: Mapping[str, Any]) -> SnapshotHead:
    said = document["head"]
    texts = {name: _read_string(said[name]) for name in _TEXTS}
    if not _DAY.fullmatch(texts["taken_at"]):
        raise _Unfit("its time is not valid")
    if texts["previous"] and not _DIGEST.fullmatch(texts["previous"]):
        raise _Unfit("the digest of the one before is not valid")
    number, signed = said["number"], said["signed"]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number < 10**9:
        raise _Unfit("its number is not valid")
    if not isinstance(signed, bool) or (number == 1) != (not texts["previous"]):
        raise _Unfit("it names a snapshot before the first, or none")
    checks = {_read_string(name): _count(count) for name, count in said["checks"].items()}
    moved = {_read_string(name): tuple(map(_read_string, to)) for name, to in said["moved"].items()}
    return SnapshotHead(**texts, number=number, signed=signed, checks=checks, moved=moved)


_TEXTS = ("fleet", "host", "address", "taken_at", "previous", "by", "qtctl_version", "registry", "commit")


def _read_inventory(document: Mapping[str, Any]) -> Inventory:
    said = document["rows"]
    if sum(map(len, said.values())) > MOST_ROWS:
        raise _Unfit(f"more than {MOST_ROWS} rows")
    rows = {RowKind(kind): _read_rows(each) for kind, each in said.items()}
    covers = frozenset(map(RowKind, document["covers"]))
    return Inventory(rows, covers, frozenset(map(RowKind, document["partial"])))


def _read_rows(said: Mapping[str, Any]) -> Rows:
    return {_read_string(name): _read_row(row) for name, row in said.items()}


def _read_row(said: Mapping[str, Any]) -> Row:
    if len(said) > MOST_FIELDS:
        raise _Unfit(f"a row of more than {MOST_FIELDS} values")
    for value in said.values():
        _read_scalar(value)
    return dict(said)


def _read_scalar(value: object) -> Scalar:
    if isinstance(value, str):
        return _read_string(value)
    if value is None or isinstance(value, int):
        return value
    raise _Unfit("a value in it is of another type")


def _read_string(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _Unfit(f"it has a text that is invalid, or longer than {LONGEST_TEXT} characters")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Unfit("it has an invalid count")
    return value


def _refuse(what: str, place: Place) -> InputError:
    return InputError(f"this snapshot is damaged: {what}", hint=_HINT, place=place)
