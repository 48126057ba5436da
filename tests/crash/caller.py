"""The caller of a deploy, in a process of its own that is forked from one which has loaded all modules.

With points, something happens at steps of the host's scripts: see points.sh.
"""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

from qtctl.apply import generation
from qtctl.cli.exits import choose_deploy_exit, choose_error_exit
from qtctl.errors import QtctlError
from qtctl.model.events import Event
from qtctl.plan.outcome import DeployOutcome
from qtctl.remote.scripts import read_script
from qtctl.reports.deploy_text import describe_problems

Act = Callable[[Callable[[Event], None]], DeployOutcome]
"""What it does, given where progress goes."""


class Caller:
    """A process that does `act` and exits as qtctl would. `lease_s`: how long the host waits for it."""

    def __init__(self, act: Act, *, points: bool = False, lease_s: int = generation.LEASE_S) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self.code: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become(act, self._said.fileno(), points=points, lease_s=lease_s)

    def poll(self) -> int | None:
        """The exit status (negative: the signal that ended it), or None while it runs."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, timeout_s: float) -> int:
        until = time.monotonic() + timeout_s
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"the caller did not end in {timeout_s} s: {self.said}")
            time.sleep(0.05)
        return code

    @property
    def said(self) -> str:
        self._said.seek(0)
        return self._said.read().decode()


def _become(act: Act, out: int, *, points: bool, lease_s: int) -> NoReturn:
    code = 70
    try:
        os.dup2(out, 1)
        os.dup2(out, 2)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        setattr(generation, "LEASE_S", lease_s)  # noqa: B010 - for this process alone
        if points:
            _inject()
        code = _exit_of(act)
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - it must not go on as its parent
        os.write(2, traceback.format_exc().encode())
    os._exit(code)


def _exit_of(act: Act) -> int:
    try:
        outcome = act(lambda event: _say(f"{event.stage} {event.detail}"))
    except QtctlError as error:
        _say(str(error))
        return choose_error_exit(error)
    _say("\n".join(describe_problems(outcome)))
    return choose_deploy_exit(outcome)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _inject() -> None:
    """Every step of the host's scripts that changes something goes through points.sh."""
    read, points = read_script, (Path(__file__).parent / "points.sh").read_text()

    def with_points(name: str) -> str:
        return read(name) + (points if name == "transaction.sh" else "")

    setattr(generation, "read_script", with_points)  # noqa: B010 - the module's own name, for this process alone
