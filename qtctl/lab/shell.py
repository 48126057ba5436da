"""Run commands on this machine. If one fails, the LabError has its output."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from qtctl.dialects.lines import split_lines
from qtctl.errors import LabError

TAIL_LINES = 5


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout_s: float = 60,
    env: Mapping[str, str] | None = None,
    hint: str = "",
) -> bytes:
    """Run a command and return its standard output. If it fails, LabError has the last lines of its error output."""
    try:
        done = subprocess.run(
            list(argv), input=stdin, capture_output=True, timeout=timeout_s, env=make_environment(env), check=False
        )
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed on this machine", hint="qtctl lab up --install") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(argv)} did not end in {timeout_s:g} s", hint=hint) from error
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)} failed ({done.returncode}): {read_tail(done.stderr)}", hint=hint)
    return done.stdout


def make_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with the C locale and the system's program folders on PATH."""
    path = os.environ.get("PATH", "")
    return {**os.environ, "LC_ALL": "C", "PATH": f"{path}:/usr/sbin:/usr/bin:/sbin:/bin", **(extra or {})}


def read_tail(output: bytes) -> str:
    said = [line.strip() for line in split_lines(output.decode(errors="replace")) if line.strip()]
    return "; ".join(said[-TAIL_LINES:]) or "no output"
