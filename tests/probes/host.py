"""Runs probes on this machine by sh, as root or as an ordinary user."""

import subprocess
from collections.abc import Sequence

from qtctl.probes.answer import Answer
from qtctl.probes.batch import Frame, Probe, make_script, split_frames

MARKER = "0123456789abcdef0123"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


def ask(probe: Probe, prefix: Sequence[str] = ()) -> list[Answer]:
    text = make_script(probe.commands, MARKER).encode()
    done = subprocess.run([*prefix, "sh", "-s"], input=text, capture_output=True, check=True, cwd="/")
    answers = split_frames(len(probe.commands), MARKER, done.stdout, done.stderr)
    further = probe.then(answers) if probe.then else None
    return ask(further, prefix) if further else probe.parse(answers)


def frame(stdout: bytes = b"", stderr: bytes = b"", exit_: int = 0) -> Frame:
    return Frame(exit_, stdout, stderr, 0.0, 0.0)
