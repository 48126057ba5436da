"""Code and virtual environments that a deploy installs on a real host: switched and taken back whole, or refused."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.supplies import LocalSupplies
from qtctl.adapters.templates import unit_templates
from qtctl.flows.declare import declare
from qtctl.flows.deploy import deploy
from qtctl.model.plan import Choices, StepKind
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from tests.flows.ground import Ground, quiet, said, steps

pytestmark = pytest.mark.lab

CODE, VENV = "/srv/shop/code", "/srv/shop/venv"
SLEEPER = 'import time\nprint({0!r}, flush=True)\nif __name__ == "__main__":\n    time.sleep(1e6)\n'


def git(folder: Path, *words: str) -> str:
    argv = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(folder), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@dataclass
class Shop:
    """A repository with the code of a shop, and a folder of wheels."""

    folder: Path
    wheels: Path
    commits: dict[str, str] = field(default_factory=dict)

    def commit(self, name: str, files: Mapping[str, str]) -> str:
        for path, text in files.items():
            target = self.folder / "shop" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        git(self.folder / "shop", "add", "-A")
        git(self.folder / "shop", "commit", "-q", "--allow-empty", "-m", name)
        self.commits[name] = git(self.folder / "shop", "rev-parse", "HEAD")
        return self.commits[name]

    @property
    def supplies(self) -> LocalSupplies:
        return LocalSupplies(self.folder, self.wheels)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "clones/shop").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    git(tmp_path / "clones/shop", "init", "-q")
    made = Shop(tmp_path / "clones", tmp_path / "wheels")
    made.commit("one", {"main.py": SLEEPER.format("one"), "lib/__init__.py": ""})
    made.commit("two", {"main.py": SLEEPER.format("two"), "lib/more.py": "x = 1\n"})
    return made


FLEET = """
name = "shop"
unit_prefix = "shop-"
unit_patterns = ["shop-*"]
env_dir = "/etc/shop"
[defaults]
user = "qt"
group = "qt"
code = "/srv/shop/code"
[defaults.limits]
memory_high = "100M"
memory_max = "200M"
[defaults.restart]
restart = "always"
restart_sec = "1s"
start_limit_interval = "5min"
start_limit_burst = 10
[defaults.sandbox]
profile = "default"
"""
HOSTS = """
[h1]
address = "203.0.113.1"
audit_user = "plain"
deploy_user = "ops"
memory = "1G"
cpus = 1
"""
TARGETS = """
[shop]
summary = "all of it"
[shop.install]
wanted_by = ["multi-user.target"]
"""


SCRIPT = 'kind = "script"\nscript = "main.py"'
SERVICE = 'summary = "x"\ncategory = "core"\nstate = "running"\ntarget = "shop"\n[run]\n'


def registry(commit: str, services: Mapping[str, str] | None = None, **files: str) -> dict[str, bytes]:
    """A registry with code at that commit, and services by name with their `[run]`."""
    runs = services or {"api": SCRIPT}
    texts = {
        "fleet.toml": FLEET,
        "hosts.toml": HOSTS,
        "targets.toml": TARGETS,
        "code.toml": f'[shop]\npath = "{CODE}"\ncommit = "{commit}"\ninstall = true\n' if commit else "",
        **{f"services/{name}.toml": f"{SERVICE}{run}\n" for name, run in runs.items()},
        **{path.replace("__", "/").replace("_", "."): text for path, text in files.items()},
    }
    return {path: text.encode() for path, text in texts.items() if text}


def install(
    ground: Ground, shop: Shop, files: Mapping[str, bytes], *, take_over: bool = False, confirm: bool = True
) -> DeployOutcome:
    return deploy(
        lambda: ground.connect("ops"),
        declare(files, unit_templates(None), "h1", None).desired,
        SystemClock(),
        choices=Choices(take_over, prune=True),
        confirm=lambda _: confirm,
        progress=quiet,
        deadline_s=20,
        steady_s=1,
        supplies=shop.supplies,
    )


def pid(ground: Ground, name: str) -> str:
    return ground.run(f"systemctl show -P MainPID shop-{name}").strip()


def leads_to(ground: Ground, path: str = CODE) -> str:
    return ground.run(f"readlink {path} || echo none").strip()


@pytest.fixture
def host(booted: Ground) -> Iterator[Ground]:
    """Without anything of the shop before and after."""
    yield booted
    booted.settle()
    booted.run(
        "systemctl stop 'shop-*' shop.target; rm -rf /srv/shop /etc/shop /opt/qtctl; "
        "find /etc/systemd/system -name 'shop*' -delete; systemctl daemon-reload; systemctl reset-failed"
    )


def test_code_is_installed_at_its_commit_and_switched_while_its_services_are_stopped(host: Ground, shop: Shop) -> None:
    first = install(host, shop, registry(shop.commits["one"]))
    assert first.status is DeployStatus.DEPLOYED, said(first)
    old, process = leads_to(host), pid(host, "api")
    assert old.startswith("/opt/qtctl/store/")
    assert host.run(f"cat {CODE}/main.py; stat -c '%U %a' {CODE}/ {CODE}/main.py") == (
        SLEEPER.format("one") + "root 755\nroot 644\n"
    )
    second = install(host, shop, registry(shop.commits["two"]))
    assert second.status is DeployStatus.DEPLOYED, said(second)
    assert steps(second) == [
        (StepKind.STOP, "shop-api.service"),
        (StepKind.LINK, "code"),
        (StepKind.START, "shop-api.service"),
    ]
    assert "shop-api.service" in second.plan.steps[1].reason
    assert host.run(f"cat {CODE}/lib/more.py") == "x = 1\n"
    assert pid(host, "api") != process
    third = install(host, shop, registry(shop.commits["two"]))
    assert (third.status, third.plan.steps) == (DeployStatus.UNCHANGED, ())
    back = install(host, shop, registry(shop.commits["one"]))
    assert back.status is DeployStatus.DEPLOYED
    assert leads_to(host) == old
