"""One cgroup per host, on whichever cgroup hierarchy the machine has."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.errors import LabError
from qtctl.lab import devices
from qtctl.lab.processes import Process, find_process
from qtctl.lab.shell import run
from qtctl.lab.state import make_label

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "qtctl-lab-"
PAYLOAD, EXEC = "payload", "exec"
"""The cgroup that systemd-nspawn makes for the host, and ours in it for commands started from this machine."""
MAX_TASKS = 8192
REMOVE_TRIES = 100
REMOVE_PAUSE_S = 0.02


class Hierarchy(StrEnum):
    """`systemd`: PID 1 of this machine manages cgroups. With the others we create them ourselves."""

    SYSTEMD = "systemd"
    UNIFIED = "unified"
    HYBRID = "hybrid"


def detect(mount: Path = MOUNT, booted: Path = Path("/run/systemd/system")) -> Hierarchy:
    """LabError if the machine has no hierarchy that systemd can use."""
    if booted.is_dir():
        return Hierarchy.SYSTEMD
    if (mount / "cgroup.controllers").is_file():
        return Hierarchy.UNIFIED
    if (mount / "systemd/cgroup.procs").is_file():
        return Hierarchy.HYBRID
    raise LabError("no cgroup hierarchy for systemd on this machine", hint=f"mount cgroup2 on {mount}")


def list_cgroups(name: str, hierarchy: Hierarchy, mount: Path = MOUNT) -> tuple[Path, ...]:
    """The cgroups of host `name`; none if systemd creates them."""
    own = f"{PREFIX}{make_label(name)}"
    if hierarchy is Hierarchy.SYSTEMD:
        return ()
    if hierarchy is Hierarchy.UNIFIED:
        return (mount / own,)
    beside = (mount / other for other in ("unified", "pids"))
    return (mount / "systemd" / own, *(other / own for other in beside if other.is_dir()))


def create(name: str, hierarchy: Hierarchy) -> tuple[Path, ...]:
    """Create the cgroups of a host, with the limits that the available controllers support, and return them."""
    made = list_cgroups(name, hierarchy)
    for folder in made:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise LabError(
                f"{folder}: {error.strerror}", hint="cgroups must be writable: a privileged container"
            ) from error
        limit = folder / "pids.max"
        if limit.exists():
            limit.write_text(f"{MAX_TASKS}\n")
    return made


def restrict_devices(name: str, hierarchy: Hierarchy) -> str:
    """Deny the host access to this machine's devices before it starts. Returns '', or why that is not possible."""
    if hierarchy is Hierarchy.SYSTEMD:
        return ""  # the properties of its scope do
    unified = [folder for folder in list_cgroups(name, hierarchy) if (folder / "cgroup.controllers").is_file()]
    return devices.restrict(unified[0]) if unified else "this machine has no unified cgroup hierarchy"


def make_exec_cgroup(leader: int, mount: Path = MOUNT, of: Path = Path("/proc")) -> Path | None:
    """The cgroup for commands that are started inside the host with PID 1 `leader`, created if missing.

    It is below the host's cgroup: the host's device policy applies, it is removed with the host, and the host's systemd
    can move the command into the scope of a session. Only in the hierarchy that the host sees, because entering a
    cgroup takes milliseconds. None if the lab made no cgroup for the host.
    """
    text = (of / str(leader) / "cgroup").read_bytes().decode("utf-8", "replace")
    paths = dict(line.split(":", 2)[1:] for line in split_lines(text))
    unified = mount / "unified"
    own = _find_host_part(paths.get("", "").split("/"))
    if not own:
        return None
    made = (unified if unified.is_dir() else mount) / own / EXEC
    made.mkdir(exist_ok=True)
    return made


def _find_host_part(parts: list[str]) -> str:
    """The host's own cgroup in a cgroup path, '' if the path has none of the lab's cgroups."""
    at = next((at for at, part in enumerate(parts) if part.startswith(PREFIX)), None)
    if at is None:
        return ""
    return "/".join(parts[1 : at + (2 if parts[at + 1 : at + 2] == [PAYLOAD] else 1)])


def build_launcher(name: str, hierarchy: Hierarchy) -> tuple[str, ...]:
    """The command prefix that starts systemd-nspawn in a scope. It execs the command, so the pid stays."""
    if hierarchy is not Hierarchy.SYSTEMD:
        return ()
    scope = (
        "systemd-run",
        "--scope",
        "--quiet",
        "--collect",
        f"--unit={PREFIX}{make_label(name)}-{time.monotonic_ns()}",
    )
    return (*scope, "--property=Delegate=yes", f"--property=TasksMax={MAX_TASKS}", *devices.SCOPE, "--")


def kill_all(name: str, hierarchy: Hierarchy) -> None:
    """Kill every process in the cgroups of a host. What is started there meanwhile is killed too."""
    if hierarchy is Hierarchy.SYSTEMD:
        with contextlib.suppress(LabError):  # no scope matches: nothing runs
            run(["systemctl", "kill", "--signal=SIGKILL", f"{PREFIX}{make_label(name)}-*.scope"])
        return
    for _ in range(REMOVE_TRIES):
        found = {pid for folder in list_cgroups(name, hierarchy) for pid in _list_processes(folder)}
        for process in found:
            process.send(signal.SIGKILL)
        if not any(process.alive for process in found):
            return
        time.sleep(REMOVE_PAUSE_S)


def _list_processes(folder: Path) -> Iterator[Process]:
    for each in _list_tree(folder):
        with contextlib.suppress(OSError):  # a cgroup that was just removed
            pids = (each / "cgroup.procs").read_text().split()
            yield from (found for pid in pids if (found := find_process(int(pid))) is not None)


def _list_tree(folder: Path) -> list[Path]:
    """The cgroup and all below it, deepest first. The host may remove some meanwhile: os.walk does not mind."""
    return [Path(at) for at, _, _ in os.walk(folder, topdown=False)]


def remove(name: str, hierarchy: Hierarchy) -> None:
    """Remove the cgroups of an ended host, deepest first. LabError if processes are left in them."""
    for folder in list_cgroups(name, hierarchy):
        for _ in range(REMOVE_TRIES):
            _remove_tree(folder)
            if not folder.is_dir():
                break
            time.sleep(REMOVE_PAUSE_S)  # the kernel empties a killed cgroup a moment after its processes ended
        else:
            raise LabError(f"{folder} still has processes", hint="see its cgroup.procs")


def _remove_tree(folder: Path) -> None:
    for each in _list_tree(folder):
        with contextlib.suppress(OSError):
            each.rmdir()
