"""Boot a host from its disk and stop it again: systemd-nspawn with its own cgroup, network and console log."""

import os
import shlex
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.errors import LabError
from qtctl.interfaces.progress import Progress
from qtctl.lab import capabilities, cgroups, disk, fence, inside, network, private, userns
from qtctl.lab.child_processes import find_executable, list_children
from qtctl.lab.processes import Process, find_process
from qtctl.lab.shell import read_tail, run
from qtctl.lab.state import HostState, locate_log, make_label, read_machine_boot_id, save
from qtctl.model.events import Stage, begun

BOOT_S = 60
POWER_OFF_S = 10
INSIST_S, INSIST_EVERY_S = 5, 0.05
KILL_S = 10
TIDY_S = 1
NSPAWN_RUN = Path("/run/systemd/nspawn")
POLL_S = 0.02
PURE_V2 = {"UNIFIED_CGROUP_HIERARCHY": "1"}
"""Every host sees pure cgroup v2, as in production, on a hybrid machine too; systemd 256 and later need it."""
SSH_PORT = 22


def boot(state: HostState, progress: Progress) -> HostState:
    """Boot the host and wait until systemd is up and sshd answers. If that fails, nothing of it is left running."""
    hierarchy = cgroups.detect()
    disk.mount(state.name, Path(state.root), overlay=state.overlay)
    gateway, address = network.create(state.name, state.address)
    started = replace(state, gateway=gateway, address=address, boot_id=read_machine_boot_id())
    try:
        progress(begun(state.name, Stage.BOOT, f"booting at {address}"))
        _fence_in(started, hierarchy, progress)
        nspawn = _launch(started, hierarchy)
        started = replace(started, nspawn=nspawn)
        save(started)
        leader = _wait_leader(started, nspawn)
        started = replace(started, leader=leader)
        save(started)
        network.hand_over(state.name, leader.pid, address)
        _wait_ssh(started, nspawn)
        progress(begun(state.name, Stage.BOOT, _wait_booted(state.name, leader)))
    except BaseException:
        end(started)
        raise
    return started


def _fence_in(state: HostState, hierarchy: cgroups.Hierarchy, progress: Progress) -> None:
    """Block the host's access to this machine's ports, and warn about isolation that this machine does not support."""
    if not state.shift:
        warning = "WARNING: no user namespaces here: its root is this machine's root (docs/lab.md)"
        progress(begun(state.name, Stage.BOOT, warning))
    unfiltered = fence.load_filter(network.name_device(state.name), state.gateway, state.address)
    if unfiltered:
        progress(begun(state.name, Stage.BOOT, f"WARNING: it can reach this machine's ports: {unfiltered}"))
    cgroups.create(state.name, hierarchy)
    unlimited = cgroups.restrict_devices(state.name, hierarchy)
    if unlimited:
        progress(begun(state.name, Stage.BOOT, f"WARNING: no device policy: {unlimited}"))


def end(state: HostState, *, grace_s: float = 0) -> None:
    """Stop the host, with `grace_s` seconds for a clean power-off, and remove all but its disk."""
    if state.current and state.nspawn is not None:
        _terminate(state.nspawn, find_current_leader(state), grace_s)
    _clean_up(state.name)


def cut(state: HostState) -> None:
    """Kill the host, like a power cut."""
    if state.current and state.nspawn is not None:
        _kill(state.nspawn, find_current_leader(state))
    _clean_up(state.name)


def clear(name: str) -> None:
    """Kill everything that runs of a host, and remove all but its disk, without knowing how far its boot had come."""
    cgroups.kill_all(name, cgroups.detect())
    _clean_up(name)


def _terminate(nspawn: Process, leader: Process | None, grace_s: float) -> None:
    """systemd-nspawn powers its host off at the first SIGTERM, and kills it at the second."""
    nspawn.send(signal.SIGTERM)
    ended = _wait_for_end(nspawn, leader, grace_s)
    deadline = time.monotonic() + INSIST_S
    while not ended and time.monotonic() < deadline:
        nspawn.send(signal.SIGTERM)
        ended = _wait_for_end(nspawn, leader, INSIST_EVERY_S)
    _kill(nspawn, leader)


def _wait_for_end(nspawn: Process, leader: Process | None, timeout_s: float) -> bool:
    """Whether the host ended. systemd-nspawn ends a moment later, or never if it cannot reap the host's PID 1."""
    if leader is None:
        return nspawn.wait(timeout_s)
    if not leader.wait(timeout_s):
        return False
    nspawn.wait(TIDY_S)
    return True


def _kill(nspawn: Process, leader: Process | None) -> None:
    both = [each for each in (nspawn, leader) if each is not None]
    for each in both:
        each.send(signal.SIGKILL)
    for each in both:
        if not each.wait(KILL_S):
            raise LabError(f"pid {each.pid} of a lab host does not exit")


def _clean_up(name: str) -> None:
    """Remove the host's link, its cgroups, and what a killed systemd-nspawn left behind."""
    network.remove(name)
    cgroups.remove(name, cgroups.detect())
    for part in ("propagate", "unix-export"):
        folder = NSPAWN_RUN / part / make_label(name)
        if folder.is_mount():
            run(["umount", str(folder)])
        if folder.is_dir():
            folder.rmdir()


def find_current_leader(state: HostState) -> Process | None:
    """The host's PID 1, with its pid on this machine. It changes when the host reboots itself."""
    if not state.running or state.nspawn is None:
        return None
    if state.leader is not None and state.leader.alive:
        return state.leader
    return _find_leader(state.nspawn)


def _launch(state: HostState, hierarchy: cgroups.Hierarchy) -> Process:
    procs = [folder / "cgroup.procs" for folder in cgroups.create(state.name, hierarchy)]
    enter = "".join(f"echo $$ > {shlex.quote(str(path))}; " for path in procs)
    nspawn = [
        *disk.build_boot_prefix(state.name),
        *cgroups.build_launcher(state.name, hierarchy),
        *_build_command(state),
    ]
    log = locate_log(state.name)
    os.close(private.create(log, os.O_WRONLY))
    # In the background of a shell that exits: the host outlives this process and is not its child.
    # Not in a subshell: its $$ would be the pid of the outer shell, and the host would not enter its cgroup.
    script = f"set -e; {enter}setsid {shlex.join(nspawn)} </dev/null >>{shlex.quote(str(log))} 2>&1 & echo $!"
    pid = int(run(["sh", "-c", script], env=PURE_V2))
    found = find_process(pid)
    if found is None:
        raise LabError(f"{state.name} did not start: {read_console_tail(state.name)}")
    return found


def _build_command(state: HostState) -> list[str]:
    dropped = ",".join(capabilities.list_dropped(shifted=bool(state.shift)))
    users = [f"--private-users={state.shift}:{userns.IDS}"] if state.shift else []
    return [
        "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
        f"--directory={disk.locate_root(state.name)}",
        f"--machine={make_label(state.name)}", f"--hostname={state.name}",
        "--private-network", *users, f"--drop-capability={dropped}",
        "--console=pipe", "--settings=no", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
    ]  # fmt: skip


def _wait_leader(state: HostState, nspawn: Process) -> Process:
    deadline = time.monotonic() + BOOT_S
    while (leader := _find_leader(nspawn)) is None:
        _check_alive(state, nspawn, deadline)
        time.sleep(POLL_S)
    return leader


def _find_leader(nspawn: Process) -> Process | None:
    """The child of nspawn that runs systemd. The first child is only a helper."""
    return next(
        (child for child in list_children(nspawn.pid) if Path(find_executable(child.pid)).name == "systemd"), None
    )


def _wait_ssh(state: HostState, nspawn: Process) -> None:
    deadline = time.monotonic() + BOOT_S
    while not _is_ssh_answering(state.address):
        _check_alive(state, nspawn, deadline)
        time.sleep(POLL_S)


def _check_alive(state: HostState, nspawn: Process, deadline: float) -> None:
    if not nspawn.alive:
        raise LabError(f"{state.name} ended while booting: {read_console_tail(state.name)}")
    if time.monotonic() > deadline:
        raise LabError(f"{state.name} did not come up in {BOOT_S} s: {read_console_tail(state.name)}")


def _is_ssh_answering(address: str) -> bool:
    try:
        with socket.create_connection((address, SSH_PORT), timeout=1) as connection:
            connection.sendall(b"SSH-2.0-qtctl-lab\r\n")  # without a banner, sshd would log an error
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _wait_booted(name: str, leader: Process) -> str:
    """Wait until the boot is complete. Returns `running`, or `degraded` with the failed units."""
    state = _run_inside(name, leader, ["systemctl", "is-system-running", "--wait"])
    if state == "running":
        return state
    if state != "degraded":
        raise LabError(f"its systemd answers {state!r}", hint="see its console log")
    failed = _run_inside(name, leader, ["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
    return f"degraded: {', '.join(line.split()[0] for line in split_lines(failed))} failed"


def _run_inside(name: str, leader: Process, argv: list[str]) -> str:
    done = inside.execute(name, leader, argv, timeout_s=BOOT_S)
    return done.stdout.decode(errors="replace").strip()


def read_console_tail(name: str) -> str:
    path = locate_log(name)
    return read_tail(path.read_bytes()) if path.is_file() else "no console output"
