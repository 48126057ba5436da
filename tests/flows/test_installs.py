"""Code and virtual environments that a deploy installs on a real host: switched and taken back whole, or refused."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
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
from tests.builders.wheels import lock_line, make_wheel
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
    return make_shop(tmp_path)


def make_shop(tmp_path: Path) -> Shop:
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
    clear(booted)


def clear(booted: Ground) -> None:
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


MODULE = 'kind = "module"\nmodule = "one"\nvenv = "main"\ncwd = "/"'
SERVER = 'import time\nVERSION = {0!r}\nif __name__ == "__main__":\n    time.sleep(1e6)\n'
VENVS = f'[main]\npath = "{VENV}"\nlock = "locks/main.txt"\nbuild = "wheels"\n'


def venv_registry(lock: str, services: Mapping[str, str] | None = None, *, venvs: str = VENVS) -> dict[str, bytes]:
    files = registry("", services or {"api": MODULE, "web": MODULE})
    return {**files, "venvs.toml": venvs.encode(), "locks/main.txt": lock.encode()}


def wheel(shop: Shop, version: str, text: str = SERVER) -> str:
    """Its line of a lock file."""
    return lock_line(make_wheel(shop.wheels, "one", version, files={"one.py": text.format(version)}))


def test_a_venv_is_built_from_its_lock_file_and_shared_by_services_that_restart_together(
    host: Ground, shop: Shop
) -> None:
    first = install(host, shop, venv_registry(wheel(shop, "1.0")))
    assert first.status is DeployStatus.DEPLOYED, said(first)
    pids = {name: pid(host, name) for name in ("api", "web")}
    old = leads_to(host, VENV)
    version = f"{VENV}/bin/python -c 'import one; print(one.VERSION)'"
    assert host.run(version) == "1.0\n"
    second = install(host, shop, venv_registry(wheel(shop, "2.0")))
    assert second.status is DeployStatus.DEPLOYED, said(second)
    assert host.run(version) == "2.0\n"
    assert all(pid(host, name) != pids[name] for name in pids)
    # Nobody but root can write what was built, and nothing of the build is left.
    others = (
        "find -L /opt/qtctl/store/ ! -path '*/bin/*' '(' ! -user root -o -perm /022 ')' -print; ls -A /opt/qtctl/build"
    )
    assert host.run(others) == ""
    assert install(host, shop, venv_registry(wheel(shop, "1.0"))).status is DeployStatus.DEPLOYED
    assert leads_to(host, VENV) == old


def untouched(host: Ground) -> str:
    """All that a refused deploy must leave as it is."""
    return host.run(
        "find /srv/shop /etc/shop /etc/systemd/system /opt/qtctl/store -maxdepth 1 -printf '%p %y %T@ %l\\n' "
        "2>/dev/null | grep -v -e '^/etc/systemd/system d' -e '^/opt/qtctl/store d' | sort; "
        "ls -A /opt/qtctl/build; systemctl show -P MainPID shop-api"
    )


def other_content(shop: Shop) -> str:
    line = wheel(shop, "3.0")
    wheel(shop, "3.0", SERVER + "x = 1\n")
    return line


def only_sdist(shop: Shop) -> str:
    (shop.wheels / "one-3.0-py3-none-any.whl").unlink(missing_ok=True)
    (shop.wheels / "one-3.0.tar.gz").write_bytes(b"x")
    return lock_line(shop.wheels / "one-3.0.tar.gz")


def other_python(shop: Shop) -> str:
    return lock_line(make_wheel(shop.wheels, "one", "3.0", tag="cp27-cp27m-win32"))


def not_locked(shop: Shop) -> str:
    return lock_line(make_wheel(shop.wheels, "one", "3.0", files={"one.py": SERVER}, requires="two"))


def missing_import(shop: Shop) -> str:
    return wheel(shop, "3.0", "import nothing_of_that_name\n")


def secret_in_error(shop: Shop) -> str:
    return wheel(shop, "3.0", "raise ValueError('hunter2')\n")


def syntax_error(shop: Shop) -> str:
    return wheel(shop, "3.0", "def x(:\n")


def no_zip(shop: Shop) -> str:
    (shop.wheels / "one-3.0-py3-none-any.whl").write_bytes(b"x")
    return lock_line(shop.wheels / "one-3.0-py3-none-any.whl")


BAD_VENVS: dict[Callable[[Shop], str], str] = {
    other_content: "has no file of one==3.0",
    only_sdist: "has no file of one==3.0, as a wheel",
    other_python: "could not be built: .*(No matching distribution|not a supported wheel)",
    not_locked: "could not be built: .*two",
    missing_import: "cannot be imported: .*No module",
    secret_in_error: "cannot be imported: .*ValueError at /opt",
    syntax_error: "cannot be imported: .*SyntaxError",
    no_zip: "could not be built: .*one",
}


@pytest.fixture(scope="module")
def running(booted: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, Shop]]:
    """A host on which the venv of version 1.0 is in force."""
    shop = make_shop(tmp_path_factory.mktemp("shop"))
    assert install(booted, shop, venv_registry(wheel(shop, "1.0"))).status is DeployStatus.DEPLOYED
    yield booted, shop
    clear(booted)


@pytest.mark.parametrize("case", BAD_VENVS, ids=lambda case: case.__name__)
def test_what_cannot_be_built_or_imported_is_refused_and_the_host_is_as_it_was(
    running: tuple[Ground, Shop], case: Callable[[Shop], str]
) -> None:
    host, shop = running
    before = untouched(host)
    outcome = install(host, shop, venv_registry(case(shop)))
    assert outcome.status is DeployStatus.REFUSED
    assert re.search(f"nothing was changed: .*{BAD_VENVS[case]}", said(outcome)), said(outcome)
    assert "hunter2" not in said(outcome)
    assert untouched(host) == before
