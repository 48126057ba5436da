"""A deployed lab host with fifty services, for measuring: its own registry, its own lab, nothing of it stays."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_registry
from qtctl.lab import lab
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve, stands_in
from qtctl.stage.lab import make_lab_tree
from tests.machine import own_lab

ROOT = Path(__file__).parent.parent.parent
SERVICES = 50
NAME = "qtbench"
AUDITOR = "qtaudit"
SETTLES_WITHIN_S = 60.0

SIMPLE = """summary = "A service more, to make them {services}"
state = "running"

[run]
kind = "module"
module = "microservices.bench_{number}.main"
venv = "ai-engine"
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A host that is as its registry declares. `env` is what every measured process gets."""

    name: str
    registry: Path
    ssh_config: Path
    units: tuple[str, ...]
    files: tuple[str, ...]
    env: dict[str, str]

    def qtctl(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "qtctl", *argv]

    def ssh(self, command: str) -> list[str]:
        return ["ssh", "-F", str(self.ssh_config), "-l", AUDITOR, self.name, command]


@contextmanager
def deployed(folder: Path) -> Iterator[Bench]:
    """Boot the host, deploy to it, and wait until an audit finds nothing; end it afterwards."""
    registry = fifty_services(folder / "registry")
    with own_lab(folder / "lab"):
        declared = load(read_registry(registry))
        name = stands_in(declared, "")
        desired, accounts = resolve(declared, name), declared.hosts[name]
        tree = make_lab_tree(desired, audit_user=accounts.audit_user, deploy_user=accounts.deploy_user)
        lab.up([NAME], tree, stands_for=name, progress=lambda event: _say(f"{event.host}: {event.detail}"))
        try:
            units = tuple(service.unit for service in desired.services)
            files = tuple(f"/etc/systemd/system/{unit}" for unit in units)
            bench = Bench(NAME, registry, lab.write_ssh_config(), units, files, environment(folder, registry))
            _deploy(bench)
            _settle(bench)
            yield bench
        finally:
            lab.down([NAME])


def fifty_services(folder: Path) -> Path:
    """The shipped registry and as many simple services more as make fifty that are not retired."""
    shutil.copytree(ROOT / "registry", folder)
    here = resolve(load(read_registry(folder)), stands_in(load(read_registry(folder)), "")).services
    for number in range(SERVICES - len(here)):
        text = SIMPLE.format(number=number, services=SERVICES)
        (folder / "services" / f"bench-{number}.toml").write_text(text)
    return folder


def environment(cache: Path, registry: Path) -> dict[str, str]:
    """As where qtctl is installed: modules are compiled once, and read from there."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **env,
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(cache / "bytecode"),
        "QTCTL_KEEP": str(cache / "kept"),
        "QTCTL_REGISTRY": str(registry),
    }


def _deploy(bench: Bench) -> None:
    _say("deploying")
    done = subprocess.run(
        bench.qtctl("deploy", "--host", NAME, "--yes"), env=bench.env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"deploy: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _settle(bench: Bench) -> None:
    _say("waiting until an audit finds nothing")
    until = time.monotonic() + SETTLES_WITHIN_S
    command = bench.qtctl("audit", "--host", NAME, "--format", "md")
    while (done := subprocess.run(command, env=bench.env, capture_output=True, text=True, check=False)).returncode:
        if time.monotonic() > until:
            raise SystemExit(f"audit: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        time.sleep(1)


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
