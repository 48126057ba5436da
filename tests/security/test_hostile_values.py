"""Values that no host can have: each costs the item that it is in, with a reason, and no other."""

import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.collect import commands
from qtctl.collect.document import MOST_VALUES, dump, load
from qtctl.collect.ledger import Ledger
from qtctl.collect.look import Deadline, Observation
from qtctl.errors import InputError
from qtctl.interfaces.host import Completed
from qtctl.model.account_facts import Account
from qtctl.model.code_facts import VenvCheck
from qtctl.model.evidence import Need, State
from qtctl.model.facts import File, HostBaseline, Listeners, Unit
from qtctl.model.plausible import find_problem, parse_whole
from qtctl.model.store_facts import Stream
from qtctl.probes import accounts, baseline, files, listeners, stores, unit_folders
from qtctl.probes.answer import answer_observed
from qtctl.probes.batch import Frame, Probe, make_command, split_frames
from tests.builders.evidence import observe
from tests.collect.small import store
from tests.collect.test_document import GOOD
from tests.probes.host import frame
from tests.probes.test_baseline import SAID
from tests.security.measure import MOST_MEMORY, measured

ROOT = Path(__file__).parents[2]
MARKER = "0123456789abcdef0123"
ODD_NUMBERS = ("", "-1", "+1", "1_0", "1e3", "٣", "²", "0x1", " 1", "9" * 30, "9" * 5000, "nan", "inf")


@pytest.mark.parametrize("text", ODD_NUMBERS)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number from 0 to") as caught:
        parse_whole(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("uptime", ("inf 1", "nan 1", "-1 1", "1e999 1", "1_0 1", "٣ 1", "", "9" * 400)),
        ("load", ("nan 0 0", "0 inf 0", "0 0 -1", "1e400 0 0", "x")),
        ("cpus", ("0-99999999999999", "9" * 5000, "-", "٣", "5-0", "0-,")),
        ("MemTotal:", tuple(text for text in ODD_NUMBERS if text != " 1")),
        ("disk", ("1", "1 2 3", "-1 1", f"{'9' * 5000} 1")),
        ("PRETTY_NAME", ('"never ends',)),
        ("hostname", ("h" * 5000,)),
    ],
)
def test_what_no_kernel_says_of_itself(key: str, values: tuple[str, ...]) -> None:
    for value in values:
        lines = {**SAID, key: value}
        said = "\n".join(f"{name}{' ' if name == 'systemd' else '='}{text}" for name, text in lines.items())
        (answer,) = baseline.probe().parse([frame(said.encode())])
        assert answer.state is State.UNPARSEABLE, value
        assert answer.reason
        assert len(answer.reason) < 400


@pytest.mark.parametrize(
    "local",
    ["999.0.0.1:80", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:", "x:80", "[::1]:٣", "127.0.0.1%a%b:80", ":80"],
)
def test_a_socket_that_cannot_be(local: str) -> None:
    tcp, udp = Need("listeners", "tcp"), Need("listeners", "udp")
    for answer in listeners.probe([tcp, udp]).parse([frame(f"tcp LISTEN 0 5 {local} 0.0.0.0:* cgroup:/a\n".encode())]):
        assert answer.state is State.UNPARSEABLE
        assert answer.reason
        assert "\n" not in answer.reason


ROW = (b"f", b"644", b"r", b"r", b"1", b"1.0", b"")
"""Kind, mode, owner, group, size, time and target."""


@pytest.mark.parametrize(
    ("at", "text"),
    [(4, "²".encode()), (4, b"9" * 5000), (4, b"-1"), (5, b"9" * 5000), (5, b"1.2.3"), (1, b"99"), (2, b"r" * 9000)],
)
def test_a_file_that_cannot_be(at: int, text: bytes) -> None:
    """The other file is still read."""
    out = b"\0".join(
        [b"/a", *ROW[:at], text, *ROW[at + 1 :], b"/b", b"f", b"644", b"root", b"root", b"3", b"1.5", b"", b""]
    )
    probe = files.probe([Need("file", "/a"), Need("file", "/b")])
    bad, good = probe.parse([frame(out), frame(), frame()])
    assert (bad.state, good.state) == (State.UNPARSEABLE, State.OBSERVED)


@pytest.mark.parametrize("uid", ODD_NUMBERS)
def test_an_account_that_cannot_be(uid: str) -> None:
    (answer,) = accounts.probe([Need("account", "a")], []).parse([frame(f"a:x:{uid}:1::/:/bin/sh\n".encode())])
    assert answer.state is State.UNPARSEABLE


def reply_of(value: object) -> Any:
    return stores.probe([Need("stream", "k", "main")], store(1)).parse([_Reply(value)])[0]


class _Reply:
    error = ""

    def __init__(self, value: object) -> None:
        self.value = value


@pytest.mark.parametrize("last", ["²-0", "1", "1-2-3", "-1-0", "9" * 5000 + "-0", f"{2**64}-0", 5, None, ["1-0"]])
def test_an_id_that_cannot_be(last: object) -> None:
    assert reply_of(["length", 1, "last-generated-id", last, "groups", 0]).state is State.UNPARSEABLE


@pytest.mark.parametrize("length", [-1, 2**70, "²", "9" * 5000, None, ["x"], True])
def test_a_length_that_cannot_be(length: object) -> None:
    assert reply_of(["length", length, "last-generated-id", "1-0", "groups", 0]).state is State.UNPARSEABLE


@pytest.mark.parametrize("value", [[["a"], 1], [{"x": 1}, 2], [None, None], "x", 5, [1]])
def test_names_that_are_none(value: object) -> None:
    assert reply_of(value).state is State.UNPARSEABLE


# Frames


@pytest.mark.parametrize(
    "line",
    [
        "0 0 1.2.3",
        "0 0 .",
        "0 0 " + "9" * 400,
        "0 " + "9" * 5000 + " 1",
        "0 0 nan",
        "0 -1 1",
        "9" * 5000 + " 0 1",
        "0 0",
    ],
)
def test_a_frame_that_cannot_be_is_none(line: str) -> None:
    out = f"\n{MARKER} begin 0 1.00\nhere\n{MARKER} {line}\n".encode()
    assert split_frames(1, MARKER, out, out) == [None]


def test_frames_twice_and_backwards() -> None:
    def stream(*lines: str) -> bytes:
        return "".join(f"{line[0]}\n{MARKER} {line[1:]}\n" for line in lines).encode()

    out = stream("\nbegin 0 500.00".replace("\n", "x"), "a0 0 400.00", "b0 0 900.00", "c1 7 300.00")
    first, second = split_frames(2, MARKER, out, out)
    assert first is not None
    assert second is not None
    assert (first.stdout, first.after_s, first.took_s) == (b"a", 0, 0)
    assert (second.stdout, second.exit, second.took_s) == (b"c", 7, 0)


class _Ended:
    def __init__(self, done: Completed) -> None:
        self._done = done

    def finish(self, deadline_s: float, *, keep: bool = False) -> Completed:  # noqa: ARG002
        return self._done


class _Clock:
    def monotonic(self) -> float:
        return 0.0


class _Host:
    user = "u"


def noted(stdout: bytes, *families: tuple[Probe, tuple[Need, ...]]) -> Ledger:
    ledger, clock = Ledger("web1"), _Clock()
    asked = commands.Asked(families, _Ended(Completed(0, stdout, stdout, 1e9, 1.0)), MARKER, commands.REACH, root=False)
    look = Observation(_Host(), None, ledger, clock, Deadline(clock, 9))  # type: ignore[arg-type]
    commands.finish(look, asked)
    return ledger


def test_a_family_that_meets_what_it_was_not_made_for() -> None:
    need, other = Need("key", "a"), Need("key", "b")

    def breaks(_: object) -> list[Any]:
        raise OverflowError("int too large")

    fine = Probe((make_command(["true"]),), lambda _: [answer_observed(other, File("file", "0644", "r", "r", 1, 1))])
    out = f"\n{MARKER} begin 0 1.0\n\n{MARKER} 0 0 1.0\n\n{MARKER} 1 0 1.0\n".encode()
    ledger = noted(out, (Probe((make_command(["true"]),), breaks), (need,)), (fine, (other,)))
    states = {item.subject: (item.state, item.reason) for item in ledger.items}
    assert states["a"][0] is State.UNPARSEABLE
    assert "int too large" in (states["a"][1] or "")
    assert states["b"][0] is State.OBSERVED


def test_too_much_from_all_commands() -> None:
    need = Need("key", "a")
    out = f"\n{MARKER} begin 0 1.0\n".encode() + b"\n" * (commands.MOST_OUTPUT + 1) + f"\n{MARKER} 0 0 1.0\n".encode()
    ledger = noted(out, (Probe((make_command(["true"]),), lambda _: []), (need,)))
    (item,) = [item for item in ledger.items if item.subject == "a"]
    assert item.state is State.REFUSED


# Archives


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as made:
        for member, content in members:
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


def member(name: str, size: int = 0, **more: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in more.items():
        setattr(info, key, value)
    return info


GOOD_FILE = (member("etc/systemd/system/good.service", 3), b"[U]")


def sparse(real: int) -> bytes:
    """A file of `real` bytes that are all holes, as GNU tar -S writes it."""
    raw = bytearray(member("etc/systemd/system/big.service").tobuf(tarfile.GNU_FORMAT))
    raw[156:157] = b"S"
    raw[386:482] = bytes(96)
    raw[483:495] = b"\x80" + real.to_bytes(11, "big")
    raw[148:156] = b"        "
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    return bytes(raw)


def read(raw: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    found, reasons = unit_folders.read(frame(raw))
    return {each.path.rpartition("/")[2]: each for each in found}, reasons


def test_a_sparse_file_is_not_filled_with_zeros() -> None:
    found, _ = read(sparse(30 * 2**30) + archive(GOOD_FILE))
    assert (found["big.service"].content, found["big.service"].problem) == (b"", "larger than 4 MiB")
    assert found["good.service"].content == b"[U]"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(archive((member("a", linkname="a", type=tarfile.LNKTYPE), b"")), id="its own hard link"),
        pytest.param(archive((member("a", linkname="nowhere", type=tarfile.LNKTYPE), b"")), id="a link to nothing"),
        pytest.param(archive((member("a\udcff\x1b[2J", 1), b"x")), id="a name of bytes"),
        pytest.param(member("a", 10**11).tobuf(tarfile.GNU_FORMAT) + bytes(1024), id="longer than the archive"),
        pytest.param(member("a").tobuf(tarfile.GNU_FORMAT).replace(b"ustar", b"us\xfftar"[:5]), id="a bad sum"),
        pytest.param(b"x" * 4000, id="no archive"),
        pytest.param(
            archive(*[(member("L" * 300, 1, type=tarfile.GNUTYPE_LONGNAME), b"x")] * 3000), id="names of names"
        ),
        pytest.param(archive(*[(member(f"f{n}"), b"") for n in range(unit_folders.MOST_FILES + 1)]), id="many"),
    ],
)
def test_an_archive_that_tar_does_not_write(raw: bytes) -> None:
    found, reasons = read(raw)
    for each in found.values():
        each.path.encode()
        assert len(each.content) < 100
    assert all("\n" not in reason for reason in reasons)


@pytest.mark.parametrize("size", [-1, -512, -(2**40)])
def test_a_member_that_lies_before_itself(size: int) -> None:
    raw = bytearray(member("etc/systemd/system/a.service").tobuf(tarfile.GNU_FORMAT))
    raw[124:136] = (size + (1 << 96)).to_bytes(12, "big")
    raw[148:156] = b"        "
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    read(bytes(raw) + archive(GOOD_FILE))


# Evidence from a file


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Listeners([["999.0.0.1", "80", "", ""]]), "'999.0.0.1' is not an address"),
        (Listeners([["*", "99999", "", ""]]), "'99999' is not a port"),
        (Listeners([["*", "٣", "", ""]]), "is not a port"),
        (Listeners([["*", "80"]]), "4 texts"),
        (File("file", "zzzz", "r", "r", 1, 1), "mode 'zzzz'"),
        (File("file", "0644", "r", "r", -1, 1), "size -1"),
        (File("thing", "0644", "r", "r", 1, 1), "kind 'thing'"),
        (File("file", "0644", "r", "r", 1, 2**80), "mtime"),
        (replace(HostBaseline("h", "o", "k", 1, [0.0], 1, 1, 1, 1, 1, "s", "t", "b"), load=[-1.0]), "load -1.0"),
        (Stream(1, "x", 1, 0), "last_id 'x'"),
        (Stream(1, "5-0", 7, 0), "last_ms"),
        (VenvCheck("p", "", 2**40, ""), "exit"),
        (Account("a", 2**40, 1, "/", "/"), "uid"),
        (Unit("loaded", "active", "running", "enabled", n_restarts=-1), "n_restarts -1"),
    ],
)
def test_evidence_that_no_host_gave(value: Any, words: str) -> None:
    assert words in find_problem(value)
    item = observe("x", value)
    with pytest.raises(InputError, match=r"saved\.json:[0-9]+: items\.0") as caught:
        load(dump(replace(GOOD, items=(item,))), "saved.json")
    assert words in str(caught.value)


def document(**members: str) -> str:
    rows = {"schema_version": "1", **dict.fromkeys(("qtctl_version", "host", "address", "transport", "user"), '"x"')}
    rows |= {"taken_at": '"2026-01-17T07:25:01.318Z"', "asks": "[]", "items": "[]", **members}
    return "{" + ",".join(f'"{key}":{value}' for key, value in rows.items()) + "}"


ROWS = '[{"fact":"listeners","subject":"s","state":"observed","reason":null,"ask":0,"value":{"rows":[ROWS]}}]'
NESTED = '{"fact":"key","subject":"s","state":"observed","value":{"type":' + "[" * 150 + "]" * 150 + "}}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="nested"),
        pytest.param(document(items="[" + "[]," * 4_000_000 + "[]]"), id="a million values"),
        pytest.param(document(host='"' + "x" * 17_000_000 + '"'), id="a long text"),
        pytest.param(document(items="[" + ",".join([NESTED] * 3000) + "]"), id="nested values"),
        pytest.param(document(items=ROWS.replace("ROWS", "[1]," * 700_000 + "[1]")), id="a million values in one item"),
        pytest.param(document(items=ROWS.replace("ROWS", "[1]," * 1000 + "[1]")), id="wrong parts of one item"),
        pytest.param(document(asks="[1e999999]"), id="a large number"),
        pytest.param(document(asks="[" + "9" * 5000 + "]"), id="a long number"),
        pytest.param('{"a":' * 5000, id="objects in objects"),
    ],
)
def test_evidence_that_would_fill_memory(text: str) -> None:
    with pytest.raises(InputError, match=r"^saved\.json"):
        load(text, "saved.json")


HOSTILE_FILES = {
    "ten gigabytes": (b"", "larger than 32 MiB"),
    "wrong items": (document(items="[" + "{}," * 600_000 + "{}]").encode(), "items.0.fact is missing"),
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_file_of_evidence(name: str, tmp_path: Path) -> None:
    content, words = HOSTILE_FILES[name]
    path = tmp_path / "evidence.json"
    with path.open("wb") as file:
        file.write(content)
        if not content:
            file.truncate(10 * 2**30)
    ran = measured(["audit", "--registry", "registry", "--from", str(path)], tmp_path / "ran", ROOT, dict(os.environ))
    assert ran.code == 2, ran.err
    assert len(ran.err.splitlines()) == 1
    assert words in ran.err
    assert ran.memory < MOST_MEMORY


def test_good_evidence_is_far_below_the_bounds() -> None:
    text = (Path(__file__).parents[2] / "qtctl/data/recorded/evidence.json").read_text()
    assert sum(map(text.count, "[{,:")) * 20 < MOST_VALUES
    assert json.loads(text)["items"]


def test_frames_are_what_they_were() -> None:
    """Frames of an honest shell: the refused texts are not what /proc/uptime and `$?` print."""
    out = f"\n{MARKER} begin 0 12345.67\nx\n{MARKER} 0 255 12345.68\n".encode()
    assert split_frames(1, MARKER, out, out) == [Frame(255, b"x", b"x", 0.0, 0.01)]
