"""Which commit a folder is at, as git itself reports it."""

import os
import subprocess
from pathlib import Path

from qtctl.model.trail import Commit

DEADLINE_S = 5.0
_MOST = 1 << 20
"""Bytes of its answer: a working tree with many changes is as dirty as one with a single change."""
_SAFELY = (
    "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "safe.bareRepository=explicit", "-c", "protocol.allow=never",
)  # fmt: skip
"""Nothing is written or fetched, and no program that the checkout's configuration names as a hook is run.

A bare repository that lies in a checkout is not taken for the one that the checkout is of: its configuration is as
much of a stranger as the checkout is.
"""
_ASK = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=all", "--", ".")


def read_commit(folder: Path) -> Commit:
    """The commit of the working tree that `folder` is in, and whether anything in `folder` differs from it."""
    try:
        with subprocess.Popen(
            ("git", "-C", str(folder.absolute()), *_SAFELY, *_ASK),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_make_environment(),
        ) as asked:
            return _finish(asked)
    except OSError as error:
        return Commit(problem=f"git could not be run: {error.strerror}")


def _make_environment() -> dict[str, str]:
    """This process's environment without variables that point git elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C"}


def _finish(asked: "subprocess.Popen[bytes]") -> Commit:
    try:
        said, complaint = asked.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        asked.kill()
        return Commit(problem=f"git did not answer within {DEADLINE_S:.0f} s")
    if asked.returncode != 0:
        return Commit(problem=complaint.decode("utf-8", "replace").strip().partition("\n")[0] or "git failed")
    return parse(said)


def parse(said: bytes) -> Commit:
    """Parse the output of `git status --porcelain=v2 --branch`."""
    heads = [line for line in said.split(b"\n") if line.startswith(b"# branch.oid ")]
    oid = heads[0].removeprefix(b"# branch.oid ").decode("ascii", "replace") if heads else ""
    dirty = any(line and not line.startswith(b"#") for line in said.split(b"\n"))
    if not oid or not all(each in "0123456789abcdef" for each in oid):
        return Commit(dirty=dirty, problem="it has no commit yet")
    return Commit(oid, dirty)
