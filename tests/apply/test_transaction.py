"""What a host says of its transactions and generations, read as data: whatever it sends, it ends in an answer."""

import base64
import contextlib
import io
import tarfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.apply.generation import Generation, make_stage_request
from qtctl.apply.generations import parse_archive, parse_list
from qtctl.apply.transaction import read_progress
from qtctl.errors import HostError
from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.generation import DamagedGeneration, pack_desired, unpack_desired
from qtctl.model.plan import Plan
from qtctl.model.transaction import Mark, TransactionEnd, TransactionState
from tests.builders.planned import ORIGIN, desired, service, target

JOURNAL = b"""\
1.0\tstate\tarmed
1.5\tstep\t0\tbegun
2.25\tstep\t0\tdone
2.5\tstep\t1\tbegun
3.0\tstep\t1\tfailed\tno such program; see its journal
4.0\twhy\ta step failed
4.0\twhy\ta step failed
5.0\tleft\t/etc/quantum/a.env
5.0\tkept\t0\t/var/lib/qtctl/objects/0
6.0\tworse\t a.service b.service
7.0\tstep\t2\tbe"""


def test_what_a_generation_changed_is_read() -> None:
    said = (
        b"qtctl generation 3 confirmed current\n at 1700000000\n by root@vm\n"
        b" step write\t/etc/systemd/system/a.service\n step start\ta\x1b[1m.service\n"
    )
    (found,) = parse_list(said)
    assert (found.number, found.at, found.note("by")) == (3, 1700000000, "root@vm")
    assert found.steps[0] == ("write", "/etc/systemd/system/a.service")
    assert found.steps[1][0] == "start"
    assert "\x1b" not in found.steps[1][1]


def test_a_journal_is_read_up_to_its_last_whole_line() -> None:
    found = read_progress("none", "restored", JOURNAL)
    assert (found.state, found.end) == (TransactionState.NONE, TransactionEnd.RESTORED)
    assert found.marks == {0: Mark("done", "", 0.75), 1: Mark("failed", "no such program; see its journal", 0.5)}
    assert (found.why, found.left, found.worse) == (
        ("a step failed",), ("/etc/quantum/a.env",), ("a.service", "b.service"),
    )  # fmt: skip
    assert found.kept == {0: "/var/lib/qtctl/objects/0"}


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(HostError):
        read_progress("dancing", "-", b"")


@given(st.binary(max_size=200))
def test_any_journal_is_read(journal: bytes) -> None:
    read_progress("gating", "-", journal)


@given(st.binary(max_size=200))
def test_any_list_is_read(said: bytes) -> None:
    parse_list(said)
    parse_list(b"qtctl generation 1 confirmed current\n " + said)


@given(st.binary(max_size=300))
def test_any_archive_is_read_or_refused(said: bytes) -> None:
    for each in (said, base64.b64encode(said)):
        with pytest.raises(DamagedGeneration):
            parse_archive(each, 1)


def test_what_must_be_there_comes_back_whole() -> None:
    wanted = desired(service("a"), target())
    bare = unpack_desired(pack_desired(wanted))
    assert [file.path for file in bare.files] == [file.path for file in wanted.files]
    contents = {f"objects/{file.sha256}": file.content for file in wanted.files}
    said = _archive({"gen/7/desired.json.gz": pack_desired(wanted), **contents})
    assert parse_archive(said, 7) == wanted
    with pytest.raises(DamagedGeneration, match="it is not on the host"):
        parse_archive(said, 8)


@given(st.binary(max_size=300))
def test_any_declaration_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(DamagedGeneration):
        unpack_desired(content)
        pytest.fail("it was read")


def _archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return base64.encodebytes(stream.getvalue())


def test_what_is_not_written_because_its_original_is_in_place_is_sent_along() -> None:
    """The host has other bytes there, so it could not keep the content of the generation by itself."""
    wanted = desired(service("a"), service("b"), target())
    path = "/etc/systemd/system/quantum-a.service"
    drop_in = "/etc/systemd/system/quantum-b.service"
    original = DesiredOriginal(path, "0" * 64, ((path, "sha256:1"), (drop_in, "sha256:2")), (), "", ORIGIN)
    generation = Generation(Plan("h1", (), ()), replace(wanted, originals=(original,)), (), {})
    sent = make_stage_request(generation, limit_s=1, holder="me").data
    with tarfile.open(fileobj=io.BytesIO(sent)) as archive:
        contents = {(archive.extractfile(each) or io.BytesIO()).read() for each in archive if "content/" in each.name}
    assert contents == {file.content for file in wanted.files if file.path in (path, drop_in)}
