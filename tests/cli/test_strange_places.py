"""Commands where something is missing that they usually have: standard streams, a reader, a home, a name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.cli.inputs import AUDIT, PARITY, RENDER
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import PROGRAM, environment

LIST, NOWHERE = ("list",), ("lint", "--registry", "nowhere")
NO_HOME = "error: the account 4242 has no home folder, and HOME is not set (set HOME to a folder of its own)\n"
NAMELESS = 4242
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


def run_redirected(world: Path, argv: tuple[str, ...], redirected: str) -> tuple[int, str]:
    """Exit code, and what is on stderr unless that is redirected."""
    script = f'exec "$@" {redirected}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *PROGRAM, *argv], cwd=world, env=environment(world), check=False, timeout=60,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("argv", "redirected", "code"),
    [
        (LIST, ">&-", 0),
        (LIST, "<&- >&- 2>&-", 0),
        (NOWHERE, "2>&-", 2),
        (("--version",), ">&-", 0),
        (("render", "--out", "out"), "<&- >&- 2>&-", 0),
    ],
)
def test_a_closed_stream_is_no_error(argv: tuple[str, ...], redirected: str, code: int, world: Path) -> None:
    assert run_redirected(world, argv, redirected) == (code, "")


@pytest.mark.parametrize("redirected", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_programs_that_it_starts_have_all_streams_too(redirected: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = (
        "import os, qtctl.__main__; qtctl.__main__.open_closed_streams()\n"
        f"with open({str(seen)!r}, 'w') as file: print(*map(os.get_inheritable, range(3)), file=file)"
    )
    subprocess.run(["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-c", code], check=True, timeout=60)
    assert seen.read_text() == "True True True\n"


@pytest.mark.parametrize("argv", [LIST, ("--version",), ("--help",)])
def test_a_full_disk_is_one_line(argv: tuple[str, ...], world: Path) -> None:
    code, said = run_redirected(world, argv, ">/dev/full")
    assert (code, len(said.splitlines())) == (2, 1), said
    assert said.startswith("error: the output cannot be written: No space left on device")


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("lint", "--help"), LIST])
def test_a_reader_that_is_gone_is_told_by_the_exit_code_alone(argv: tuple[str, ...], world: Path) -> None:
    ours, its = os.pipe()
    os.close(ours)
    with os.fdopen(its, "wb") as out:
        done = subprocess.run(
            [*PROGRAM, *argv], cwd=world, env=environment(world), stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    "argv", [("init", "x", "--name", "x", "--host", "y", "--address", "z"), (*AUDIT, "--save", "x"), RENDER, PARITY]
)
def test_a_current_folder_that_is_gone(argv: tuple[str, ...], world: Path) -> None:
    """With its registry and its evidence named elsewhere: what is left is where the output would go."""
    words = [f"{world}/{word}" if word.endswith((".json", ".yml")) else word for word in argv]
    script = 'cd "$1"; rmdir "$1"; shift; exec "$@"'
    (world / "gone").mkdir()
    env = environment(world, QTCTL_REGISTRY=str(world / "registry"))
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(world / "gone"), *PROGRAM, *words], cwd=world, env=env, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    gone = "error: the current folder is not there any more (change to one that exists)\n"
    assert (done.returncode, done.stderr) == (2, gone)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_is_utf_8_whatever_the_locale(encoding: str, world: Path) -> None:
    expected = warm.run(LIST, cwd=world, env=environment(world), timeout_s=60)
    done = subprocess.run(
        [*PROGRAM, *LIST],
        cwd=world,
        env=environment(world, PYTHONIOENCODING=encoding),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == expected
    assert "—" in done.stdout.decode()


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1", "NO_COLOR": "1"}], ids=str)
def test_a_terminal_that_can_do_little(env: dict[str, str], world: Path) -> None:
    with on_terminal(world, "list", **env) as (ours, process):
        shown = seen(ours)
        assert process.wait(20) == 0
    assert "api" in shown
    assert "\x1b" not in shown
    assert "\\u" not in shown


def test_progress_on_a_terminal_without_control_sequences_is_lines(world: Path) -> None:
    with on_terminal(world, "plan", "--host", "nowhere.invalid", TERM="dumb") as (ours, process):
        shown = seen(ours)
        assert process.wait(20) == 3
    assert "\x1b" not in shown
    assert shown.startswith("connecting to nowhere.invalid\r\n")


@as_root
@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("snapshot", "list"), 2, NO_HOME),
        (("backup", "list"), 2, NO_HOME),
        (("lab", "up"), 4, "error: this machine cannot boot lab hosts: lab hosts need root\n"),
        (("deploy", "--host", "nowhere.invalid", "--yes"), 4, None),
        (("restart", "ai-engine", "--host", "nowhere.invalid", "--yes"), 3, None),
    ],
)
def test_an_account_without_name_and_home(argv: tuple[str, ...], code: int, said: str | None, tmp_path: Path) -> None:
    """As a container has it that is run with `--user 4242`."""
    env = environment(tmp_path, QTCTL_KEEP="off", QTCTL_REGISTRY=str(Path(__file__).parents[2] / "registry"))
    env = {name: value for name, value in env.items() if name not in ("HOME", "USER", "LOGNAME", "QTCTL_TRAIL")}
    ended, _, err = warm.run(argv, cwd=Path("/"), env=env, timeout_s=60, account=NAMELESS)
    assert ended == code, err
    assert "internal error" not in err.decode()
    assert said is None or err.decode() == said
