"""The disk of a lab host: an overlay with its own upper layer, over the shared root file system.

On this machine it is mounted nosuid and nodev; the host boots from a separate mount that is not nosuid. The upper layer
may be in memory, with a size that can be changed: such a disk can be full without filling this machine's.
"""

import os
import shutil
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import mounts, private, userns
from qtctl.lab.shell import run
from qtctl.lab.state import ensure_own_state, locate_host

INSIDE = "suid,nodev"
FILL_TRIES = 20


def locate_root(name: str) -> Path:
    return locate_host(name) / "root"


def locate_layers(name: str) -> Path:
    """The folder with the upper layer: the host's own, or a disk in memory that is mounted there."""
    memory = _locate_memory(name)
    return memory if memory.is_dir() else locate_host(name)


def _locate_memory(name: str) -> Path:
    return locate_host(name) / "memory"


def create(name: str, rootfs: Path, *, size_mib: int = 0) -> bool:
    """Create a new disk and mount it. Returns True for an overlay, False for a copy if the kernel refuses overlays.

    `size_mib`: of a disk in memory; 0: its files are on this machine's disk. A copy is always there.
    """
    _make_folders(name, size_mib)
    try:
        _mount_overlay(name, rootfs)
    except LabError:
        # No overlay on overlay: a state folder inside a container's own root cannot hold the upper layer.
        run(["cp", "--archive", "--reflink=auto", f"{rootfs}/.", str(locate_root(name))], timeout_s=300)
        mounts.restrict(locate_root(name))
        return False
    return True


def mount(name: str, rootfs: Path, *, overlay: bool) -> None:
    """Mount the disk of a host whose folders exist, unless it is mounted already."""
    if is_mounted(name):
        return
    if overlay:
        _mount_overlay(name, rootfs)
    else:
        mounts.restrict(locate_root(name))


def shift(name: str, shifted: int, *, overlay: bool) -> None:
    """Shift the owners of what we wrote to the host's uids, unless it has no user namespace."""
    if not shifted:
        return
    if overlay:
        userns.shift_written(locate_root(name), locate_layers(name) / "upper", shifted)
    else:
        userns.shift(locate_root(name), shifted)


def build_boot_prefix(name: str) -> list[str]:
    """The command prefix that boots from the disk in a mount namespace where setuid programs such as sudo work.

    It execs the command, so the pid stays.
    """
    remount = f'mount -o remount,bind,{INSIDE} "$0" && exec "$@"'
    return ["unshare", "--mount", "--propagation", "slave", "sh", "-c", remount, str(locate_root(name))]


def _mount_overlay(name: str, rootfs: Path) -> None:
    if not rootfs.is_dir():
        raise LabError(f"{rootfs}, which {name} runs on, is gone", hint=f"qtctl lab down {name}")
    folder = locate_layers(name)
    options = f"{mounts.RESTRICTED},lowerdir={rootfs},upperdir={folder}/upper,workdir={folder}/work"
    run(["mount", "-t", "overlay", "-o", options, f"qtctl-lab-{name}", str(locate_root(name))])


def is_mounted(name: str) -> bool:
    """Whether the disk is mounted."""
    return mounts.is_mounted(locate_root(name))


def unmount(name: str) -> None:
    for each in (locate_root(name), _locate_memory(name)):
        if mounts.is_mounted(each):
            run(["umount", "--recursive", str(each)], hint="see what uses it: fuser -vm")


def remove(name: str) -> None:
    """Unmount the disk and delete it."""
    unmount(name)
    if locate_host(name).is_dir():
        shutil.rmtree(locate_host(name))


def fill(name: str) -> None:
    """Take away all free space of a disk in memory. LabError for another disk."""
    memory = _locate_memory(name)
    if not mounts.is_mounted(memory):
        raise LabError(f"{name}: its disk is not in memory, and is not filled", hint="it would fill this machine's")
    for tries_left in reversed(range(FILL_TRIES)):
        found = os.statvfs(memory)
        try:
            _resize(memory, f"{(found.f_blocks - found.f_bfree) * found.f_frsize}")
        except LabError:  # the host has just written more
            if not tries_left:
                raise
        else:
            return


def free(name: str, size_mib: int) -> None:
    """Give a disk in memory its size again."""
    _resize(_locate_memory(name), f"{size_mib}m")


def _resize(memory: Path, size: str) -> None:
    run(["mount", "-o", f"remount,size={size}", str(memory)])


def _make_folders(name: str, size_mib: int) -> None:
    ensure_own_state()
    folder = private.ensure_private_folder(locate_host(name))
    layers = _mount_memory(name, size_mib) if size_mib else folder
    for part in (layers / "upper", layers / "work", folder / "root"):
        part.mkdir(exist_ok=True)
    for part in (layers / "upper", folder / "root"):
        part.chmod(0o755)


def _mount_memory(name: str, size_mib: int) -> Path:
    """The folder for the layers: a disk in memory, or the host's own folder if this machine mounts none."""
    memory = _locate_memory(name)
    memory.mkdir(exist_ok=True)
    options = f"{mounts.RESTRICTED},size={size_mib}m,mode=0700"
    try:
        run(["mount", "-t", "tmpfs", "-o", options, f"qtctl-lab-{name}", str(memory)])
    except LabError:
        memory.rmdir()
        return locate_host(name)
    return memory
