"""docs/tutorial.md, followed as it stands: in an empty folder, at a terminal, with a lab of its own."""

import os
import pty
import re
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.docs.pages import ROOT, TUTORIAL, commands
from tests.docs.test_commands import INSTALL, README, readme_command
from tests.machine import own_lab

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
EXITS = re.compile(r"# exits with ([0-9]+)")
PIP = "python3 -m venv "
SHORTENED = "…"
WAIT_S = 120
SIZE = {"COLUMNS": "100", "LINES": "60", "TERM": "xterm"}


@dataclass
class Reader:
    """Who follows the page. `folder`: where `cd` led to."""

    folder: Path
    env: dict[str, str]

    def run(self, command: str) -> str:
        """What stands in the terminal afterwards. The reader agrees to whatever is asked."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        expected = EXITS.search(command)
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            ["sh", "-c", command], cwd=self.folder, env={**os.environ, **self.env, **SIZE}, stdin=theirs, stdout=theirs,
            stderr=subprocess.DEVNULL, start_new_session=True,
        ) as running:  # fmt: skip
            os.close(theirs)
            os.write(ours, b"y\n")
            shown = CONTROL.sub("", b"".join(read_terminal(ours)).decode())
            code = running.wait(WAIT_S)
        os.close(ours)
        assert code == int(expected[1] if expected else 0), f"$ {command}\n{shown}"
        return shown


def read_terminal(descriptor: int) -> Iterator[bytes]:
    """Until nobody writes to it any more."""
    while select.select([descriptor], [], [], WAIT_S)[0]:
        try:
            yield os.read(descriptor, 65536)
        except OSError:
            return


def is_shown(line: str, shown: str) -> bool:
    """Numbers differ, and digests; a `…` stands for anything."""
    parts = (re.sub(r"[0-9]+", "[0-9]+", re.escape(part)) for part in line.strip().split(SHORTENED))
    return re.search(rf"^\s*{'.*'.join(parts)}", shown, re.MULTILINE) is not None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    program = tmp_path / "bin" / "qtctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m qtctl "$@"\n'
    )
    program.chmod(0o755)
    (tmp_path / "empty").mkdir()
    with own_lab(tmp_path / "lab"):
        yield Reader(tmp_path / "empty", {"PATH": f"{program.parent}:{os.environ['PATH']}"})
        lab.down([host.name for host in lab.list_hosts()])


@pytest.mark.lab
def test_the_tutorial(reader: Reader) -> None:
    shown = ""
    for kind, text in BLOCK.findall(TUTORIAL.read_text()):
        lines = [line for line in text.splitlines() if line.strip()]
        if kind == "sh":
            shown = "\n".join(reader.run(line) for line in lines if not line.startswith((INSTALL, PIP)))
        else:
            assert [line for line in lines if not is_shown(line, shown)] == [], shown
    assert list(lab.list_hosts()) == []


def test_it_installs_what_the_readme_installs() -> None:
    update, pip = (line for line in commands(TUTORIAL) if line.startswith((INSTALL, PIP)))
    assert readme_command(INSTALL).startswith(f"{update} && "), README
    assert pip.split(" && ")[1].endswith("/bin/pip install .")
