"""Throwaway systemd hosts on this machine: boot, list, run commands, reboot, cut power, delete. Needs root."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from qtctl.contained.looking import is_folder
from qtctl.errors import LabError
from qtctl.interfaces.progress import Progress, silent
from qtctl.lab import boot, disk, inside, needs, network, private, rootfs, ssh, state
from qtctl.lab.apply_tree import lay_over
from qtctl.lab.processes import Process
from qtctl.lab.state import HostState
from qtctl.model.events import Stage, begun
from qtctl.model.tree import Tree, TreeFile

STANDIN_PATH = "/usr/local/lib/qtctl-lab/standin.py"
AT_ONCE = 8


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabHost:
    """A lab host. `leader`: the pid of its PID 1 on this machine, None if it is not running."""

    name: str
    address: str
    suite: str
    stands_for: str
    leader: int | None
    running: bool


def up(
    names: Sequence[str],
    tree: Tree,
    *,
    stands_for: str,
    progress: Progress,
    suite: str | None = None,
    disk_mib: int = 0,
) -> list[LabHost]:
    """Boot hosts in parallel, with `tree` written over a root file system of `suite` (None: this machine's default).

    `disk_mib`: the size of a disk in memory; 0: their disks are folders of this machine.

    A running host is left alone; a stopped or incomplete one is created again. LabError if this machine cannot boot
    hosts, or if one of them does not come up; the others are left running.
    """
    for name in names:
        state.check_name(name)
    chosen = suite or rootfs.choose_default_suite()
    rootfs.check_suite(chosen)
    if suite is not None:
        _check_running(names, suite)
    needs.check(build=not is_folder(rootfs.locate_cached(chosen)))
    waiting = [name for name in names if not _is_running(name)]
    if waiting:
        root = rootfs.ensure(chosen, progress)
        needs.raise_inotify(len(list_hosts()) + len(waiting), progress)
        key = ssh.ensure_public_key()
        blank = _make_state(root, chosen, stands_for, disk_mib)
        make = partial(_make_host, tree=tree, blank=blank, key=key, progress=progress)
        try:
            _run_for_all(make, waiting)
        finally:
            ssh.write_config(_load_all)
    return [found for name in names if (found := find(name)) is not None]


def _check_running(names: Sequence[str], suite: str) -> None:
    """LabError if a host is already running with another suite."""
    for name in names:
        host = find(name)
        if host is not None and host.running and host.suite != suite:
            raise LabError(f"{name} is already running, with {host.suite}", hint=f"end it first: qtctl lab down {name}")


def _make_host(name: str, *, tree: Tree, blank: HostState, key: str, progress: Progress) -> None:
    with state.hold_host_lock(name):
        if not _is_running(name):
            _create_host(name, tree, key, replace(blank, name=name), progress)


def _make_state(root: Path, suite: str, stands_for: str, disk_mib: int) -> HostState:
    return HostState("", "", "", suite, str(root), stands_for, "", shift=rootfs.find_own_shift(), disk_mib=disk_mib)


def _create_host(name: str, tree: Tree, key: str, blank: HostState, progress: Progress) -> None:
    _remove_host(name)
    progress(begun(name, Stage.BOOT, "creating its disk"))
    try:
        overlay = disk.create(name, Path(blank.root), size_mib=blank.disk_mib)
        host_key = _write_disk(name, tree, key)
        disk.shift(name, blank.shift, overlay=overlay)
        state.save(boot.boot(replace(blank, host_key=host_key, overlay=overlay), progress))
    except BaseException as error:
        kept = _keep_console(name)
        _remove_host(name)
        if isinstance(error, LabError) and kept:
            raise LabError(error.what, hint=f"its console: {kept}") from error
        raise


def _keep_console(name: str) -> Path | None:
    log = state.locate_log(name)
    if not log.is_file():
        return None
    kept = state.locate_state() / f"{name}{state.CONSOLE}"
    with os.fdopen(private.create(kept, os.O_WRONLY | os.O_TRUNC), "wb") as copy, log.open("rb") as source:
        shutil.copyfileobj(source, copy)
    return kept


def _write_disk(name: str, tree: Tree, key: str) -> str:
    """Write the files that differ per host, then the tree. Returns the public host key."""
    root = disk.locate_root(name)
    own = Tree(
        files=(
            TreeFile("/etc/hostname", f"{name}\n".encode()),
            TreeFile("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n".encode()),
            TreeFile("/etc/machine-id", f"{uuid.uuid4().hex}\n".encode(), 0o444),
            TreeFile(STANDIN_PATH, files("qtctl.lab").joinpath("standin.py").read_bytes()),
        )
    )
    lay_over(root, own, key)
    lay_over(root, tree, key)
    return _write_host_key(name, key)


def _write_host_key(name: str, key: str) -> str:
    """Generate the key outside the host's root, so that ssh-keygen cannot follow a link in it."""
    made = state.locate_host(name) / "host_key"
    public = ssh.make_key(made, f"root@{name}")
    where = "/etc/ssh/ssh_host_ed25519_key"
    pair = (TreeFile(where, made.read_bytes(), 0o600), TreeFile(f"{where}.pub", f"{public}\n".encode()))
    lay_over(disk.locate_root(name), Tree(files=pair), key)
    for path in (made, made.with_name(f"{made.name}.pub")):
        path.unlink()
    return public


def down(names: Sequence[str]) -> None:
    """Power hosts off and delete them, with all their processes, mounts, links, cgroups and files."""
    for name in names:
        state.check_name(name)
    needs.check_root()
    _run_for_all(_delete_host, names)
    ssh.write_config(_load_all)


def _delete_host(name: str) -> None:
    if not state.locate_host(name).is_dir():
        raise LabError(f"there is no lab host {name}", hint="qtctl lab list")
    with state.hold_host_lock(name):
        _remove_host(name)


def _remove_host(name: str) -> None:
    """Remove the host, also what a crash or a reboot of this machine left of it."""
    if not state.locate_host(name).is_dir():
        return
    known = _load_or_none(name)
    if known is not None:
        boot.end(known)
    else:
        boot.clear(name)
    disk.remove(name)


def remove_all() -> None:
    """Remove every host of the lab, whoever created it, and even if that was not finished."""
    for name in state.list_names():
        boot.clear(name)
        _remove_host(name)


def fill_disk(name: str) -> None:
    """Take away all free space of a host that was booted with `disk_mib`. LabError for another host."""
    _load_running(name)
    disk.fill(name)


def free_disk(name: str) -> None:
    """Give the disk of `fill_disk` its room again."""
    disk.free(name, _load_running(name).disk_mib)


def _load_or_none(name: str) -> HostState | None:
    try:
        return state.load(name)
    except LabError:
        return None  # unreadable: no pid in it can be trusted


def list_hosts() -> list[LabHost]:
    """All hosts of the lab, running or not."""
    return [_describe_host(known) for known in _load_all()]


def find(name: str) -> LabHost | None:
    known = state.load(name)
    return None if known is None else _describe_host(known)


def execute(
    name: str, argv: Sequence[str], *, stdin: bytes | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root inside the host; any exit status is returned. LabError after `timeout` seconds."""
    return inside.execute(name, _require_leader(name), argv, stdin=stdin, timeout_s=timeout)


def attach(name: str, argv: Sequence[str]) -> int:
    """Like execute, but with our own stdin and stdout, and no timeout. Returns the exit status as a shell does."""
    return inside.attach(_require_leader(name), argv)


def _require_leader(name: str) -> Process:
    leader = boot.find_current_leader(_load_running(name))
    if leader is None:
        raise LabError(f"{name} is just rebooting", hint="try again in a second")
    return leader


def reboot(name: str, progress: Progress = silent) -> LabHost:
    """Power off cleanly and boot again, with the same disk and address."""
    with _lock_host(name):
        known = _load_running(name)
        progress(begun(name, Stage.END, "powering off"))
        boot.end(known, grace_s=boot.POWER_OFF_S)
        state.save(known.make_stopped())
        return _boot_again(known, progress)


def start(name: str, progress: Progress = silent) -> LabHost:
    """Boot a host that was stopped, or that powered itself off or rebooted, from its existing disk."""
    with _lock_host(name):
        known = _load_host(name)
        if known.running:
            return _describe_host(known)
        boot.end(known)
        return _boot_again(known, progress)


def _boot_again(known: HostState, progress: Progress) -> LabHost:
    booted = boot.boot(known.make_stopped(), progress)
    state.save(booted)
    ssh.write_config(_load_all)
    return _describe_host(booted)


def cut_power(name: str) -> None:
    """Cut the power: no process in the host can shut down cleanly. `start` boots it again from the same disk."""
    with _lock_host(name):
        known = _load_running(name)
        boot.cut(known)
        state.save(known.make_stopped())


def unplug(name: str) -> None:
    """Pull the network cable."""
    _load_running(name)
    network.set_link(name, up=False)


def plug(name: str) -> None:
    """Put the network cable back."""
    _load_running(name)
    network.set_link(name, up=True)


def write_ssh_config() -> Path:
    """The OpenSSH client configuration, with one Host block per lab host."""
    return ssh.locate_config()


def _lock_host(name: str) -> AbstractContextManager[None]:
    """Lock an existing host. For one that does not exist, no lock file is created."""
    _load_host(name)
    return state.hold_host_lock(name)


def _load_host(name: str) -> HostState:
    state.check_name(name)
    known = state.load(name)
    if known is None:
        raise LabError(f"there is no lab host {name}", hint="qtctl lab up")
    return known


def _load_running(name: str) -> HostState:
    known = _load_host(name)
    if not known.running:
        raise LabError(f"{name} does not run", hint="qtctl lab up")
    return known


def _is_running(name: str) -> bool:
    known = _load_or_none(name)
    return known is not None and known.running


def _load_all() -> list[HostState]:
    return [known for name in state.list_names() if (known := _load_or_none(name)) is not None]


def _describe_host(known: HostState) -> LabHost:
    leader = boot.find_current_leader(known)
    return LabHost(
        known.name, known.address, known.suite, known.stands_for, leader.pid if leader else None, known.running
    )


def _run_for_all(work: Callable[[str], T], names: Sequence[str]) -> list[T]:
    """Call `work` for all names in parallel. The first error is raised after all have ended."""
    if not names:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(names)), thread_name_prefix="lab") as pool:
        return list(pool.map(work, names))


__all__ = [
    "LabHost",
    "attach",
    "cut_power",
    "down",
    "execute",
    "fill_disk",
    "find",
    "free_disk",
    "list_hosts",
    "plug",
    "reboot",
    "remove_all",
    "start",
    "unplug",
    "up",
    "write_ssh_config",
]  # fmt: skip
