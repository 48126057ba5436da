"""Throwaway systemd hosts on this machine: boot, list, run, reboot, cut, end. All of it needs root."""

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
    """A lab host. `leader` is the pid of its PID 1 on this machine, None where it does not run."""

    name: str
    address: str
    suite: str
    stands_for: str
    leader: int | None
    running: bool


def up(
    names: Sequence[str], tree: Tree, *, stands_for: str, progress: Progress, suite: str | None = None
) -> list[LabHost]:
    """Boot hosts with `tree` laid over a root of `suite` (None: this machine's default), all at once.

    A host that runs already stays as it is; one that was stopped or half made is made afresh. LabError where this
    machine cannot boot hosts, or one of them does not come up: those that did are left running.
    """
    for name in names:
        state.check_name(name)
    chosen = suite or rootfs.default_suite()
    rootfs.check_suite(chosen)
    if suite is not None:
        _check_running(names, suite)
    needs.check(build=not rootfs.cached(chosen).is_dir())
    waiting = [name for name in names if not _is_running(name)]
    if waiting:
        root = rootfs.ensure(chosen, progress)
        needs.raise_inotify(len(list_hosts()) + len(waiting), progress)
        key = ssh.public_key()
        make = partial(_make, tree=tree, root=root, suite=chosen, stands_for=stands_for, key=key, progress=progress)
        try:
            _each(make, waiting)
        finally:
            ssh.write_config(_states)
    return [found for name in names if (found := find(name)) is not None]


def _check_running(names: Sequence[str], suite: str) -> None:
    """LabError where one of them runs with another suite: it would stay as it is."""
    for name in names:
        host = find(name)
        if host is not None and host.running and host.suite != suite:
            raise LabError(f"{name} runs already, with {host.suite}", hint=f"end it first: qtctl lab down {name}")


def _make(name: str, *, tree: Tree, root: Path, suite: str, stands_for: str, key: str, progress: Progress) -> None:
    with state.host_lock(name):
        if not _is_running(name):
            _make_afresh(name, tree, key, _blank(name, root, suite, stands_for), progress)


def _blank(name: str, root: Path, suite: str, stands_for: str) -> HostState:
    return HostState(name, "", "", suite, str(root), stands_for, "", shift=rootfs.own_shift())


def _make_afresh(name: str, tree: Tree, key: str, blank: HostState, progress: Progress) -> None:
    _clear(name)
    progress(begun(name, Stage.BOOT, "laying down its disk"))
    try:
        overlay = disk.create(name, Path(blank.root))
        host_key = _lay_down(name, tree, key)
        disk.shift(name, blank.shift, overlay=overlay)
        state.save(boot.boot(replace(blank, host_key=host_key, overlay=overlay), progress))
    except BaseException as error:
        kept = _keep_console(name)
        _clear(name)
        if isinstance(error, LabError) and kept:
            raise LabError(error.what, hint=f"its console: {kept}") from error
        raise


def _keep_console(name: str) -> Path | None:
    log = state.log_path(name)
    if not log.is_file():
        return None
    kept = state.state_dir() / f"{name}{state.CONSOLE}"
    with os.fdopen(private.create(kept, os.O_WRONLY | os.O_TRUNC), "wb") as copy, log.open("rb") as source:
        shutil.copyfileobj(source, copy)
    return kept


def _lay_down(name: str, tree: Tree, key: str) -> str:
    """What each host has of its own, then the tree. Gives its public host key."""
    root = disk.root_of(name)
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
    return _lay_host_key(name, key)


def _lay_host_key(name: str, key: str) -> str:
    """Made outside of the root, where ssh-keygen meets no link of it."""
    made = state.host_dir(name) / "host_key"
    public = ssh.make_key(made, f"root@{name}")
    where = "/etc/ssh/ssh_host_ed25519_key"
    pair = (TreeFile(where, made.read_bytes(), 0o600), TreeFile(f"{where}.pub", f"{public}\n".encode()))
    lay_over(disk.root_of(name), Tree(files=pair), key)
    for path in (made, made.with_name(f"{made.name}.pub")):
        path.unlink()
    return public


def down(names: Sequence[str]) -> None:
    """Power hosts off and delete them: no process, mount, link, cgroup or file of theirs is left."""
    for name in names:
        state.check_name(name)
    needs.check_root()
    _each(_down, names)
    ssh.write_config(_states)


def _down(name: str) -> None:
    if not state.host_dir(name).is_dir():
        raise LabError(f"there is no lab host {name}", hint="qtctl lab list")
    with state.host_lock(name):
        _clear(name)


def _clear(name: str) -> None:
    """Also what a crash, or a reboot of this machine, left of a host."""
    if not state.host_dir(name).is_dir():
        return
    known = _load_or_none(name)
    if known is not None:
        boot.end(known)
    disk.remove(name)


def _load_or_none(name: str) -> HostState | None:
    try:
        return state.load(name)
    except LabError:
        return None  # unreadable: there is nothing in it that could be ended safely


def list_hosts() -> list[LabHost]:
    """All hosts of the lab, those that do not run too."""
    return [_shown(known) for known in _states()]


def find(name: str) -> LabHost | None:
    known = state.load(name)
    return None if known is None else _shown(known)


def execute(
    name: str, argv: Sequence[str], *, stdin: bytes | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root inside the host, whatever its exit status. LabError where `timeout` (seconds) passes."""
    return inside.execute(name, _leader(name), argv, stdin=stdin, timeout_s=timeout)


def attach(name: str, argv: Sequence[str]) -> int:
    """As execute, with this process's own input and output, as long as it takes. Gives the exit status of a shell."""
    return inside.attach(_leader(name), argv)


def _leader(name: str) -> Process:
    leader = boot.current_leader(_running(name))
    if leader is None:
        raise LabError(f"{name} is just rebooting", hint="try again in a second")
    return leader


def reboot(name: str, progress: Progress = silent) -> LabHost:
    """Power off cleanly and boot again, from the same disk and at the same address."""
    with _held(name):
        known = _running(name)
        progress(begun(name, Stage.END, "powering off"))
        boot.end(known, grace_s=boot.POWER_OFF_S)
        state.save(known.stopped())
        return _boot_again(known, progress)


def start(name: str, progress: Progress = silent) -> LabHost:
    """Boot a host that was stopped, or that powered itself off or rebooted, from the disk it had."""
    with _held(name):
        known = _known(name)
        if known.running:
            return _shown(known)
        boot.end(known)
        return _boot_again(known, progress)


def _boot_again(known: HostState, progress: Progress) -> LabHost:
    booted = boot.boot(known.stopped(), progress)
    state.save(booted)
    ssh.write_config(_states)
    return _shown(booted)


def power_cut(name: str) -> None:
    """As if its plug was pulled: nothing inside gets to say goodbye. `start` boots what the disk then holds."""
    with _held(name):
        known = _running(name)
        boot.cut(known)
        state.save(known.stopped())


def unplug(name: str) -> None:
    """Pull the network cable."""
    _running(name)
    network.set_link(name, up=False)


def plug(name: str) -> None:
    """Put the network cable back."""
    _running(name)
    network.set_link(name, up=True)


def ssh_config_path() -> Path:
    """OpenSSH client configuration with one Host block for each lab host."""
    return ssh.config_path()


def _held(name: str) -> AbstractContextManager[None]:
    """The lock of a host that there is: one that there is not leaves no file of its name behind."""
    _known(name)
    return state.host_lock(name)


def _known(name: str) -> HostState:
    state.check_name(name)
    known = state.load(name)
    if known is None:
        raise LabError(f"there is no lab host {name}", hint="qtctl lab up")
    return known


def _running(name: str) -> HostState:
    known = _known(name)
    if not known.running:
        raise LabError(f"{name} does not run", hint="qtctl lab up")
    return known


def _is_running(name: str) -> bool:
    known = _load_or_none(name)
    return known is not None and known.running


def _states() -> list[HostState]:
    return [known for name in state.names() if (known := _load_or_none(name)) is not None]


def _shown(known: HostState) -> LabHost:
    leader = boot.current_leader(known)
    return LabHost(
        known.name, known.address, known.suite, known.stands_for, leader.pid if leader else None, known.running
    )


def _each(work: Callable[[str], T], names: Sequence[str]) -> list[T]:
    """Do it for all names at once; the first error is raised when all have ended."""
    if not names:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(names)), thread_name_prefix="lab") as pool:
        return list(pool.map(work, names))


__all__ = [
    "LabHost", "attach", "down", "execute", "find", "list_hosts", "plug", "power_cut", "reboot", "ssh_config_path",
    "start", "unplug", "up",
]  # fmt: skip
