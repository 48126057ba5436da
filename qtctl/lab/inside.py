"""Commands inside a host: run to the end, or ended with all that they started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from qtctl.errors import LabError
from qtctl.lab.kin import children
from qtctl.lab.processes import POLL_S, Process
from qtctl.lab.shell import environment

REAP_S = 5
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def enter(leader: Process) -> tuple[str, ...]:
    """What to put before a command that runs inside the host whose PID 1 `leader` is.

    Its root is named beside its namespaces: on a machine that is itself a chroot, that of the namespace is another.
    """
    return ("nsenter", "-t", str(leader.pid), "-a", "-r", "-w", "--")


def execute(
    name: str, leader: Process, argv: Sequence[str], *, stdin: bytes | None = None, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root inside host `name`, whatever its exit status. LabError where `timeout_s` passes."""
    process = subprocess.Popen(
        _command(leader, argv),
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(),
    )
    with process:
        try:
            out, err = process.communicate(stdin, timeout_s)
        except BaseException as error:
            end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise LabError(f"{name}: {argv[0]} did not end in {timeout_s:g} s") from error
            raise
    return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


def attach(leader: Process, argv: Sequence[str]) -> int:
    """As execute, with this process's own input and output, for as long as it takes. Gives the exit status of a shell.

    At a terminal an interrupt is the command's, not ours: it ends a program in a shell there, not the shell.
    """
    alone = not sys.stdin.isatty()
    process = subprocess.Popen(_command(leader, argv), start_new_session=alone, env=environment())
    before = signal.signal(signal.SIGINT, signal.default_int_handler if alone else lambda *_: None)
    try:
        code = process.wait()
    except BaseException:
        end(process)
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _command(leader: Process, argv: Sequence[str]) -> list[str]:
    """`argv` in a clean environment."""
    bare = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}"]
    return [*enter(leader), *bare, *argv]


def end(entered: subprocess.Popen[bytes]) -> None:
    """End a command that `enter` began, and what it started.

    Not its nsenter, which alone can reap the command: reaped by nobody, as on a machine whose PID 1 does not do that
    (a container's often does not), a dead command stays in the host's pid namespace, and the host could never end.
    """
    if entered.returncode is not None:
        return  # it was waited for: its pid may be another's by now
    deadline = time.monotonic() + REAP_S
    while not _ended(entered) and time.monotonic() < deadline:
        for child in children(entered.pid):
            child.send(signal.SIGKILL)
        time.sleep(POLL_S)
    if os.getpgid(entered.pid) == entered.pid:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(entered.pid, signal.SIGKILL)
    entered.kill()
    entered.wait()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it did. It is not waited for: until then its pid, which names its group too, is given to no other."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
