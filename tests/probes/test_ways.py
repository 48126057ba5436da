"""Ways to real files, as root and as nobody, and what else is found out with them."""

import os
import shutil
import struct
from pathlib import Path

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.way_facts import PathWay, UnitWriters, UserIds
from qtctl.probes.answer import Answer
from qtctl.probes.ways import probe
from tests.probes.host import NOBODY, ask, frame

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to take rights away from an ordinary user")

NOBODY_ELSE = 0xFFFFFFFF
"""The id of an entry that names nobody."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder that an ordinary user may enter."""
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o011)
    return tmp_path


def ways(base: Path, *names: str) -> dict[str, Answer]:
    answers = ask(probe([Need("way", f"{base}/{name}") for name in names]), NOBODY)
    return {answer.need.subject.removeprefix(f"{base}/"): answer for answer in answers}


def value(answer: Answer) -> PathWay:
    assert isinstance(answer.value, PathWay), answer
    return answer.value


def test_links_missing_files_and_what_may_not_be_seen(base: Path) -> None:
    (base / "a b=c").mkdir()
    (base / "a b=c/file").write_text("x" * 7)
    (base / "link").symlink_to("a b=c/file")
    (base / "dangling").symlink_to("gone/file")
    (base / "loop").symlink_to("loop")
    (base / "shut/inner").mkdir(parents=True)
    (base / "shut").chmod(0o700)
    os.utime(base / "a b=c/file", (1, 1_700_000_000))
    names = ("link", "a b=c/file", "dangling", "loop", "missing/deep", "shut/inner", "shut/none", "a b=c/file/below")
    found = ways(base, *names)
    assert [name for name, each in found.items() if each.state is not State.OBSERVED] == ["shut/inner", "shut/none"]
    assert found["shut/inner"].state is State.REFUSED
    assert found["shut/inner"].reason == f"{base}/shut/inner: Permission denied"
    link = value(found["link"])
    assert (link.missing, link.size, link.mtime) == ("", 7, 1_700_000_000_000_000)
    assert link.parts[f"{base}/link"] == ["link", "0", "0", "0777", "a b=c/file"]
    assert link.parts[f"{base}/a b=c/file"][0] == "file"
    missing = {name: value(found[name]).missing for name in ("dangling", "loop", "missing/deep", "a b=c/file/below")}
    ends = {"dangling": "gone", "loop": "loop", "missing/deep": "missing", "a b=c/file/below": "a b=c/file/below"}
    assert missing == {name: f"{base}/{end}" for name, end in ends.items()}


@pytest.mark.parametrize("endless", [False, True], ids=["all at once", "one by one"])
def test_the_first_line_of_programs_and_nothing_else_is_read(base: Path, endless: bool) -> None:
    """A file without an end in its first line stops the process that reads all of them."""
    programs = {
        "plain": (b"\x7fELF\0\0\n", 0o755),
        "script": (b"#! /bin/sh -e secret\nexit", 0o755),
        "gone": (b"#!/opt/gone/bin/python3 -u\n", 0o755),
        "not-executable": (b"#!/bin/sh\n", 0o644),
        "unreadable": (b"#!/bin/sh\n", 0o711),
        "long": (b"#!/" + b"a" * 9000, 0o755),
        "empty": (b"", 0o755),
        "nul": (b"#!/bin/sh\0-no\n", 0o755),
        "tabs": (b"#!\t /bin/sh\t-e\n", 0o755),
        "set-uid": (b"#!/bin/sh\n", 0o4744),
        "sticky": (b"#!/bin/sh\n", 0o1644),
        "text": (b"exit 0\n", 0o755),
        "marked": (b"\xef\xbb\xbf#!/bin/sh\n", 0o755),
        "nothing": (b"#!\n", 0o755),
        "dos": (b"#!/bin/sh\r\nexit\r\n", 0o755),
        "env": (b"#!/usr/bin/env sh\n", 0o755),
        "env-gone": (b"#! /usr/bin/env  no-such \n", 0o755),
        "env-dos": (b"#!/usr/bin/env sh\r\n", 0o755),
        "env-options": (b"#!/usr/bin/env -S no-such -u\n", 0o755),
    }
    for name, (text, mode) in programs.items():
        (base / name).write_bytes(text)
        (base / name).chmod(mode)
    os.mkfifo(base / "fifo", 0o755)
    (base / "huge").touch(0o755)
    os.truncate(base / "huge", 30 << 30 if endless else 0)
    found = {name: value(answer) for name, answer in ways(base, *programs, "fifo", "huge").items()}
    seen = {name: (way.interpreter, way.interpreter_missing) for name, way in found.items()}
    assert len(seen.pop("long")[0] or "") < len(programs["long"][0])
    assert seen == {
        "plain": ("", ""), "script": ("/bin/sh", ""), "gone": ("/opt/gone/bin/python3", "/opt/gone"),
        "not-executable": ("", ""), "unreadable": (None, ""), "empty": ("", ""), "fifo": ("", ""), "huge": ("", ""),
        "nul": ("/bin/sh", ""), "tabs": ("/bin/sh", ""), "set-uid": ("/bin/sh", ""), "sticky": ("", ""),
        "text": ("", ""), "marked": ("", ""), "nothing": ("", ""), "dos": ("/bin/sh\r", "/bin/sh\r"),
        "env": ("/usr/bin/env", ""), "env-gone": ("/usr/bin/env", ""), "env-dos": ("/usr/bin/env", ""),
        "env-options": ("/usr/bin/env", ""),
    }  # fmt: skip
    refused = {name for name, way in found.items() if way.not_executable}
    assert refused == {"text", "marked", "nothing", "empty", "huge"}
    misses = {name: way.env_misses for name, way in found.items() if way.env_misses}
    assert misses == {"env-gone": "no-such", "env-dos": "sh\r"}
    assert {"/bin", "/usr/bin/dash"} <= found["script"].parts.keys()
    assert found["fifo"].parts[f"{base}/fifo"][0] == "other"


def test_users_and_units() -> None:
    needs = [Need("user", name) for name in ("root", "nobody", "0", "no-such-user", "$(id)")]
    answers = {each.need.subject: each for each in ask(probe([*needs, Need("unit.writers", "units")]), NOBODY)}
    root, writers = answers["root"].value, answers["units"].value
    assert isinstance(root, UserIds)
    assert (root.uid, root.gid, root.groups[0], answers["0"].value) == (0, 0, 0, root)
    assert isinstance(answers["nobody"].value, UserIds)
    assert answers["no-such-user"].state is State.ABSENT
    assert answers["$(id)"].state is State.NOT_ASKED
    assert isinstance(writers, UnitWriters)


@pytest.mark.parametrize("said", [b"f 0 0 644\n", b"f x 0 644 /a//\n", b"f 0 0 999 /a//\n", b"T x 1 1 /a\n", b"what\n"])
def test_an_answer_of_another_shape(said: bytes) -> None:
    need = Need("way", "/a")
    answer = probe([need]).parse([frame(said)])[0]
    assert answer.state in (State.UNPARSEABLE, State.REFUSED)
    assert probe([need]).parse([None])[0].state is State.UNPARSEABLE


def test_an_access_control_list_is_seen_and_read_where_getfacl_is_there(base: Path) -> None:
    """A real one. Without getfacl nobody knows what it allows, and it is not taken for a plain mode."""
    entries = ((0x01, 7, NOBODY_ELSE), (0x02, 5, 1001), (0x04, 0, NOBODY_ELSE), (0x10, 7, NOBODY_ELSE),
               (0x20, 5, NOBODY_ELSE))  # fmt: skip
    folder = base / "listed"
    folder.mkdir()
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(folder, "system.posix_acl_access", packed)
    except OSError:
        pytest.skip("the file system has no access control lists")
    found = value(ways(base, "listed")["listed"]).acls
    read = ["user::rwx", "user:1001:r-x", "group::---", "mask::rwx", "other::r-x"]
    assert found == {str(folder): read if shutil.which("getfacl") else []}
