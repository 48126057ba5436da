"""A cgroup of its own for each host, on every hierarchy a machine may have."""

import contextlib
import time
from enum import StrEnum
from pathlib import Path

from qtctl.dialects.lines import lines
from qtctl.errors import LabError
from qtctl.lab import devices
from qtctl.lab.state import label

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "qtctl-lab-"
PAYLOAD, EXEC = "payload", "exec"
"""What systemd-nspawn makes for the host beside its own, and in there: commands that were started from here."""
MAX_TASKS = 8192
REMOVE_TRIES = 100
REMOVE_PAUSE_S = 0.02


class Hierarchy(StrEnum):
    """systemd: the machine's own PID 1 hands out cgroups. Otherwise they are made by hand."""

    SYSTEMD = "systemd"
    UNIFIED = "unified"
    HYBRID = "hybrid"


def detect(mount: Path = MOUNT, booted: Path = Path("/run/systemd/system")) -> Hierarchy:
    """LabError on a machine without a hierarchy that systemd could use."""
    if booted.is_dir():
        return Hierarchy.SYSTEMD
    if (mount / "cgroup.controllers").is_file():
        return Hierarchy.UNIFIED
    if (mount / "systemd/cgroup.procs").is_file():
        return Hierarchy.HYBRID
    raise LabError("no cgroup hierarchy for systemd on this machine", hint=f"mount cgroup2 on {mount}")


def folders(name: str, hierarchy: Hierarchy, mount: Path = MOUNT) -> tuple[Path, ...]:
    """The cgroups that host `name` gets, none where systemd makes them."""
    own = f"{PREFIX}{label(name)}"
    if hierarchy is Hierarchy.SYSTEMD:
        return ()
    if hierarchy is Hierarchy.UNIFIED:
        return (mount / own,)
    beside = (mount / other for other in ("unified", "pids"))
    return (mount / "systemd" / own, *(other / own for other in beside if other.is_dir()))


def create(name: str, hierarchy: Hierarchy) -> tuple[Path, ...]:
    """Make them, with the limits that this machine's controllers allow, and give them."""
    made = folders(name, hierarchy)
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
    """Keep the host, before it starts, from this machine's devices. '' where that holds, or why it does not."""
    if hierarchy is Hierarchy.SYSTEMD:
        return ""  # its scope says so
    unified = [folder for folder in folders(name, hierarchy) if (folder / "cgroup.controllers").is_file()]
    return devices.restrict(unified[0]) if unified else "this machine has no unified cgroup hierarchy"


def make_exec_cgroup(leader: int, mount: Path = MOUNT, of: Path = Path("/proc")) -> Path | None:
    """A cgroup for commands that are started from here inside the host whose PID 1 is `leader`, made if need be.

    It is the host's: its device policy holds there, it goes with the host, and the host's systemd can move the command
    on, to the scope of a session. Only in the hierarchy that the host sees: to enter a cgroup takes milliseconds. None
    where the lab made no cgroup for the host.
    """
    text = (of / str(leader) / "cgroup").read_bytes().decode("utf-8", "replace")
    paths = dict(line.split(":", 2)[1:] for line in lines(text))
    unified = mount / "unified"
    own = _find_host_part(paths.get("", "").split("/"))
    if not own:
        return None
    made = (unified if unified.is_dir() else mount) / own / EXEC
    made.mkdir(exist_ok=True)
    return made


def _find_host_part(parts: list[str]) -> str:
    """The part of a cgroup's path that is all of the host's, '' where it is in no cgroup of the lab's making."""
    at = next((at for at, part in enumerate(parts) if part.startswith(PREFIX)), None)
    if at is None:
        return ""
    return "/".join(parts[1 : at + (2 if parts[at + 1 : at + 2] == [PAYLOAD] else 1)])


def build_launcher(name: str, hierarchy: Hierarchy) -> tuple[str, ...]:
    """What to put before systemd-nspawn's own command line. It replaces itself by the command: the pid stays."""
    if hierarchy is not Hierarchy.SYSTEMD:
        return ()
    scope = ("systemd-run", "--scope", "--quiet", "--collect", f"--unit={PREFIX}{label(name)}-{time.monotonic_ns()}")
    return (*scope, "--property=Delegate=yes", f"--property=TasksMax={MAX_TASKS}", *devices.SCOPE, "--")


def remove(name: str, hierarchy: Hierarchy) -> None:
    """Take away the emptied cgroups of an ended host, deepest first. LabError where processes are left in them."""
    for folder in folders(name, hierarchy):
        for _ in range(REMOVE_TRIES):
            _remove_tree(folder)
            if not folder.is_dir():
                break
            time.sleep(REMOVE_PAUSE_S)  # the kernel empties a killed cgroup a moment after its processes ended
        else:
            raise LabError(f"{folder} still has processes", hint="see its cgroup.procs")


def _remove_tree(folder: Path) -> None:
    if not folder.is_dir():
        return
    for child in sorted((p for p in folder.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)):
        with contextlib.suppress(OSError):
            child.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
