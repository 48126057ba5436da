"""Functions of the host's scripts, run on a folder that stands for the host's /var/lib/qtctl."""

import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from qtctl.apply.generation import make_input
from qtctl.remote.scripts import read_script


def write_script(base: Path, parts: Sequence[str], commands: str) -> str:
    """The commands, with the functions of these scripts before them. Nothing is written to the journal."""
    head = f"{make_input(1)}\nbase={shlex.quote(str(base))} store={shlex.quote(str(base / 'store'))}\n"
    return head + "\n".join(map(read_script, parts)) + f"\nlogger() {{ cat >/dev/null; }}\n{commands}\n"


def run_script(script: str, shell: str = "dash") -> subprocess.CompletedProcess[str]:
    return subprocess.run([shell], input=script, capture_output=True, text=True, check=False, timeout=20)


@contextmanager
def hold_lock(path: Path, seconds: float) -> Iterator[None]:
    """Another process has the lock when the block begins, and keeps it for so long."""
    argv = ["flock", str(path), "sh", "-c", f"echo held; exec sleep {seconds}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield


def write_generation(base: Path, number: int, fleet: str, outcome: str = "confirmed", installs: str = "") -> Path:
    home = base / "gen" / str(number)
    home.mkdir(parents=True)
    for name, text in (("about", f"fleet {fleet}\n"), ("steps", ""), ("files", ""), ("installs", installs)):
        (home / name).write_text(text)
    (home / "word").write_text("abc\n")
    (home / "trail").write_text('"by":"ann"\n')
    (home / "fields").write_text("DEPLOY_BY=ann\n")
    if outcome:
        (home / "outcome").write_text(f"{outcome}\n")
    return home
