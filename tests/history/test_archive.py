"""A snapshot as a document: nothing of it can be changed unseen, and nothing that it says makes reading it costly."""

import hashlib
import json
import lzma
import resource
import time
from typing import Any

import pytest

from qtctl.errors import InputError
from qtctl.history.archive import LARGEST, LARGEST_ROWS, pack, unpack, unpack_attachments
from qtctl.model.snapshot import Attachments, Inventory, RowKind
from tests.history.year import EMPTY, document, head, year

SMALL = document()
DEEP = b"[" * 200_000 + b"]" * 200_000


def sealed(rows: bytes, more: bytes, form: int = 1) -> bytes:
    """A document with a right digest of whatever is in it."""
    body = b"%d %d\n%b%b" % (len(rows), len(more), rows, more)
    return b"qtctl-snapshot %d %b\n%b" % (form, hashlib.sha256(body).hexdigest().encode(), body)


def of_json(document: Any) -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return sealed(lzma.compress(text), lzma.compress(b'{"evidence":{},"registry":{}}'))


def plain(**changes: Any) -> dict[str, Any]:
    """What a document says, with something else in its head or rows."""
    said: dict[str, Any] = {
        "head": {
            "fleet": "f", "host": "h", "address": "a", "taken_at": "2026-01-01T00:00:00Z", "number": 1, "previous": "",
            "signed": False, "by": "b", "qtctl_version": "0", "registry": "r", "commit": "", "checks": {}, "moved": {},
        },
        "covers": ["service"], "partial": [], "rows": {"service": {"a": {"state": "running"}}},
    }  # fmt: skip
    return {**said, "head": {**said["head"], **changes.pop("head", {})}, **changes}


def test_it_is_read_back_as_it_was_written() -> None:
    inventory = Inventory({RowKind.SERVICE: {"a": {"n": 1, "b": True, "none": None, "ü": "→"}}}, frozenset(RowKind))
    digest, content = pack(head(moved={"x": ("a",)}), inventory, Attachments({"e": [1]}, {"a.toml": "b"}))
    found = unpack(content, "f")
    assert (found.head, found.inventory, found.digest) == (head(moved={"x": ("a",)}), inventory, digest)
    assert unpack_attachments(content, "f") == Attachments({"e": [1]}, {"a.toml": "b"})
    assert pack(found.head, found.inventory, Attachments({"e": [1]}, {"a.toml": "b"})) == (digest, content)


def test_a_flipped_byte_is_found_wherever_it_is() -> None:
    """Every bit of every byte of a small one."""
    for at in range(len(SMALL)):
        for bit in range(8):
            flipped = bytearray(SMALL)
            flipped[at] ^= 1 << bit
            with pytest.raises(InputError):
                unpack(bytes(flipped), "f")


def test_a_document_that_is_cut_or_longer_is_found() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(InputError):
            unpack(SMALL[:length], "f")
    with pytest.raises(InputError, match="damaged"):
        unpack(SMALL + b"\n", "f")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a snapshot of qtctl"),
        (b"\x00" * 4096, "not a snapshot of qtctl"),
        (b"qtctl-snapshot x\n", "its first line"),
        (b"qtctl-snapshot 1 " + b"0" * 64 + b"\n" + b"x", "does not match its digest"),
        (sealed(b"", b""), "cut off"),
        (sealed(b"this is no xz at all", lzma.compress(b"{}")), "cannot be decompressed"),
        (sealed(lzma.compress(b"{}")[:-4], b""), "cut off"),
        (sealed(lzma.compress(b"{}") + b"more", b""), "cut off, or something follows"),
        (sealed(lzma.compress(b"{}") * 2, b""), "cut off, or something follows"),
        (sealed(lzma.compress(b"{}", format=lzma.FORMAT_ALONE), b""), "cannot be decompressed"),
        (sealed(lzma.compress(b"{}"), b"", form=2), "a snapshot of format 2, and this qtctl reads format 1"),
        (of_json(b"no json"), "not JSON"),
        (of_json(b"[]"), "not a JSON object"),
        (of_json(DEEP), "not JSON"),
        (of_json(b'{"head": NaN}'), "not JSON"),
        (of_json(b'{"head": ' + b"9" * 5000 + b"}"), "not JSON"),
        (of_json({}), "missing, or of another type"),
        (of_json(plain(head={"number": 0})), "its number is not valid"),
        (of_json(plain(head={"number": True})), "its number is not valid"),
        (of_json(plain(head={"number": 2})), "names a snapshot before the first, or none"),
        (of_json(plain(head={"previous": "0" * 64})), "names a snapshot before the first, or none"),
        (of_json(plain(head={"number": 2, "previous": "../x"})), "the one before is not valid"),
        (of_json(plain(head={"taken_at": "yesterday"})), "its time is not valid"),
        (of_json(plain(head={"host": "x" * 9000})), "longer than 8192 characters"),
        (of_json(plain(head={"checks": {"holds": -1}})), "an invalid count"),
        (of_json(plain(head={"moved": {"a": [1]}})), "a text that is invalid"),
        (of_json(plain(covers=["weather"])), "missing, or of another type|not a valid"),
        (of_json(plain(rows={"service": {"a": {"x": 1.5}}})), "a value in it is of another type"),
        (of_json(plain(rows={"service": {"a": {"x": [1]}}})), "a value in it is of another type"),
        (of_json(plain(rows={"service": {"a": {str(n): n for n in range(50)}}})), "more than 40 values"),
        (of_json(plain(rows={"service": {str(n): {} for n in range(100_001)}})), "more than 100000 rows"),
        (of_json(plain(rows=[])), "missing, or of another type"),
        (of_json(plain(rows={"service": {"a": "text"}})), "missing, or of another type"),
    ],
)  # fmt: skip
def test_what_no_snapshot_holds_is_refused_in_one_line(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        unpack(content, "some.qtsnap")
    assert str(caught.value).startswith("some.qtsnap: ")
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_bomb_is_read_as_far_as_its_bound() -> None:
    bomb = lzma.compress(b" " * (LARGEST_ROWS * 3), preset=0)
    content = sealed(bomb, b"")
    assert len(content) < 200_000
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(InputError, match="larger than 16 MiB when it is decompressed"):
        unpack(content, "f")
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120_000, "kilobytes"


def test_a_part_that_wants_much_memory_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 << 20}]
    try:
        greedy = lzma.compress(b"{}", filters=filters)
    except MemoryError:
        pytest.skip("this machine cannot make one")
    with pytest.raises(InputError, match="cannot be decompressed"):
        unpack(sealed(greedy, b""), "f")


def test_a_document_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InputError, match="larger than 16 MiB"):
        unpack(SMALL + b"\0" * LARGEST, "f")


def test_one_that_could_not_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.history.archive.LARGEST_ATTACHMENTS", 1000)
    with pytest.raises(InputError, match="and a snapshot may have"):
        pack(head(), EMPTY, Attachments({}, {"a": "x" * 1000}))


def test_documents_of_a_year_are_small() -> None:
    assert max(map(len, year())) < 2500
