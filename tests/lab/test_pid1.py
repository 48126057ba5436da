"""The machine's own PID 1 is systemd. A machine is booted for it: this one's files, a disk of its own on top."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

import pytest

from qtctl.lab import boot, cgroups, inside, rootfs
from qtctl.lab.processes import Process, find_process
from qtctl.lab.state import make_label
from tests.live.box import ROOT, Ran

pytestmark = pytest.mark.lab

NAME = "pid1"
BOOT_S = 60
LAB = "/var/lib/qtctl/lab"
MAKE = """
set -e
{enter}
mount -t tmpfs tmpfs {disk}
mkdir {disk}/upper {disk}/work {disk}/root
mount -t overlay -o lowerdir=/,upperdir={disk}/upper,workdir={disk}/work machine {disk}/root
mkdir -p {disk}/root/etc
rm -f {disk}/root/etc/machine-id {disk}/root/etc/fstab
exec {nspawn}
"""
"""In a mount namespace of its own: the mounts end with the machine. A disk in memory, for / cannot lie below itself."""


@dataclass(frozen=True)
class Machine:
    leader: Process

    def sh(self, script: str) -> Ran:
        """A script as a service of the machine's systemd, in a cgroup that is of its making: as from a login there."""
        service = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec"]
        given = {"PYTHONPATH": ROOT, "QTCTL_CACHE": rootfs.locate_cache(), "HOME": "/root", "NO_COLOR": "1"}
        service += [f"--setenv={name}={value}" for name, value in given.items()]
        done = inside.execute(NAME, self.leader, [*service, "sh", "-c", f"cd /root; {script}"], timeout_s=120)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def qtctl(self, *argv: str) -> str:
        """What the command prints; it must end with 0."""
        ran = self.sh(join([sys.executable, "-m", "qtctl", *argv]))
        assert ran.code == 0, f"{argv}: {ran.code}\n{ran.out}{ran.err}"
        return ran.out

    def scopes(self) -> list[str]:
        units = self.sh("systemctl list-units --plain --no-legend --state=running 'qtctl-lab-*.scope'").out
        return [line.split()[0] for line in units.splitlines()]


def shared() -> list[str]:
    """Folders that the machine needs and its own / does not show, or not in a way that lab hosts could lie on it."""
    python = {str(folder) for folder in (ROOT, sys.prefix, sys.base_prefix)} - {"/usr"}
    return [*sorted(python), str(rootfs.locate_cache())]


@pytest.fixture
def machine(own_lab: Path, tmp_path: Path) -> Iterator[Machine]:
    rootfs.ensure(rootfs.choose_default_suite(), lambda _: None)
    hierarchy = cgroups.detect()
    assert own_lab.is_dir()
    nspawn = [
        "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", f"--directory={tmp_path}/root",
        f"--machine={make_label(NAME)}", f"--hostname={NAME}", "--private-network", "--console=pipe", "--settings=no",
        "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--capability=all",
        "--system-call-filter=@mount @privileged bpf keyctl add_key", "--tmpfs=/var/lib/qtctl",
        *(f"--bind-ro={folder}" for folder in shared()),
        "systemd.unit=basic.target", "systemd.wants=dbus.service", "systemd.mask=timers.target",
    ]  # fmt: skip
    procs = [folder / "cgroup.procs" for folder in cgroups.create(NAME, hierarchy)]
    enter = "\n".join(f"echo $$ > {quote(str(path))}" for path in procs)
    script = MAKE.format(enter=enter, disk=quote(str(tmp_path)), nspawn=join(nspawn))
    log = tmp_path.parent / f"{tmp_path.name}.log"
    with log.open("wb") as console:
        booted = subprocess.Popen(
            [*cgroups.build_launcher(NAME, hierarchy), "unshare", "--mount", "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, env={**os.environ, **boot.PURE_V2},
        )  # fmt: skip
    try:
        yield wait(booted, log)
    finally:
        booted.send_signal(signal.SIGTERM)
        booted.wait(30)
        cgroups.remove(NAME, hierarchy)
        for folder in boot.NSPAWN_RUN.glob(f"*/{make_label(NAME)}"):
            folder.rmdir()


def wait(booted: "subprocess.Popen[bytes]", log: Path) -> Machine:
    """Until its systemd has booted."""
    deadline = time.monotonic() + BOOT_S
    nspawn = find_process(booted.pid)
    assert nspawn is not None
    while True:
        assert booted.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        leader = boot._find_leader(nspawn)
        if leader is not None:
            asked = inside.execute(NAME, leader, ["systemctl", "is-system-running", "--wait"], timeout_s=BOOT_S)
            if asked.stdout.strip() in {b"running", b"degraded"}:
                return Machine(leader)
        time.sleep(0.1)


def test_a_lab_on_a_machine_that_systemd_booted(machine: Machine) -> None:
    assert machine.sh("readlink /proc/1/exe").out.strip().endswith("/systemd")
    registry = ("--registry", "/root/registry")
    answers = ("--name", "tiny", "--host", "box", "--address", "192.0.2.1", "--audit-user", "auditor")
    machine.qtctl("init", "/root/registry", *answers, "--redis")

    up = machine.sh(join([sys.executable, "-m", "qtctl", "lab", "up", *registry]))
    assert (up.code, "WARNING" in up.err) == (0, False), up.err
    (scope,) = machine.scopes()
    assert machine.sh(f"systemctl show -P DevicePolicy -P TasksMax {scope}").out.split() == ["closed", "8192"]
    assert scope.startswith("qtctl-lab-lab1-")
    assert "running" in machine.qtctl("lab", "list")
    assert machine.sh(f"ssh -F {LAB}/ssh/ssh_config -o BatchMode=yes -l auditor lab1 id -un").out == "auditor\n"

    machine.qtctl("deploy", "--host", "lab1", "--yes", *registry)
    machine.qtctl("audit", "--host", "lab1", *registry)

    machine.qtctl("lab", "reboot", "lab1")
    (again,) = machine.scopes()
    assert again != scope
    machine.qtctl("lab", "exec", "lab1", "systemctl", "is-active", "tiny-hello.service")

    machine.qtctl("lab", "down")
    assert machine.scopes() == []
    assert machine.sh(f"ls {LAB}/hosts; ip -o link | grep -c qt-; grep -c {LAB}/hosts /proc/mounts").out == "0\n0\n"
