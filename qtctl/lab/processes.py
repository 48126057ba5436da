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
        return fields is not None and int(fields[START_FIELD]) == self.started and fields[STATE_FIELD] not in "ZX"

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
    return None if fields is None or fields[STATE_FIELD] in "ZX" else Process(pid, int(fields[START_FIELD]))


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return text.rpartition(b")")[2].decode("ascii").split()  # what is before it is any bytes: the program's name


def enter(leader: Process) -> tuple[str, ...]:
    """What to put before a command that runs inside the host whose PID 1 `leader` is.

    Its root is named beside its namespaces: on a machine that is itself a chroot, that of the namespace is another.
    """
    return ("nsenter", "-t", str(leader.pid), "-a", "-r", "-w", "--")
