"""A cgroup of its own for each host, on every hierarchy a machine may have."""

import contextlib
import time
from enum import StrEnum
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab.state import label

MOUNT = Path("/sys/fs/cgroup")
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
    own = f"qtctl-lab-{label(name)}"
    if hierarchy is Hierarchy.SYSTEMD:
        return ()
    if hierarchy is Hierarchy.UNIFIED:
        return (mount / own,)
    unified = mount / "unified"
    return (mount / "systemd" / own, *((unified / own,) if unified.is_dir() else ()))


def create(name: str, hierarchy: Hierarchy) -> tuple[Path, ...]:
    made = folders(name, hierarchy)
    for folder in made:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise LabError(
                f"{folder}: {error.strerror}", hint="cgroups must be writable: a privileged container"
            ) from error
    return made


def launcher(name: str, hierarchy: Hierarchy) -> tuple[str, ...]:
    """What to put before systemd-nspawn's own command line. It replaces itself by the command: the pid stays."""
    if hierarchy is not Hierarchy.SYSTEMD:
        return ()
    scope = ("systemd-run", "--scope", "--quiet", "--collect", f"--unit=qtctl-lab-{label(name)}-{time.monotonic_ns()}")
    return (*scope, "--property=Delegate=yes", "--")


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
