"""Commands inside a host: run to the end, or ended with all that they started.

They get what the host's own processes have: its namespaces, cgroup and capabilities, and nothing of this machine but
the input and output that they are given: no variable, no terminal, no key of whoever calls.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import capabilities, cgroups, kernel, terminal
from qtctl.lab.child_processes import children
from qtctl.lab.processes import POLL_S, Process

REAP_S = 5
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def enter(leader: Process) -> tuple[str, ...]:
    """What to put before a command that runs inside the host whose PID 1 `leader` is. LabError where it has ended.

    Its root is named beside its namespaces: on a machine that is itself a chroot, that of the namespace is another.
    """
    try:
        cgroup = cgroups.entrance(leader.pid)
        shifted = _user_namespace(leader.pid) != _user_namespace(os.getpid())
    except (FileNotFoundError, ProcessLookupError) as error:
        raise LabError("the host has just ended", hint="qtctl lab list") from error
    nsenter = ("nsenter", "-t", str(leader.pid))
    # The first waits outside; what it starts has a pid in there, and can so be in a cgroup that is seen in there.
    join = f"echo 0 > {shlex.quote(str(cgroup))}/cgroup.procs && " if cgroup else ""
    joined = (*nsenter, "-p", "--", "/bin/sh", "-c", f'{join}unset PWD && exec "$@"', "sh")
    others = (*nsenter, *(("-U",) if shifted else ()), "-m", "-u", "-i", "-n", "-C", "-r", "-w", "--")
    bounded = _bounded(leader.pid)
    # In a user namespace of its own, a process has all capabilities over that anew: they go once it is in there.
    # In this machine's, they go before it is seen in there: the host's root could take them over.
    return (*joined, *others, *bounded) if shifted else (*bounded, *joined, *others)


def _user_namespace(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/user").readlink())


def _bounded(leader: int) -> tuple[str, ...]:
    """Take away the capabilities that the host's PID 1 cannot have."""
    mine, its = (capabilities.bounding_set(pid) for pid in (os.getpid(), leader))
    lacking = [number for number in range((mine | its).bit_length()) if not its >> number & 1]
    if not lacking:
        return ()
    return ("/usr/bin/setpriv", f"--bounding-set={','.join(f'-cap_{number}' for number in lacking)}", "--inh-caps=-all")


def execute(
    name: str, leader: Process, argv: Sequence[str], *, stdin: bytes | None = None, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root inside host `name`, whatever its exit status. LabError where `timeout_s` passes."""
    _leave_keys()
    process = subprocess.Popen(
        [*enter(leader), *argv],
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
    )
    with process:
        terminal.give_pipes(process, _owner(leader))
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

    At a terminal the command has one of its own, as over ssh: an interrupt is the command's, not ours.
    """
    _leave_keys()
    code = terminal.run([*enter(leader), *argv], _environment(), _owner(leader), end)
    return code if code >= 0 else 128 - code


def _owner(leader: Process) -> int:
    """Who root of the host is on this machine."""
    try:
        return Path(f"/proc/{leader.pid}").stat().st_uid
    except FileNotFoundError:
        return 0  # it has just ended, and with it the command


def _leave_keys() -> None:
    """Where the kernel refuses it, it refuses the command the use of keys too."""
    with contextlib.suppress(OSError):
        kernel.leave_session_keyring()


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb")}


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
