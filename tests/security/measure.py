"""The qtctl command as a process of its own, and what memory it used."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.world import PROGRAM

MOST_MEMORY = 300 * 1024
"""KiB, of the command and of the process that it asks a host with, whichever has more."""
_MEASURE = """import json, resource, subprocess, sys
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
json.dump([done.returncode, done.stdout.decode(), done.stderr.decode(), used], open(sys.argv[1], "w"))
"""
"""In a small process of its own: what a child is said to have used counts from what forked it."""


@dataclass(frozen=True)
class Measured:
    """`memory` in KiB."""

    code: int
    out: str
    err: str
    memory: int
    took_s: float


def measured(argv: Sequence[str], result: Path, cwd: Path, env: Mapping[str, str]) -> Measured:
    """`result`: a file that is written."""
    command, began = [sys.executable, "-c", _MEASURE, str(result), *PROGRAM, *argv], time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, timeout=90, env=dict(env))
    code, out, err, used = json.loads(result.read_text())
    return Measured(code, out, err, used, time.monotonic() - began)
