"""Check what this machine needs to boot lab hosts, and install what is missing."""

import os
import platform
import shutil
from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.errors import LabError
from qtctl.interfaces.progress import Progress
from qtctl.lab import cgroups
from qtctl.lab.shell import make_environment, run
from qtctl.model.events import Stage, begun

PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ssh-keygen": "openssh-client",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "tc": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "setsid": "util-linux",
    "mount": "mount",
    "systemctl": "systemd",
}
"""Program → the Debian package that brings it."""

CAP_SYS_ADMIN = 21
STATUS = Path("/proc/self/status")
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_PER_HOST = 12
INOTIFY_ENOUGH = 4096


def list_missing_packages(*, build: bool = True) -> tuple[str, ...]:
    """Debian packages that the lab needs and this machine lacks, sorted. `build`: also to make a root file system."""
    path = make_environment()["PATH"]
    needed = {program: package for program, package in PACKAGES.items() if build or program != "debootstrap"}
    return tuple(sorted({package for program, package in needed.items() if not shutil.which(program, path=path)}))


def explain_why_not(*, build: bool = True) -> str | None:
    """Why no host can be booted here, or None. Missing packages come last: they can be installed."""
    if platform.system() != "Linux":
        return f"lab hosts need Linux, this is {platform.system()}"
    if os.geteuid() != 0:
        return "lab hosts need root"
    if not STATUS.exists():
        return "/proc is not mounted here (mount -t proc proc /proc)"
    if not _may_administer():
        return "root lacks CAP_SYS_ADMIN here (an unprivileged container?)"
    try:
        cgroups.detect()
    except LabError as error:
        return str(error)
    packages = list_missing_packages(build=build)
    return f"not installed: {' '.join(packages)}" if packages else None


def check(*, build: bool) -> None:
    """LabError with the reason if no host can be booted here."""
    reason = explain_why_not(build=build)
    if reason is None:
        return
    packages = list_missing_packages(build=build)
    hint = f"apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""
    raise LabError(f"this machine cannot boot lab hosts: {reason}", hint=hint)


def check_root() -> None:
    if os.geteuid() != 0:
        raise LabError("lab hosts need root", hint="run it as root")


def install(progress: Progress) -> tuple[str, ...]:
    """Install missing packages with apt-get and return their names. LabError if that is not possible."""
    packages = list_missing_packages()
    if not packages:
        return ()
    check_root()
    if not shutil.which("apt-get"):
        raise LabError(f"missing here: {' '.join(packages)}", hint="qtctl installs them only on Debian and Ubuntu")
    progress(begun("", Stage.PREPARE, f"installing {' '.join(packages)}"))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], timeout_s=600, env=quiet)
    run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], timeout_s=1200, env=quiet)
    return packages


def raise_inotify(hosts: int, progress: Progress) -> None:
    """Each host uses 7 to 10 inotify instances; the kernel's default of 128 is enough for about 14 hosts."""
    if hosts * INOTIFY_PER_HOST < int(INOTIFY.read_text()):
        return
    progress(begun("", Stage.PREPARE, f"raising {INOTIFY} to {INOTIFY_ENOUGH} for {hosts} hosts"))
    try:
        INOTIFY.write_text(str(INOTIFY_ENOUGH))
    except OSError as error:
        what = f"{hosts} hosts need more inotify instances than {INOTIFY} allows: {error.strerror}"
        raise LabError(
            what, hint=f"sysctl fs.inotify.max_user_instances={INOTIFY_ENOUGH} where that is allowed"
        ) from error


def _may_administer() -> bool:
    rows = split_lines(STATUS.read_text())
    effective = next((line.split()[1] for line in rows if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) >> CAP_SYS_ADMIN & 1)
