"""Debian packages for a lab host, which has no network: fetched by this machine's apt, as the host's own would."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from qtctl.lab import lab, state
from tests.live.box import Box


def install(box: Box, work: Path, package: str) -> list[str]:
    """Install a package and what it needs; the names of all that came with it, for `remove`."""
    before = _installed(box)
    archives = _fetch(box, work, package)
    for archive in archives:
        lab.execute(box.name, ["sh", "-c", f"cat >/tmp/{archive.name}"], stdin=archive.read_bytes())
    box.sh("dpkg -i /tmp/*.deb; rm /tmp/*.deb")
    came = _installed(box) - before
    assert package in came
    return sorted(came)


def remove(box: Box, packages: Sequence[str]) -> None:
    box.sh(f"dpkg --purge {' '.join(packages)}")


def _fetch(box: Box, work: Path, package: str) -> list[Path]:
    """The package and what the host lacks of what it needs: of the host's suite, sources and keys."""
    known = state.load(box.name)
    assert known is not None
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    root = Path(known.root)
    settings = {
        "Dir::Etc": root / "etc/apt",
        "Dir::State": work,
        "Dir::Cache": work,
        "Dir::State::Status": root / "var/lib/dpkg/status",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "--download-only", package]):
        done = subprocess.run([*apt, *command], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    return sorted((work / "archives").glob("*.deb"))


def _installed(box: Box) -> set[str]:
    return set(box.sh("dpkg-query -W -f '${Package}\\n'").split())
