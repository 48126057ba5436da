"""qtctl at a terminal of its own, as a person has it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.world import PROGRAM, environment


@contextmanager
def on_terminal(world: Path, *argv: str, **env: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *argv],
        cwd=world,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(world, **{"COLUMNS": "120", **env}),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield ours, process
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def seen(ours: int, until_text: str | None = None, within_s: float = 20.0) -> str:
    """Everything on the screen until the command ends, or shows `until_text`."""
    text, until = b"", time.monotonic() + within_s
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            text += os.read(ours, 65536)
            if until_text is not None and until_text in text.decode():
                return text.decode()
        except OSError:  # Linux says EIO at the end of a terminal
            return text.decode()
    pytest.fail(f"still runs after {within_s} s: {text.decode()}")
