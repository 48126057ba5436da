"""The disk of a lab host: an overlay with its own upper layer, over the shared root file system.

On this machine it is mounted nosuid and nodev; the host boots from a separate mount that is not nosuid.
"""

import shutil
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import mounts, private, userns
from qtctl.lab.shell import run
from qtctl.lab.state import ensure_own_state, locate_host

INSIDE = "suid,nodev"


def locate_root(name: str) -> Path:
    return locate_host(name) / "root"


def create(name: str, rootfs: Path) -> bool:
    """Create a new disk and mount it. Returns True for an overlay, False for a copy if the kernel refuses overlays."""
    _make_folders(name)
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
        userns.shift_written(locate_root(name), locate_host(name) / "upper", shifted)
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
    folder = locate_host(name)
    options = f"{mounts.RESTRICTED},lowerdir={rootfs},upperdir={folder}/upper,workdir={folder}/work"
    run(["mount", "-t", "overlay", "-o", options, f"qtctl-lab-{name}", str(locate_root(name))])


def is_mounted(name: str) -> bool:
    """Whether the disk is mounted."""
    return mounts.is_mounted(locate_root(name))


def unmount(name: str) -> None:
    if is_mounted(name):
        run(["umount", "--recursive", str(locate_root(name))], hint="see what uses it: fuser -vm")


def remove(name: str) -> None:
    """Unmount the disk and delete it."""
    unmount(name)
    if locate_host(name).is_dir():
        shutil.rmtree(locate_host(name))


def _make_folders(name: str) -> None:
    ensure_own_state()
    folder = private.ensure_private_folder(locate_host(name))
    for part in ("upper", "work", "root"):
        (folder / part).mkdir(exist_ok=True)
    for part in ("upper", "root"):
        (folder / part).chmod(0o755)
