"""A lab of the tests' own: hosts, keys and state away from any other lab on this machine."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qtctl.lab import lab, needs
from qtctl.lab.lab import LabHost

Run = Callable[..., str]
PREFIX = "t" + format(os.getpid() % 46656, "x")
"""Part of each host's name: two test runs on one machine do not meet."""


@pytest.fixture(scope="package")
def own_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its state folder. Skips, with the reason, where no host can be booted; ends every host at the end."""
    reason = needs.explain_why_not()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QTCTL_STATE", str(folder))
        yield folder
        lab.down([host.name for host in lab.list_hosts()])


def host_name(number: int) -> str:
    return f"{PREFIX}-{number}"


def run(host: LabHost, script: str) -> str:
    """Standard output of a shell script run inside, as root; it must end with 0."""
    done = lab.execute(host.name, ["sh", "-euc", script])
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def ssh(host: LabHost, user: str, command: str) -> subprocess.CompletedProcess[str]:
    """As a user would: OpenSSH with the lab's config fragment and nothing else."""
    argv = ["ssh", "-F", str(lab.write_ssh_config()), "-o", "BatchMode=yes", f"{user}@{host.name}", command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
