"""Functions of the host's scripts, run on a folder that stands for the host's /var/lib/qtctl."""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from qtctl.apply.generation import make_input
from qtctl.remote.scripts import read_script


def write_script(base: Path, parts: Sequence[str], commands: str) -> str:
    """The commands, with the functions of these scripts before them. Nothing is written to the journal."""
    head = f"{make_input(1)}\nbase={shlex.quote(str(base))} store={shlex.quote(str(base / 'store'))}\n"
    return head + "\n".join(map(read_script, parts)) + f"\nlogger() {{ cat >/dev/null; }}\n{commands}\n"


def run_script(script: str, shell: str = "dash") -> subprocess.CompletedProcess[str]:
    return subprocess.run([shell], input=script, capture_output=True, text=True, check=False, timeout=20)


def shut_down_once_ready(script: str) -> None:
    """Run it until it prints `ready`, and end it as a shutdown does.

    systemd sends SIGTERM once to each process of a session, and looks again for those that have been started meanwhile.
    """
    signalled: set[int] = set()
    with subprocess.Popen(["dash", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as running:
        assert running.stdout is not None
        assert b"ready\n" in iter(running.stdout.readline, b"")
        while running.poll() is None:
            found = subprocess.run(["ps", "-o", "pid=", "-s", str(running.pid)], stdout=subprocess.PIPE, check=False)
            for pid in {int(each) for each in found.stdout.split()} - signalled:
                signalled.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)


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
