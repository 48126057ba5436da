"""Run commands inside a host, and kill them with everything they started.

They get the host's namespaces, cgroup and capabilities. From this machine they get only their input and output: no
environment variable, terminal or key of the caller.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from qtctl.dialects.systemd.program_folders import FOLDERS
from qtctl.errors import LabError
from qtctl.lab import capabilities, cgroups, kernel, terminal
from qtctl.lab.child_processes import list_children
from qtctl.lab.processes import POLL_S, Process

REAP_S = 5
PATH = ":".join(FOLDERS)


def enter(leader: Process) -> tuple[str, ...]:
    """The command prefix that enters the host with PID 1 `leader`. LabError if the host has ended.

    It also enters the root directory (-r): on a machine that is itself a chroot, the mount namespace has another root.
    """
    try:
        cgroup = cgroups.make_exec_cgroup(leader.pid)
        shifted = _find_user_namespace(leader.pid) != _find_user_namespace(os.getpid())
    except (FileNotFoundError, ProcessLookupError) as error:
        raise LabError("the host has just ended", hint="qtctl lab list") from error
    nsenter = ("nsenter", "-t", str(leader.pid))
    # The first nsenter stays outside; its child has a pid in the host, so the host can see it in its cgroup.
    join = f"echo 0 > {shlex.quote(str(cgroup))}/cgroup.procs && " if cgroup else ""
    joined = (*nsenter, "-p", "--", "/bin/sh", "-c", f'{join}unset PWD && exec "$@"', "sh")
    others = (*nsenter, *(("-U",) if shifted else ()), "-m", "-u", "-i", "-n", "-C", "-r", "-w", "--")
    bounded = _build_bounding_set(leader.pid)
    # Entering a user namespace gives a process all capabilities in it, so they are dropped after that.
    # Without one they are dropped before the host can see the process: its root could take them over.
    return (*joined, *others, *bounded) if shifted else (*bounded, *joined, *others)


def _find_user_namespace(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/user").readlink())


def _build_bounding_set(leader: int) -> tuple[str, ...]:
    """The command prefix that drops the capabilities that the host's PID 1 cannot have."""
    mine, its = (capabilities.read_bounding_set(pid) for pid in (os.getpid(), leader))
    lacking = [number for number in range((mine | its).bit_length()) if not its >> number & 1]
    if not lacking:
        return ()
    return ("/usr/bin/setpriv", f"--bounding-set={','.join(f'-cap_{number}' for number in lacking)}", "--inh-caps=-all")


def execute(
    name: str, leader: Process, argv: Sequence[str], *, stdin: bytes | None = None, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root inside host `name`; any exit status is returned. LabError after `timeout_s`."""
    _leave_keyring()
    piped = (terminal.OUT, terminal.ERR) if stdin is None else (terminal.IN, terminal.OUT, terminal.ERR)
    with terminal.start_with_pipes(
        [*enter(leader), *argv], _build_environment(), _find_root_uid(leader), piped, subprocess.DEVNULL
    ) as process:
        try:
            out, err = process.communicate(stdin, timeout_s)
        except BaseException as error:
            end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise LabError(f"{name}: {argv[0]} did not end in {timeout_s:g} s") from error
            raise
    return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


def attach(leader: Process, argv: Sequence[str]) -> int:
    """Like execute, but with this process's input and output and no timeout. Returns the exit status as a shell does.

    At a terminal the command gets its own, as over ssh: Ctrl-C goes to the command, not to us.
    """
    _leave_keyring()
    code = terminal.run([*enter(leader), *argv], _build_environment(), _find_root_uid(leader), end)
    return code if code >= 0 else 128 - code


def _find_root_uid(leader: Process) -> int:
    """The uid on this machine of the host's root."""
    try:
        return Path(f"/proc/{leader.pid}").stat().st_uid
    except FileNotFoundError:
        return 0  # it has just ended, and with it the command


def _leave_keyring() -> None:
    """Leave the caller's session keyring. A kernel that refuses this refuses the command the use of keys too."""
    with contextlib.suppress(OSError):
        kernel.leave_session_keyring()


def _build_environment() -> dict[str, str]:
    return {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb")}


def end(entered: subprocess.Popen[bytes]) -> None:
    """Kill a command that was started with `enter`, and everything it started.

    Its nsenter must not be killed first: only that can reap the command, if PID 1 of this machine does not reap
    orphans (in a container it often does not). A zombie in the host's pid namespace would keep the host from ending.
    """
    if entered.returncode is not None:
        return  # already reaped: its pid may have been reused
    deadline = time.monotonic() + REAP_S
    while not _has_ended(entered) and time.monotonic() < deadline:
        for child in list_children(entered.pid):
            child.send(signal.SIGKILL)
        time.sleep(POLL_S)
    if os.getpgid(entered.pid) == entered.pid:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(entered.pid, signal.SIGKILL)
    entered.kill()
    entered.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended. It is not reaped here, so its pid, which is also its process group, is not reused."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
