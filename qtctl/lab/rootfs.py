"""Root file systems of lab hosts: bootstrapped once per recipe, into a cache outside the repository."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qtctl.dialects.nearest import Known
from qtctl.errors import InputError, LabError
from qtctl.interfaces.progress import Progress
from qtctl.lab import mounts, private, sources, userns
from qtctl.lab.shell import make_environment, read_tail, run
from qtctl.model.events import Stage, begun

RECIPE = 4
"""Increase it when `finish` changes, so that old caches are not used."""

SHIFT_RECIPE = 2
"""Increase it when `userns.shift` changes, so that old caches are not used."""
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "redis-server", "python3", "python3-venv",
    "iproute2", "procps", "sudo", "tzdata", "ca-certificates",
)  # fmt: skip
SUITES = {
    "bullseye": sources.DEBIAN,
    "bookworm": sources.DEBIAN,
    "trixie": sources.DEBIAN,
    "noble": sources.UBUNTU,
}
SCRIPTS = Path("/usr/share/debootstrap/scripts")
SCRIPT_FOR = {sources.DEBIAN: "sid", sources.UBUNTU: "gutsy"}
"""The debootstrap script for suites that an older debootstrap does not know: all suites of a distribution share it."""
KEYRING_PACKAGES = {
    sources.DEBIAN: ("debian-archive-keyring",),
    sources.UBUNTU: ("ubuntu-keyring", "ubuntu-archive-keyring"),
}
"""Distribution → the packages that contain its keyring: Debian and Ubuntu name them differently."""
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "man-db.timer", "motd-news.timer", "console-getty.service", "getty.target",
    "systemd-networkd-wait-online.service", "systemd-resolved.service", "systemd-timesyncd.service",
)  # fmt: skip
"""Units that a throwaway host does not need, and that would slow down its boot."""

DROP_INS = {
    "etc/ssh/sshd_config.d/qtctl-lab.conf": "UseDNS no\nPrintMotd no\nPrintLastLog no\nMaxStartups 100:30:200\n",
    # The kernel refuses user namespaces to a process in a chroot, and this machine may be one.
    "usr/lib/systemd/system/redis-server.service.d/qtctl-lab.conf": "[Service]\nPrivateUsers=no\n",
    # systemd 257 sometimes waits two minutes at power-off for a user manager that has already ended.
    "usr/lib/systemd/system/user@.service.d/qtctl-lab.conf": "[Service]\nTimeoutStopSec=2s\n",
}


def choose_default_suite() -> str:
    """The machine's own release if there is a recipe for it, otherwise noble on Ubuntu and bookworm elsewhere."""
    release = sources.read_os_release()
    own = release.get("VERSION_CODENAME", "")
    return own if own in SUITES else "noble" if release.get("ID") == sources.UBUNTU else "bookworm"


def check_suite(suite: str) -> None:
    """InputError if there is no recipe for the suite."""
    if suite not in SUITES:
        known = ", ".join(sorted(SUITES))
        hint = f"{meant} It is one of {known}" if (meant := Known(SUITES).suggest(suite)) else f"one of {known}"
        raise InputError(f"--suite {suite}: the lab has no such release", hint=hint)


def locate_cache() -> Path:
    return Path(os.environ.get("QTCTL_CACHE") or "/var/cache/qtctl/lab")


def _is_cache_file(name: str) -> bool:
    return name.removeprefix(".").partition("-")[0] in SUITES


def find_own_shift() -> int:
    """The offset for uids and gids of root file systems; 0 if this machine does not support user namespaces."""
    return userns.BASE if userns.is_possible() else 0


def digest_recipe(suite: str) -> str:
    recipe = [RECIPE, suite, PACKAGES, MASKED, DROP_INS]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]


def locate_cached(suite: str) -> Path:
    """The cache path for this recipe, with the uid offset of this machine. It need not exist."""
    return _make_cache_path(suite, find_own_shift())


def _make_cache_path(suite: str, shift: int) -> Path:
    return locate_cache() / f"{suite}-{digest_recipe(suite)}{f'-{SHIFT_RECIPE}-{shift:x}' if shift else ''}"


def ensure(suite: str, progress: Progress) -> Path:
    """The root file system of `suite`, mounted nosuid and nodev. If the cache has none, it is built (a minute).

    LabError if another account could change the cache.
    """
    check_suite(suite)
    private.ensure_private_folder(locate_cache(), _is_cache_file)
    path = locate_cached(suite)
    if mounts.is_mounted(path):
        return path
    with private.hold_lock(path.parent / f".{path.name}.lock"):
        if not path.is_dir():
            _build(suite, path, progress)
        for each in (path, *_list_other_roots(path)):
            if not mounts.is_mounted(each):
                mounts.restrict(each)
    return path


def _list_other_roots(path: Path) -> Iterator[Path]:
    """Those of other suites, recipes and shifts, which nothing boots from now; not one that is being built."""
    found = (each for each in path.parent.iterdir() if each.name[0] != "." and _is_cache_file(each.name))
    yield from (each for each in found if each != path and each.is_dir() and not each.is_symlink())


def _build(suite: str, path: Path, progress: Progress) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    root = work / "root"
    try:
        _make_root(suite, root, progress)
        root.chmod(0o755)
        if find_own_shift():
            userns.shift(root, find_own_shift())
        root.rename(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    progress(begun("", Stage.PREPARE, f"{suite}: kept in {path}"))


def _make_root(suite: str, root: Path, progress: Progress) -> None:
    plain = _make_cache_path(suite, 0)
    if plain.is_dir():
        run(["cp", "--archive", "--reflink=auto", str(plain), str(root)], timeout_s=300)
        return
    _bootstrap(suite, root, progress)
    progress(begun("", Stage.PREPARE, f"{suite}: making it ready for reuse"))
    finish(root)


def _bootstrap(suite: str, root: Path, progress: Progress) -> None:
    release = sources.read_os_release()
    distribution = SUITES[suite]
    mirror = sources.choose_mirror(
        suite, distribution, sources.read(), release.get("VERSION_CODENAME", ""), release.get("ID", "")
    )
    if not Path(mirror.keyring).is_file():
        raise LabError(
            f"{suite} is signed by keys that this machine does not have: there is no {mirror.keyring}",
            hint=_suggest_keyring(distribution),
        )
    progress(begun("", Stage.PREPARE, f"{suite}: bootstrapping from {mirror.uri} (about a minute, once)"))
    argv = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    argv += [f"--components={','.join(mirror.components)}", f"--keyring={mirror.keyring}"]
    script = () if (SCRIPTS / suite).exists() else (str(SCRIPTS / SCRIPT_FOR[distribution]),)
    _run_debootstrap([*argv, suite, str(root), mirror.uri, *script], suite, progress)


def _suggest_keyring(distribution: str) -> str:
    """A hint: the package with the keyring, if apt knows one. Not every release of Debian has Ubuntu's keys."""
    package = next((each for each in KEYRING_PACKAGES[distribution] if _can_install(each)), None)
    if package is not None:
        return f"apt-get install {package}"
    name = distribution.capitalize()
    return f"no package that apt knows here has them: copy that file from a machine that runs {name}"


def _can_install(package: str) -> bool:
    """Whether apt on this machine knows the package."""
    found = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", package], capture_output=True, env=make_environment(), check=False
    )
    return found.returncode == 0 and bool(found.stdout.strip())


def _run_debootstrap(argv: list[str], suite: str, progress: Progress) -> None:
    """Run debootstrap and report each phase (lines `I: …`) when it begins."""
    last: list[str] = []
    phases: set[str] = set()
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=make_environment(),
        text=True,
    ) as process:
        for line in process.stdout or ():
            last = [*last[-9:], line]
            words = line.removeprefix("I: ").split()
            if line.startswith("I: ") and words and words[0] not in phases:
                phases.add(words[0])
                progress(begun("", Stage.PREPARE, f"{suite}: {words[0].lower()}"))
    if process.returncode != 0:
        raise LabError(
            f"debootstrap failed: {read_tail(''.join(last).encode())}", hint="is the mirror in apt's sources up?"
        )


def finish(root: Path) -> None:
    """Remove what must differ per host, and what a throwaway host does not need."""
    _clean_apt(root)
    for name in ("var/lib/dbus/machine-id", "etc/hostname", "etc/resolv.conf"):
        (root / name).unlink(missing_ok=True)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_bytes(b"")
    (root / "etc/resolv.conf").write_bytes(b"")
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for script in (root / "etc/update-motd.d").glob("*"):
        script.chmod(0o644)
    for path, text in DROP_INS.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def _clean_apt(root: Path) -> None:
    run(["chroot", str(root), "apt-get", "clean"])
    for folder in ("var/lib/apt/lists", "var/cache/apt", "var/log"):
        for path in (root / folder).glob("*"):
            if path.is_file():
                path.unlink()
