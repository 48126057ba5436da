"""Venv facts of real directories, as root and as nobody. Everything in them says so if it is ever run."""

import os
import shutil
from pathlib import Path

import pytest

from qtctl.model.code_facts import VenvCheck
from qtctl.model.evidence import Need, State
from qtctl.probes.answer import Answer
from qtctl.probes.venvs import NO_DROP, probe
from tests.probes.host import NOBODY, ask, frame

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to take rights away from an ordinary user")

SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A directory that an ordinary user may enter."""
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        if parent.owner() == "root" and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    return tmp_path


def program(path: Path, text: str, mode: int = 0o755) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def make(base: Path) -> None:
    marker = f"#!/bin/sh\ntouch {base}/ran/$$\n"
    (base / "ran").mkdir()
    (base / "ran").chmod(0o777)
    (base / "linked/bin").mkdir(parents=True)
    (base / "linked/bin/python").symlink_to("python3")
    (base / "linked/bin/python3").symlink_to(SYSTEM_PYTHON)
    (base / "dangling/bin").mkdir(parents=True)
    (base / "dangling/bin/python").symlink_to("/opt/gone/python3.9")
    (base / "empty").mkdir()
    (base / "folder/bin/python").mkdir(parents=True)
    (base / "fifo/bin").mkdir(parents=True)
    os.mkfifo(base / "fifo/bin/python", 0o755)
    (base / "copied/bin").mkdir(parents=True)
    shutil.copy(SYSTEM_PYTHON, base / "copied/bin/python")
    (base / "huge/bin").mkdir(parents=True)
    (base / "huge/bin/python").touch(0o755)
    os.truncate(base / "huge/bin/python", 30 << 30)
    program(base / "script/bin/python", marker)
    program(base / "unrunnable/bin/python", marker, 0o644)
    program(base / "mine/bin/python", marker, 0o700)
    program(base / "a 'b' $c/bin/python", marker)
    program(base / "shut/bin/python", marker)
    (base / "shut").chmod(0o700)
    (base / "file").write_text("x")
    for name, target in (("false", "/usr/bin/false"), ("config", "/usr/bin/../bin/sh")):
        (base / name / "bin").mkdir(parents=True)
        (base / name / "bin/python").symlink_to(target)
    (base / "odd/bin").mkdir(parents=True)
    program(base / "odd/new\nline\tand tab/python3", marker)
    (base / "odd/bin/python").symlink_to("../new\nline\tand tab/python3")


OWN = "only the system's own interpreters are run (/usr/bin/python*)"
# State, exit status, what it looks like, why it was not run.
EXPECTED = {
    "linked": (State.OBSERVED, 0, "", ""),
    "dangling": (State.OBSERVED, 127, "", ""),
    "empty": (State.OBSERVED, 127, "", ""),
    "folder": (State.OBSERVED, 126, "", ""),
    "fifo": (State.OBSERVED, 126, "", ""),
    "copied": (State.OBSERVED, None, "program", OWN),
    "huge": (State.OBSERVED, None, "", OWN),
    "script": (State.OBSERVED, None, "script", OWN),
    "false": (State.OBSERVED, None, "", OWN),
    "config": (State.OBSERVED, None, "", OWN),
    "odd": (State.UNPARSEABLE, None, None, None),
    "unrunnable": (State.OBSERVED, 126, "", ""),
    "mine": (State.REFUSED, None, None, None),
    "a 'b' $c": (State.OBSERVED, None, "script", OWN),
    "shut": (State.REFUSED, None, None, None),
    "shut/inner": (State.REFUSED, None, None, None),
    "file": (State.ABSENT, None, None, None),
    "missing": (State.ABSENT, None, None, None),
    "missing/deep": (State.ABSENT, None, None, None),
}


@pytest.mark.parametrize("prefix", [(), NOBODY], ids=["root", "nobody"])
def test_every_kind_of_venv(base: Path, prefix: tuple[str, ...]) -> None:
    """A login as root drops to nobody, so both see the same. None of them runs."""
    make(base)
    before = sorted(str(path) for path in base.rglob("*"))
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in EXPECTED), prefix)
    found = {answer.need.subject.removeprefix(f"{base}/"): answer for answer in answers}
    assert {name: seen(answer) for name, answer in found.items()} == EXPECTED
    for name, target in (("linked", os.path.realpath(SYSTEM_PYTHON)), ("dangling", "/opt/gone/python3.9")):
        value = found[name].value
        assert isinstance(value, VenvCheck)
        assert value.resolved == target
    assert found["linked"].line.startswith("3.")
    assert sorted(str(path) for path in base.rglob("*")) == before, "something ran"


def seen(answer: Answer) -> tuple[object, ...]:
    value = answer.value
    rest = (value.exit, value.looks, value.not_run) if isinstance(value, VenvCheck) else (None, None, None)
    return answer.state, *rest


def venv(base: Path, name: str, python: str = SYSTEM_PYTHON) -> None:
    (base / name / "bin").mkdir(parents=True)
    (base / name / "bin/python").symlink_to(python)


def test_the_system_s_interpreter_runs_once_and_by_its_own_path(base: Path) -> None:
    """Whatever a venv says of where its libraries are: pyvenv.cfg is not read."""
    for name in ("a", "b", "c 'd'"):
        venv(base, name)
    (base / "evil/lib/python3/encodings").mkdir(parents=True)
    (base / "b/pyvenv.cfg").write_text(f"home = {base}/evil/bin\n")
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in ("a", "b", "c 'd'")))
    values = [answer.value for answer in answers if isinstance(answer.value, VenvCheck)]
    python = os.path.realpath(SYSTEM_PYTHON)
    assert [(value.exit, value.ran, value.resolved) for value in values] == [(0, python, python)] * 3


@pytest.mark.parametrize(
    ("owner", "group", "mode", "why"),
    [
        (61234, 0, 0o755, "{} can be changed by user 61234 (its owner)"),
        (0, 61234, 0o775, "{} can be changed by group 61234 (mode 0775)"),
        (0, 0, 0o777, "{} can be changed by every user (mode 0777)"),
    ],
)
def test_who_could_change_it_is_said(base: Path, owner: int, group: int, mode: int, why: str) -> None:
    venv(base, "v", python=f"{base}/pythons/3.11/bin/python3.11")
    (base / "pythons/3.11/bin").mkdir(parents=True)
    shutil.copy(SYSTEM_PYTHON, base / "pythons/3.11/bin/python3.11")
    os.chown(base / "pythons", owner, group)
    (base / "pythons").chmod(mode)
    (answer,) = ask(probe([Need("venv", f"{base}/v")]))
    assert seen(answer) == (State.OBSERVED, None, "program", why.format(base / "pythons"))


def test_links_in_a_circle_are_an_answer_of_their_own(base: Path) -> None:
    (base / "circle/bin").mkdir(parents=True)
    (base / "circle/bin/python").symlink_to("python3")
    (base / "circle/bin/python3").symlink_to("python")
    venv(base, "well")
    circle, well = ask(probe(Need("venv", f"{base}/{name}") for name in ("circle", "well")))
    assert circle.state is State.REFUSED
    assert isinstance(well.value, VenvCheck)
    assert well.value.resolved == os.path.realpath(SYSTEM_PYTHON)


def test_what_a_file_says_of_itself_is_not_believed() -> None:
    """Nor what the host says it ran: it is judged again, here."""
    lines = ["/usr/bin/python3.11", "ran\t0\t/usr/bin/python3.11\t3.11.2", "is\t0\tprogram\t\t"]
    folders = [f"at\td\t0\t0\t755\troot\troot\t{path}" for path in ("/", "/usr", "/usr/bin")]
    for last, state in (("f\t0\t0\t755\troot\troot", State.OBSERVED), ("f\t5\t5\t755\tgames\t60", State.UNPARSEABLE)):
        at = f"at\t{last}\t/usr/bin/python3.11"
        (answer,) = probe([Need("venv", "/v")]).parse([frame("\n".join([*lines, *folders, at, ""]).encode())])
        assert answer.state is state


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, State.UNPARSEABLE),
        (frame(exit_=NO_DROP), State.NOT_ASKED),
        (frame(b"/usr/bin/python3\nis\t0\tvenv\t\tstat: x: No such file or directory\n"), State.ABSENT),
        (frame(b"/usr/bin/python3\nis\t0\tvenv\t\tstat: x: No such file or directory"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\nis\t1\tvenv\t\tx\n"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\nis\t0\tprogram\t\t\n"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\nran\t0\n"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\nwhat\t0\n"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\nat\tf\tx\t0\t755\tx\tx\t/\n"), State.UNPARSEABLE),
        (frame(b"", b"setpriv: setresuid failed: Operation not permitted\n", 127), State.REFUSED),
        (frame(b""), State.UNPARSEABLE),
    ],
)
def test_broken_answers_are_never_absent(answer: object, state: State) -> None:
    found = probe([Need("venv", "/v")]).parse([answer])  # type: ignore[list-item]
    assert [each.state for each in found] == [state]
