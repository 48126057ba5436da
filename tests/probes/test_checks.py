"""Commands of a registry's own, run by sh as root and as an ordinary user; unit properties as they are printed."""

import os
import time
from pathlib import Path

import pytest

from qtctl.model.check_facts import CommandResult, FileLine, UnitProperty
from qtctl.model.evidence import Need, State
from qtctl.model.inquiry import CommandQuestion, LineQuestion
from qtctl.probes.answer import Answer
from qtctl.probes.checks import probe
from tests.probes.host import NOBODY, ask, frame

NEED = Need(CommandResult.FACT, "QT901")
SECOND = 1_000_000


def run(*argv: str, within_us: int = 2 * SECOND, prefix: tuple[str, ...] = NOBODY) -> Answer:
    (answer,) = ask(probe([NEED], [CommandQuestion("QT901", argv, within_us)]), prefix)
    return answer


def test_what_it_prints_and_how_it_ends() -> None:
    assert run("/bin/echo", "a b", "$HOME; *").value == CommandResult(0, "a b $HOME; *\n")
    assert run("/bin/false").value == CommandResult(1, "")
    ran = run("/bin/ls", "/no/such")
    assert isinstance(ran.value, CommandResult)
    assert ran.value.exit == 2
    assert "No such file" in ran.value.output


def test_root_never_runs_it_as_root() -> None:
    assert run("/usr/bin/id", "-un", prefix=()).value == CommandResult(0, "nobody\n")


def test_it_gets_no_environment() -> None:
    assert run("/usr/bin/env").value == CommandResult(0, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n")


def test_one_that_hangs_is_ended() -> None:
    begin = time.monotonic()
    ran = run("/bin/sleep", "60", within_us=SECOND // 5)
    assert isinstance(ran.value, CommandResult)
    assert ran.value.late
    assert time.monotonic() - begin < 10


def test_one_that_never_stops_printing_is_read_as_far_as_is_read() -> None:
    ran = run("/usr/bin/yes", within_us=SECOND // 5)
    assert isinstance(ran.value, CommandResult)
    assert len(ran.value.output) == 4096


@pytest.mark.parametrize("kind", ["program", "script", "link", "argument", "interpreter"])
def test_what_somebody_else_can_change_is_not_run(tmp_path: Path, kind: str) -> None:
    """Everything below the temporary folder belongs to an ordinary user, and would leave a mark."""
    for folder in (*reversed(tmp_path.parents[:-2]), tmp_path):
        folder.chmod(0o755)
    mark = tmp_path / "mark"
    mark.touch()
    mark.chmod(0o666)
    theirs = tmp_path / "theirs"
    theirs.write_text(f"#!/bin/sh\necho ran >{mark}\n")
    theirs.chmod(0o777)
    argv = [str(theirs)]
    if kind == "link":
        (tmp_path / "link").symlink_to(theirs)
        argv = [str(tmp_path / "link")]
    elif kind == "argument":
        argv = ["/bin/sh", str(theirs)]
    elif kind == "interpreter":
        script = tmp_path / "ours"
        script.write_text(f"#!{theirs}\n")
        script.chmod(0o755)
        argv = [str(script)]
    answer = run(*argv)
    assert answer.state is State.REFUSED
    assert "can be changed by accounts other than root" in str(answer.reason)
    assert mark.read_text() == ""


def test_a_program_that_is_not_there_is_no_exit_status() -> None:
    assert (run("/no/such").state, run("/no/such").reason) == (State.REFUSED, "/no/such does not exist")


def test_only_what_is_declared_is_run() -> None:
    (answer,) = ask(probe([NEED], []))
    assert answer.state is State.NOT_ASKED


def test_properties() -> None:
    needs = [Need(UnitProperty.FACT, "a.service ActiveState"), Need(UnitProperty.FACT, "b.service Nothing")]
    said = b"= 0\nActiveState=active\n= 0\n\n"
    good, none = probe(needs, []).parse([frame(said)])
    assert good.value == UnitProperty("active")
    assert none.state is State.REFUSED
    assert [each.state for each in probe(needs, []).parse([frame(b"= 0\n")])] == [State.UNPARSEABLE] * 2
    assert [each.state for each in probe(needs, []).parse([None])] == [State.UNPARSEABLE] * 2


def has(path: Path, line: str, prefix: tuple[str, ...] = NOBODY) -> Answer:
    need = Need(FileLine.FACT, "QT901")
    (answer,) = ask(probe([need], [], [LineQuestion("QT901", str(path), line)]), prefix)
    return answer


def test_a_line_of_a_file(tmp_path: Path) -> None:
    """The whole line, character by character; the file is only read where it is one, and for two seconds at most."""
    for folder in (*reversed(tmp_path.parents[:-2]), tmp_path):
        folder.chmod(0o755)
    file = tmp_path / "some file"
    file.write_text("a.b = [1]\n-x\n")
    assert has(file, "a.b = [1]").value == FileLine(there=True)
    assert has(file, "-x").value == FileLine(there=True)
    for other in ("a.b = [1", "a.b = .1.", "A.B = [1]", "x"):
        assert has(file, other).value == FileLine(there=False)
    assert has(tmp_path / "none", "x").value == FileLine(there=False)
    (tmp_path / "link").symlink_to(file)
    assert has(tmp_path / "link", "-x").value == FileLine(there=False)
    os.mkfifo(tmp_path / "pipe")
    assert has(tmp_path / "pipe", "-x").value == FileLine(there=False)
    file.chmod(0o600)
    answer = has(file, "-x")
    assert (answer.state, answer.reason) == (State.REFUSED, f"{file} cannot be read by this account")
