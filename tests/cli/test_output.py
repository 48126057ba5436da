"""Results on stdout and nothing else there; colour for people only; no command ends in a trace."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtctl.cli.catalogue import list_names
from qtctl.collect.document import make_schema as evidence_schema
from qtctl.reports.schemas import make_schemas
from tests.cli.inputs import AUDIT, LINT, PARITY, RENDER, REPORT
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import PROGRAM, environment, qtctl

ESCAPE = "\x1b["
LINT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "schema_version",
        "registry",
        "errors",
        "findings",
        "summary",
        "gate",
        "conclusion",
        "fixed",
        "counts",
    ],
    "properties": {
        "schema_version": {"const": 1},
        "registry": {"type": "string"},
        "findings": {"type": "array", "maxItems": 0},
        "summary": {"type": "object", "required": ["error", "warning", "info"]},
        "gate": {"enum": ["warning", None]},
        "conclusion": {"enum": ["as-declared", "not-as-declared"]},
        "fixed": {"type": "array", "maxItems": 0},
        "errors": {"type": "array", "items": {"type": "object", "required": ["file", "line", "what", "hint"]}},
        "counts": {"type": ["object", "null"], "additionalProperties": {"type": "integer"}},
        "declared": {"type": ["object", "null"]},
    },
}
LAB_SCHEMA: dict[str, Any] = {"type": "object", "required": ["schema_version", "hosts"]}
DOCUMENTS: list[tuple[tuple[str, ...], dict[str, Any], int]] = [
    (LINT, LINT_SCHEMA, 0),
    (("lint", "--registry", "broken"), LINT_SCHEMA, 2),
    (AUDIT, make_schemas()["audit"], 3),
    (("audit", "--host", "nowhere.invalid"), make_schemas()["audit"], 3),
    (REPORT, make_schemas()["registry"], 3),
    (PARITY, make_schemas()["parity"], 3),
    (("verify",), make_schemas()["verify"], 0 if shutil.which("systemd-analyze") else 3),
    (("lab", "list"), LAB_SCHEMA, 0),
]


@pytest.mark.parametrize(("argv", "schema", "code"), DOCUMENTS, ids=lambda value: str(value)[:40])
def test_json_is_all_of_stdout(argv: tuple[str, ...], schema: dict[str, Any], code: int, world: Path) -> None:
    (world / "broken").mkdir()
    (world / "broken/fleet.toml").write_text("x")
    ran = qtctl(world, *argv, "--format", "json")
    assert ran.code == code
    Draft202012Validator(schema).validate(json.loads(ran.out))
    assert (ran.err != "") == (code == 2 or "--host" in argv)


def test_saved_evidence_is_a_document_too(world: Path) -> None:
    Draft202012Validator(evidence_schema()).validate(json.loads((world / "evidence.json").read_text()))
    assert qtctl(world, *AUDIT, "--save", "again.json").code == 3
    assert (world / "again.json").read_bytes() == (world / "evidence.json").read_bytes()


@pytest.mark.parametrize("argv", [LINT, RENDER, AUDIT, REPORT, PARITY, ("explain",), ("lab", "list"), ("--help",)])
def test_no_escape_codes_where_nobody_looks(argv: tuple[str, ...], world: Path) -> None:
    ran = qtctl(world, *argv)
    assert ESCAPE not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err


@pytest.mark.parametrize("argv", [LINT, AUDIT, ("verify",)], ids=lambda argv: argv[0])
def test_a_terminal_gets_a_table(argv: tuple[str, ...], world: Path) -> None:
    with on_terminal(world, *argv) as (ours, process):
        screen = seen(ours)
        # Of a host that was not reached, one line: see test_screen.
        assert "\x1b[35munknown\x1b[0m: " in screen if argv == AUDIT else "─────" in screen
        assert process.wait(5) == (3 if argv == AUDIT else 0)


def test_a_terminal_gets_colour_unless_told_otherwise(world: Path) -> None:
    coloured = "\x1b[35m"
    with on_terminal(world, *AUDIT) as (ours, _):
        assert coloured in seen(ours)
    with on_terminal(world, *AUDIT, NO_COLOR="1") as (ours, _):
        screen = seen(ours)
    assert "incomplete" in screen
    assert not any(f"{ESCAPE}{code}m" in screen for code in range(30, 50))


@pytest.mark.parametrize("argv", [("lint", "--format", "table"), ("explain",), AUDIT, ("lint", "--format", "json")])
def test_a_reader_that_goes_away(argv: tuple[str, ...], world: Path) -> None:
    """As `| head -1` does, before anything is written."""
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        process = subprocess.run(
            [*PROGRAM, *argv],
            cwd=world,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=environment(world),
            timeout=30,
            check=False,
        )
    finally:
        os.close(theirs)
    assert (process.returncode, process.stderr) == (141, b"")


def mute() -> socket.socket:
    """A server that takes connections and never says a word."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


MOMENTS = [
    *((command, after_s) for command in ("audit", "deploy") for after_s in (0, 0.03, 0.1, 0.3)),
    *((command, after_s) for command in ("rollback", "backup take", "plan") for after_s in (0, 0.1)),
]


@pytest.mark.parametrize(("command", "after_s"), MOMENTS)
def test_an_interrupt(command: str, after_s: float, world: Path) -> None:
    """Also while modules load: what is raised then is easily lost."""
    with mute() as server:
        hosts = world / "registry/hosts.toml"
        port = server.getsockname()[1]
        hosts.write_text(hosts.read_text().replace('"192.0.2.1"', f'"127.0.0.1"\nssh_port = {port}'))
        process = subprocess.Popen(
            [*PROGRAM, *command.split(), "--host", "box"],
            cwd=world,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(world),
            start_new_session=True,
        )
        server.settimeout(10)
        _connection = server.accept()[0]
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().removeprefix("connecting to box\n") == "interrupted\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_verify_that_is_ended_leaves_no_root_behind(number: signal.Signals, world: Path) -> None:
    program, scratch = world / "bin/systemd-analyze", world / "scratch"
    for folder in (program.parent, scratch):
        folder.mkdir()
    program.write_text(f"#!/bin/sh\n: > {world}/started\nexec sleep 60\n")
    program.chmod(0o755)
    process = subprocess.Popen(
        [*PROGRAM, "verify"],
        cwd=world,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(world, PATH=f"{program.parent}:{os.environ['PATH']}", TMPDIR=str(scratch)),
    )
    deadline = time.monotonic() + 20
    while not (world / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert list(scratch.glob("qtctl-verify-*/root/etc"))
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert list(scratch.iterdir()) == []


BROKEN = """
import sys, qtctl.registry.load
def load(files):
    raise ZeroDivisionError("a bug\\nin two lines")
qtctl.registry.load.load = load
sys.argv = ["qtctl", "lint", *sys.argv[1:]]
from qtctl.__main__ import main
main()
"""


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug(debug: bool, world: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", BROKEN, *(["--debug"] if debug else [])],
        cwd=world,
        capture_output=True,
        text=True,
        env=environment(world),
        timeout=30,
        check=False,
    )
    *trace, line = process.stderr.splitlines()
    assert (process.returncode, process.stdout) == (70, "")
    assert line == (
        "error: internal error: ZeroDivisionError: a bug in two lines "
        "(a bug of qtctl: please report it, with what --debug shows)"
    )
    assert bool(trace) == debug
    assert debug == ("Traceback (most recent call last):" in process.stderr)


def test_debug_shows_where_an_error_of_input_comes_from(world: Path) -> None:
    (world / "registry/fleet.toml").write_text("x")
    assert "Traceback" not in qtctl(world, "lint").err
    for argv in (("--debug", "lint"), ("lint", "--debug")):
        ran = qtctl(world, *argv)
        assert ran.code == 2
        assert "Traceback" in ran.err
        assert ran.err.splitlines()[-1].startswith("error: fleet.toml:1: not TOML")


def test_help_lists_the_commands_in_the_order_of_work(world: Path) -> None:
    ran = qtctl(world, "--help")
    assert (ran.code, ran.err) == (0, "")
    commands = [line.split()[1] for line in ran.out.splitlines() if line.startswith("│ ") and line[2] != " "]
    named = [command for command in commands if not command.startswith("-")]
    assert named == list(list_names())
    assert "python -m" not in ran.out


@pytest.mark.parametrize("group", [(), ("lab",), ("report",)])
def test_a_group_alone_shows_its_help(group: tuple[str, ...], world: Path) -> None:
    ran = qtctl(world, *group)
    assert (ran.code, ran.err) == (2, "")
    assert ran.out.split()[:2] == ["Usage:", "qtctl"]
