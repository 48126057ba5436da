"""Processes the lab started: known by pid and start time, so that none other is ever signalled."""

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
    """`started` in clock ticks since the machine's boot: pid and start time together are never used twice."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        fields = _stat(self.pid)
        return fields is not None and int(fields[START_FIELD]) == self.started and not _ended(self.pid, fields)

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


def process(pid: int) -> Process | None:
    fields = _stat(pid)
    return None if fields is None or _ended(pid, fields) else Process(pid, int(fields[START_FIELD]))


def _ended(pid: int, fields: list[str]) -> bool:
    """Whether nothing of it is left but its number.

    The PID 1 of a host is no zombie before all dead processes of its namespace have been reaped. A parent outside that
    does not do so keeps it waiting for ever; it gave its memory, files and namespaces back before that.
    """
    return fields[STATE_FIELD] in "ZX" or not _has_namespaces(pid)


def _has_namespaces(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/ns/mnt").readlink()
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # another account's: not ours to see
    return True


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return text.rpartition(b")")[2].decode("ascii").split()  # what is before it is any bytes: the program's name
