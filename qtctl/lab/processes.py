"""Processes the lab started, identified by pid and start time, so that no other process is ever signalled."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.01
STATE_FIELD, PARENT_FIELD, START_FIELD = 0, 1, 19
"""Fields of /proc/PID/stat behind the program's name (proc(5) counts from 1, the name is its second)."""


@dataclass(frozen=True, slots=True)
class Process:
    """`started`: in clock ticks since boot. Pid and start time together are unique."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        fields = _read_stat(self.pid)
        return fields is not None and int(fields[START_FIELD]) == self.started and not _has_ended(self.pid, fields)

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it is still the process that was started."""
        if not self.alive:
            return
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return  # it ended between the look and the signal

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


def find_process(pid: int) -> Process | None:
    fields = _read_stat(pid)
    return None if fields is None or _has_ended(pid, fields) else Process(pid, int(fields[START_FIELD]))


def _has_ended(pid: int, fields: list[str]) -> bool:
    """Whether nothing but its pid is left.

    A host's PID 1 becomes a zombie only after all dead processes of its pid namespace have been reaped, which never
    happens if their parent outside does not reap them. By then it has released its memory, files and namespaces.
    """
    return fields[STATE_FIELD] in "ZX" or not _has_namespaces(pid)


def _has_namespaces(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/ns/mnt").readlink()
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # it belongs to another account
    return True


def _read_stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return (
        text.rpartition(b")")[2].decode("ascii").split()
    )  # before it is the program's name, which can contain any bytes
