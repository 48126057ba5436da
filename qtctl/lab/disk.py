"""The disk of a lab host: what it writes goes to a folder of its own, over the shared root file system."""

import shutil
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab.shell import run
from qtctl.lab.state import host_dir


def root_of(name: str) -> Path:
    return host_dir(name) / "root"


def create(name: str, rootfs: Path) -> bool:
    """A fresh disk, mounted. Gives whether it is an overlay: where the kernel refuses one, it is a copy."""
    _make_folders(name)
    try:
        mount(name, rootfs)
    except LabError:
        # No overlay on overlay: a state folder inside a container's own root cannot hold the upper layer.
        run(["cp", "--archive", "--reflink=auto", f"{rootfs}/.", str(root_of(name))], timeout_s=300)
        return False
    return True


def mount(name: str, rootfs: Path) -> None:
    """Mount the overlay of a host whose folders exist; nothing where it is mounted."""
    if mounted(name):
        return
    if not rootfs.is_dir():
        raise LabError(f"{rootfs}, which {name} runs on, is gone", hint=f"qtctl lab down {name}")
    folder = host_dir(name)
    options = f"lowerdir={rootfs},upperdir={folder}/upper,workdir={folder}/work"
    run(["mount", "-t", "overlay", "-o", options, f"qtctl-lab-{name}", str(root_of(name))])


def mounted(name: str) -> bool:
    return root_of(name).is_mount()


def unmount(name: str) -> None:
    if mounted(name):
        run(["umount", "--recursive", str(root_of(name))], hint="see what uses it: fuser -vm")


def remove(name: str) -> None:
    """Unmount, and delete everything the host ever wrote."""
    unmount(name)
    if host_dir(name).is_dir():
        shutil.rmtree(host_dir(name))


def _make_folders(name: str) -> None:
    folder = host_dir(name)
    for part in ("upper", "work", "root"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for part in ("upper", "root"):
        (folder / part).chmod(0o755)
    folder.chmod(0o755)
