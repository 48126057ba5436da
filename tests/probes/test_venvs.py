"""Venv facts of real directories, as root and as nobody."""

import os
import sys
from pathlib import Path

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.facts import VenvCheck
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
    program(base / "good/bin/python", f'#!/bin/sh\nexec {SYSTEM_PYTHON} "$@"\n')
    (base / "linked/bin").mkdir(parents=True)
    (base / "linked/bin/python").symlink_to("python3")
    (base / "linked/bin/python3").symlink_to(SYSTEM_PYTHON)
    (base / "dangling/bin").mkdir(parents=True)
    (base / "dangling/bin/python").symlink_to("/opt/gone/python3.9")
    (base / "empty").mkdir()
    program(base / "broken/bin/python", "#!/bin/sh\necho cannot load libpython >&2; exit 127\n")
    program(base / "unrunnable/bin/python", "x", 0o644)
    program(base / "mine/bin/python", "#!/bin/sh\n", 0o700)
    program(base / "slow/bin/python", "#!/bin/sh\nexec sleep 60\n")
    program(base / "a 'b' $c/bin/python", "#!/bin/sh\necho 3.12.1\nid -u >&2\n")
    program(base / "shut/bin/python", "#!/bin/sh\n")
    (base / "shut").chmod(0o700)
    (base / "file").write_text("x")


EXPECTED = {
    "good": (State.OBSERVED, 0),
    "linked": (State.OBSERVED, 0),
    "dangling": (State.OBSERVED, 127),
    "empty": (State.OBSERVED, 127),
    "broken": (State.OBSERVED, 127),
    "unrunnable": (State.OBSERVED, 126),
    "mine": (State.REFUSED, None),
    "slow": (State.OBSERVED, 124),
    "a 'b' $c": (State.OBSERVED, 0),
    "shut": (State.REFUSED, None),
    "shut/inner": (State.REFUSED, None),
    "file": (State.ABSENT, None),
    "missing": (State.ABSENT, None),
    "missing/deep": (State.ABSENT, None),
}


@pytest.mark.parametrize("prefix", [(), NOBODY], ids=["root", "nobody"])
def test_every_kind_of_venv(base: Path, prefix: tuple[str, ...]) -> None:
    """A login as root drops to nobody, so both see the same."""
    make(base)
    before = sorted(str(path) for path in base.rglob("*"))
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in EXPECTED), prefix)
    found = {answer.need.subject.removeprefix(f"{base}/"): answer for answer in answers}
    values = {name: answer.value for name, answer in found.items()}
    exits = {name: value.exit if isinstance(value, VenvCheck) else None for name, value in values.items()}
    assert {name: (answer.state, exits[name]) for name, answer in found.items()} == EXPECTED
    for name, target in (("linked", os.path.realpath(SYSTEM_PYTHON)), ("dangling", "/opt/gone/python3.9")):
        value = values[name]
        assert isinstance(value, VenvCheck)
        assert value.resolved == target
    assert found["broken"].line == "cannot load libpython"
    assert found["linked"].line.startswith("3.")
    assert sorted(str(path) for path in base.rglob("*")) == before, "an audit writes nothing"


def venv(base: Path, name: str, python: str = SYSTEM_PYTHON, home: str | None = "/usr/bin") -> None:
    (base / name / "bin").mkdir(parents=True)
    (base / name / "bin/python").symlink_to(python)
    if home is not None:
        text = f"home = {home}\ninclude-system-site-packages = false\ncommand = python3 -m venv {base / name}\n"
        (base / name / "pyvenv.cfg").write_text(text)


def test_venvs_that_share_an_interpreter_share_its_run(base: Path) -> None:
    """Only what -I -S cannot tell apart: not other settings, not another program, not a script."""
    program(base / "counted", f'#!/bin/sh\nexec {SYSTEM_PYTHON} "$@"\n')
    program(base / "copied", "")
    (base / "copied").write_bytes(Path(SYSTEM_PYTHON).read_bytes())
    for name in ("a", "b", "c 'd'"):
        venv(base, name)
    venv(base, "elsewhere", home="/opt/gone")
    venv(base, "bare", home=None)
    venv(base, "bare too", home=None)
    venv(base, "copy", python=str(base / "copied"))
    venv(base, "nested")
    (base / "nested/bin/pyvenv.cfg").write_text("home = /opt/gone\n")
    for name in ("script", "script too"):
        venv(base, name, python=str(base / "counted"))
    names = sorted(path.name for path in base.iterdir() if path.is_dir())
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in names))
    ran = {answer.need.subject.removeprefix(f"{base}/"): answer.value for answer in answers}
    whose = {name: value.ran for name, value in ran.items() if isinstance(value, VenvCheck)}
    own = {name: f"{base}/{name}/bin/python" for name in names}
    assert whose == own | dict.fromkeys(("b", "c 'd'"), own["a"])
    assert {answer.line.partition(".")[0] for answer in answers} == {"3"}


def test_a_program_that_fails_fails_for_all_that_share_it(base: Path) -> None:
    for name in ("a", "b"):
        venv(base, name, python="/usr/bin/false")
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in ("a", "b")))
    checks = [answer.value for answer in answers if isinstance(answer.value, VenvCheck)]
    assert [(check.exit, check.ran) for check in checks] == [(1, f"{base}/a/bin/python")] * 2


def test_links_in_a_circle_are_an_answer_of_their_own(base: Path) -> None:
    (base / "circle/bin").mkdir(parents=True)
    (base / "circle/bin/python").symlink_to("python3")
    (base / "circle/bin/python3").symlink_to("python")
    venv(base, "well")
    circle, well = ask(probe(Need("venv", f"{base}/{name}") for name in ("circle", "well")))
    assert circle.state is State.REFUSED
    assert isinstance(well.value, VenvCheck)
    assert well.value.resolved == os.path.realpath(SYSTEM_PYTHON)


def test_root_never_runs_an_interpreter(base: Path) -> None:
    program(base / "who/bin/python", "#!/bin/sh\nid -u\n")
    (answer,) = ask(probe([Need("venv", f"{base}/who")]))
    assert answer.line == "65534"


def test_the_environment_of_the_login_is_not_passed_on(base: Path) -> None:
    program(base / "env/bin/python", "#!/bin/sh\nenv | tr '\\n' ' '\n")
    os.environ["QTCTL_CANARY"] = "canary-secret"
    try:
        (answer,) = ask(probe([Need("venv", f"{base}/env")]))
    finally:
        del os.environ["QTCTL_CANARY"]
    assert "PATH=" in answer.line
    assert "canary" not in answer.line


def test_many_run_beside_each_other(base: Path) -> None:
    names = [f"v{number}" for number in range(30)]
    for name in names:
        program(base / name / "bin/python", f"#!/bin/sh\necho {name}\n")
    answers = ask(probe(Need("venv", f"{base}/{name}") for name in names))
    assert {answer.need.subject: answer.line for answer in answers} == {f"{base}/{name}": name for name in names}


def test_output_is_cut_to_one_short_line(base: Path) -> None:
    program(base / "loud/bin/python", f"#!{sys.executable}\nprint('x' * 100000)\n")
    program(base / "loud/bin/python", "#!/bin/sh\nyes | head -c 100000 | tr -d '\\n'\n")
    (answer,) = ask(probe([Need("venv", f"{base}/loud")]))
    assert answer.line == "y" * 200


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, State.UNPARSEABLE),
        (frame(exit_=NO_DROP), State.NOT_ASKED),
        (frame(b"/usr/bin/python3\0\0/v\0ran\0\x000\x003.11"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\0\0/v\0ran\0\x000\x003.11\0"), State.OBSERVED),
        (frame(b"\0/v\0ran\0\x000\x003.11\0"), State.UNPARSEABLE),
        (frame(b"/a\0/b\0\0/v\0ran\0\x000\x003.11\0"), State.UNPARSEABLE),
        (frame(b"/usr/bin/python3\0\0/v\0shares\0\0\0/u\0"), State.UNPARSEABLE),
        (frame(b"", b"setpriv: setresuid failed: Operation not permitted\n", 127), State.REFUSED),
        (frame(b""), State.UNPARSEABLE),
    ],
)
def test_broken_answers_are_never_absent(answer: object, state: State) -> None:
    found = probe([Need("venv", "/v")]).parse([answer])  # type: ignore[list-item]
    assert [each.state for each in found] == [state]
