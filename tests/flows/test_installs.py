"""Code and virtual environments that a deploy installs on a real host: switched and rolled back whole, or refused."""

import io
import os
import re
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.supplies import LocalSupplies
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.declare import declare
from qtctl.flows.deploy import deploy
from qtctl.flows.rollback import fetch_earlier
from qtctl.model.plan import Choices, StepKind
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from tests.builders.registry import DEFAULTS, write_fleet
from tests.builders.wheels import lock_line, make_wheel
from tests.flows.ground import Ground, quiet, said, steps

pytestmark = pytest.mark.lab

WHOLE = "QTCTL_INSTALLS"
on_demand = pytest.mark.skipif(
    os.environ.get(WHOLE) != "all", reason=f"it takes minutes: {WHOLE}=all runs every case of what is installed"
)

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


FLEET = write_fleet("shop", code="/srv/shop/code", account="qt", defaults=DEFAULTS)
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
        declare(files, load_unit_templates(None), "h1", None).desired,
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
    """Nothing of the shop is on it before and after."""
    clear(booted)
    yield booted
    clear(booted)


def clear(booted: Ground) -> None:
    if booted.run("ls -d /var/lib/qtctl/tx 2>/dev/null || :"):
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


MODULE = 'kind = "module"\nmodule = "one"\nvenv = "main"\ncwd = "/"'
SERVER = 'import time\nVERSION = {0!r}\nif __name__ == "__main__":\n    time.sleep(1e6)\n'
VENVS = f'[main]\npath = "{VENV}"\nlock = "locks/main.txt"\nbuild = "wheels"\n'


def venv_registry(lock: str, services: Mapping[str, str] | None = None, *, venvs: str = VENVS) -> dict[str, bytes]:
    files = registry("", services or {"api": MODULE, "web": MODULE})
    return {**files, "venvs.toml": venvs.encode(), "locks/main.txt": lock.encode()}


def wheel(shop: Shop, version: str, text: str = SERVER) -> str:
    """The line of a lock file for it."""
    return lock_line(make_wheel(shop.wheels, "one", version, files={"one.py": text.format(version)}))


@on_demand
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
    """Everything that a refused deploy must leave as it is."""
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
    missing_import: "cannot be imported: .*ModuleNotFoundError: nothing_of_that_name",
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


@on_demand
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


CRASH = 'import sys\nif __name__ == "__main__":\n    sys.exit(3)\n'


@on_demand
def test_code_that_does_not_stay_up_is_taken_back_with_its_link_and_its_processes(host: Ground, shop: Shop) -> None:
    assert install(host, shop, registry(shop.commits["one"])).status is DeployStatus.DEPLOYED
    before = host.run(f"readlink {CODE}; stat -c %i:%Y {CODE}")
    outcome = install(host, shop, registry(shop.commit("crash", {"main.py": CRASH})))
    assert outcome.status is DeployStatus.RESTORED, said(outcome)
    assert host.run(f"readlink {CODE}; stat -c %i:%Y {CODE}") == before
    assert host.run("systemctl is-active shop-api; ls -A /srv/shop") == "active\ncode\n"


@on_demand
def test_a_folder_is_converted_once_and_kept(host: Ground, shop: Shop) -> None:
    made = f"mkdir -p {CODE}; echo 'x = 1' >{CODE}/mine.py; chown -R qt:qt {CODE}; echo hot >{CODE}/.hidden"
    host.run(f"{made}; stat -c %i {CODE} >/root/inode")
    wanted = registry(shop.commits["one"])
    refused = install(host, shop, wanted)
    assert refused.status is DeployStatus.REFUSED
    assert "there is a folder that qtctl did not put there" in said(refused)
    first = install(host, shop, wanted, take_over=True)
    assert first.status is DeployStatus.DEPLOYED, said(first)
    assert leads_to(host).startswith("/opt/qtctl/store/")
    (kept,) = [each.kept for each in first.results if each.step.kind is StepKind.LINK]
    assert host.run(f"cat {kept}/mine.py {kept}/.hidden; stat -c '%U' {kept}") == "x = 1\nhot\nqt\n"
    assert host.run(f"[ $(stat -c %i {kept}) = $(cat /root/inode) ] && echo same") == "same\n"
    assert install(host, shop, wanted).status is DeployStatus.UNCHANGED


@on_demand
def test_a_conversion_that_fails_gives_the_folder_back(host: Ground, shop: Shop) -> None:
    host.run(f"mkdir -p {CODE}; echo 'x = 1' >{CODE}/mine.py; chown -R qt:qt {CODE}")
    before = host.run(f"find {CODE} -printf '%p %i %T@ %U\\n'")
    outcome = install(host, shop, registry(shop.commit("crash", {"main.py": CRASH})), take_over=True)
    assert outcome.status is DeployStatus.RESTORED, said(outcome)
    assert host.run(f"find {CODE} -printf '%p %i %T@ %U\\n'") == before


@on_demand
def test_a_damaged_store_is_refused_and_nothing_is_touched(host: Ground, shop: Shop) -> None:
    for name in ("one", "two"):
        assert install(host, shop, registry(shop.commits[name])).status is DeployStatus.DEPLOYED
    two = leads_to(host)
    assert install(host, shop, registry(shop.commits["one"])).status is DeployStatus.DEPLOYED
    for damage in (
        f"echo 'x = 2' >{two}/main.py",
        f"chown qt {two}/main.py",
        f"ln -s /etc/passwd {two}/more",
        f"chmod u+s {two}/main.py",
        f"rm {two}/lib/more.py",
    ):
        host.run(f"cp -a {two} /root/kept; {damage}")
        before = untouched(host)
        outcome = install(host, shop, registry(shop.commits["two"]))
        assert outcome.status is DeployStatus.REFUSED, damage
        assert f"{two}, where {CODE} would lead, is not what was put there" in said(outcome)
        assert untouched(host) == before
        host.run(f"rm -rf {two}; mv /root/kept {two}")
    host.run(f"rm {two}.seal")
    assert install(host, shop, registry(shop.commits["two"])).status is DeployStatus.DEPLOYED


def test_what_a_link_in_place_leads_to_is_put_there_again_and_never_removed(host: Ground, shop: Shop) -> None:
    files = registry(shop.commits["one"])
    assert install(host, shop, files).status is DeployStatus.DEPLOYED
    one, before = leads_to(host), pid(host, "api")
    host.run(f"rm {one}.seal")
    nothing = Shop(shop.folder / "none", shop.wheels)
    refused = install(host, nothing, files)
    assert refused.status is DeployStatus.REFUSED, said(refused)
    assert host.run(f"cat {CODE}/main.py; ls {one}").strip()
    assert pid(host, "api") == before
    host.run(f"rm -r {one}")
    assert install(host, shop, files).status is DeployStatus.DEPLOYED
    assert (leads_to(host), pid(host, "api") == before) == (one, False)
    assert host.run(f"cat {CODE}/main.py; cat {one}.seal").strip()
    assert install(host, shop, files).status is DeployStatus.UNCHANGED


@on_demand
def test_an_import_that_does_not_end_is_refused(host: Ground, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.flows.provide.IMPORT_S", 2)
    outcome = install(host, shop, registry(shop.commit("hang", {"main.py": "import time\ntime.sleep(1e6)\n"})))
    assert outcome.status is DeployStatus.REFUSED
    assert "it did not end in 2 seconds" in said(outcome)
    assert host.run("ls -A /opt/qtctl/store /opt/qtctl/build; ps ax | grep -c '[i]mport_entry' || :").split() == [
        "/opt/qtctl/build:", "/opt/qtctl/store:", "0",
    ]  # fmt: skip


def test_an_import_runs_as_the_service_s_user_and_can_change_and_reach_nothing(host: Ground, shop: Shop) -> None:
    probe = (
        "import os, pwd, socket\n"
        "env = os.environ\n"
        "found = [pwd.getpwuid(os.getuid()).pw_name, env.get('LEVEL', 'none'), str(env.get('TOKEN') == 't0k')]\n"
        "for path in ('/var/tmp/x', '/etc/x', '/home/qt/x', '/opt/qtctl/store/x', '/srv/x'):\n"
        "    try:\n        open(path, 'w'); found.append(path)\n    except OSError:\n        pass\n"
        "try:\n    socket.create_connection(('127.0.0.1', 22), 1); found.append('net')\nexcept OSError:\n    pass\n"
        "print('ERROR: ' + env['TOKEN'])\n"
        "raise ImportError(env['TOKEN'], name='_'.join(found).replace('/', '.'))\n"
    )
    host.run("mkdir -p /etc/shop; echo TOKEN=t0k >/etc/shop/secrets; chmod 600 /etc/shop/secrets")
    run = f'{SCRIPT}\n[env]\nLEVEL = "7"\n[secrets]\nenv_file = "/etc/shop/secrets"\nkeys = ["TOKEN"]'
    outcome = install(host, shop, registry(shop.commit("probe", {"main.py": probe}), {"api": run}))
    assert outcome.status is DeployStatus.REFUSED
    # PrivateTmp= gives it a /var/tmp of its own.
    assert "ImportError: qt_7_True_.var.tmp.x at" in said(outcome), said(outcome)
    assert "t0k" not in said(outcome)
    assert not host.run("ls -A /var/tmp | grep -x x || :")


BAD_HOSTS = {
    "no python3-venv": (
        "mv /usr/lib/python3.11/ensurepip /root/", "mv /root/ensurepip /usr/lib/python3.11/", "install python3-venv",
    ),
    "a disk that is full": (
        "mkdir -p /opt/qtctl; mount -t tmpfs -o size=200k,mode=0755 none /opt/qtctl", "umount -l /opt/qtctl",
        "unpacked|[Nn]o space",
    ),
    "a store that somebody else can write": (
        "mkdir -p /opt/qtctl/store; chown qt /opt/qtctl", "chown root /opt/qtctl", "qtctl can be changed by user qt",
    ),
    "a lock that is a link": (
        "mkdir -p /opt/qtctl; ln -sfn /etc/passwd /opt/qtctl/lock", "rm /opt/qtctl/lock", "lock is a link",
    ),
    "a build that another deploy runs": (
        "mkdir -p /opt/qtctl; setsid flock /opt/qtctl/lock sleep 14 >/dev/null 2>&1 & sleep 0.3",
        "sleep 4", "another deploy",
    ),
}  # fmt: skip


@on_demand
@pytest.mark.parametrize("case", BAD_HOSTS)
def test_a_host_that_cannot_take_it_is_refused_and_stays_as_it_was(host: Ground, shop: Shop, case: str) -> None:
    inflict, heal, why = BAD_HOSTS[case]
    host.run(inflict)
    try:
        before = host.run("find /srv /etc/systemd/system /etc/shop 2>/dev/null | sort; cat /etc/passwd")
        outcome = install(host, shop, venv_registry(wheel(shop, "1.0", SERVER + f"x = '{'y' * 300000}'\n")))
        assert outcome.status is DeployStatus.REFUSED
        assert re.search(why, said(outcome)), said(outcome)
        assert host.run("find /srv /etc/systemd/system /etc/shop 2>/dev/null | sort; cat /etc/passwd") == before
    finally:
        host.run(heal)


@on_demand
def test_what_no_generation_leads_to_is_removed_from_the_store(host: Ground, shop: Shop) -> None:
    assert install(host, shop, registry(shop.commits["one"])).status is DeployStatus.DEPLOYED
    stale = "/opt/qtctl/store/" + "f" * 64
    fresh = "/opt/qtctl/store/" + "e" * 64
    host.run(f"mkdir {stale} {fresh}; echo x >{stale}.seal; echo x >{fresh}.seal; touch -d '2 hours ago' {stale}.seal")
    one = leads_to(host)
    host.run(f"touch -d '2 hours ago' {one}.seal")
    assert install(host, shop, registry(shop.commits["two"])).status is DeployStatus.DEPLOYED
    left = host.run("ls /opt/qtctl/store").split()
    assert stale.rpartition("/")[2] not in left
    assert fresh.rpartition("/")[2] in left
    assert one.rpartition("/")[2] in left


BACKEND = r"""
import os, subprocess, sys, time, zipfile
STORE = "/opt/qtctl/store"
(TARGET,) = [os.path.join(STORE, name) for name in os.listdir(STORE)]
for path in ("/etc/evil", "/root/evil", "/opt/qtctl/evil2", "/opt/qtctl/in/evil", "/var/lib/qtctl/evil", "/srv/evil"):
    try:
        open(path, "w").close()
    except OSError:
        pass
if not os.path.lexists(TARGET + "/shadow"):
    os.symlink("/etc/shadow", TARGET + "/shadow")
os.makedirs(TARGET + "/open", exist_ok=True)
os.chmod(TARGET + "/open", 0o1777)
with open(TARGET + "/suid", "w") as file:
    pass
os.chmod(TARGET + "/suid", 0o777)
try:
    os.chmod(TARGET + "/suid", 0o4777)
except OSError:
    pass
LATE = f"import time\nwhile True:\n    open({TARGET + '/late'!r}, 'a').write('x')\n    time.sleep(.05)"
subprocess.Popen(
    [sys.executable, "-c", LATE],
    start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
if os.path.exists("hang"):
    time.sleep(1e6)

def build_wheel(folder, settings=None, metadata=None):
    name = "one-4.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("one.py", SERVER)
        archive.writestr("one-4.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 4.0\n")
        wheel = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("one-4.0.dist-info/WHEEL", wheel)
        archive.writestr("one-4.0.dist-info/RECORD", "one.py,,\n")
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def sdist(shop: Shop, *, hangs: bool = False) -> str:
    """A source package that runs its own code when it is built. Returns its line of a lock file."""
    texts = {
        "pyproject.toml": PYPROJECT,
        "PKG-INFO": "Metadata-Version: 2.1\nName: one\nVersion: 4.0\n",
        "backend.py": BACKEND.replace("SERVER", repr(SERVER.format("4.0"))),
        **({"hang": "x"} if hangs else {}),
    }
    path = shop.wheels / "one-4.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in texts.items():
            header = tarfile.TarInfo(f"one-4.0/{name}")
            header.size = len(text.encode())
            archive.addfile(header, io.BytesIO(text.encode()))
    return lock_line(path)


SOURCES = VENVS.replace("wheels", "sources")


def test_a_builder_can_leave_nothing_behind_that_anybody_but_root_can_change(host: Ground, shop: Shop) -> None:
    first = install(host, shop, venv_registry(sdist(shop), venvs=SOURCES))
    assert first.status is DeployStatus.DEPLOYED, said(first)
    target = leads_to(host, VENV)
    digest = f"cd {target} && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum"
    before = host.run(digest)
    loose = "find /opt/qtctl ! -type l '(' ! -user root -o -perm /022 -o -perm /7000 ')'"
    assert host.run(loose) == ""
    assert host.run("ls -d /etc/evil /root/evil /opt/qtctl/evil2 /var/lib/qtctl/evil /srv/evil 2>/dev/null || :") == ""
    assert host.run("pgrep -f 'time.sleep[(].05[)]' || :") == ""
    assert host.run(digest) == before
    assert host.run("ls -A /opt/qtctl/build; systemctl list-units --all --plain --no-legend 'qtctl-[bi]*'") == ""


@on_demand
def test_a_build_that_hangs_is_ended_and_refused(host: Ground, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.flows.provide.BUILD_S", 5)
    outcome = install(host, shop, venv_registry(sdist(shop, hangs=True), venvs=SOURCES))
    assert outcome.status is DeployStatus.REFUSED
    assert "could not be built: it did not end in 5 seconds" in said(outcome), said(outcome)
    assert host.run("pgrep -f 'time.sleep[(].05[)]' || :; ls -A /opt/qtctl/store /opt/qtctl/build").split() == [
        "/opt/qtctl/build:", "/opt/qtctl/store:",
    ]  # fmt: skip


def test_a_build_ends_with_the_deploy_that_waits_for_it(host: Ground, shop: Shop) -> None:
    """Interrupted while the package is built: the next deploy finds the store free."""

    def interrupt() -> None:
        host.run("for i in $(seq 300); do pgrep -f 'time.sleep[(].05[)]' && exit; sleep 0.1; done; exit 1")
        os.kill(os.getpid(), signal.SIGUSR1)

    def raise_interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, raise_interrupt)
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    outcome = install(host, shop, venv_registry(sdist(shop, hangs=True), venvs=SOURCES))
    interrupting.join()
    signal.signal(signal.SIGUSR1, before)
    assert outcome.status is DeployStatus.INTERRUPTED, said(outcome)
    began = time.monotonic()
    assert install(host, shop, registry(shop.commits["one"])).status is DeployStatus.DEPLOYED
    assert time.monotonic() - began < 20
    assert host.run("systemctl is-active qtctl-build || :; ls -A /opt/qtctl/build") == "inactive\n"


@on_demand
def test_a_builder_that_lost_its_deploy_is_ended_by_the_next_one(host: Ground, shop: Shop) -> None:
    """Whatever killed the script that waits for it, even a power cut: nothing of it is in the store."""
    left = "mkdir -p /opt/qtctl/store /opt/qtctl/build/tree; echo x >/opt/qtctl/build/tree/x; mkdir /opt/qtctl/store/"
    host.run(f"{left}{'f' * 64}; systemd-run -q --unit=qtctl-build sleep 1000")
    assert install(host, shop, registry(shop.commits["one"])).status is DeployStatus.DEPLOYED
    assert host.run("ls -A /opt/qtctl/build; systemctl is-active qtctl-build || :") == "inactive\n"


@on_demand
def test_a_rollback_brings_code_venv_and_unit_back_together(host: Ground, shop: Shop) -> None:
    run = {"api": 'kind = "script"\nscript = "main.py"\nvenv = "main"'}

    def both(commit: str, version: str, level: str) -> dict[str, bytes]:
        files = registry(shop.commits[commit], {"api": f'{run["api"]}\n[env]\nLEVEL = "{level}"'})
        return {**files, "venvs.toml": VENVS.encode(), "locks/main.txt": wheel(shop, version).encode()}

    look = (
        f"readlink {CODE} {VENV}; grep LEVEL /etc/shop/api.env; {VENV}/bin/python -c 'import one; print(one.VERSION)'"
    )
    assert install(host, shop, both("one", "1.0", "A")).status is DeployStatus.DEPLOYED
    old = host.run(look)
    second = both("two", "2.0", "B")
    assert install(host, shop, second).status is DeployStatus.DEPLOYED
    assert host.run(look) != old
    earlier = fetch_earlier(
        lambda: host.connect("ops"), declare(second, load_unit_templates(None), "h1", None).desired, None
    )
    outcome = deploy(
        lambda: host.connect("ops"),
        earlier.desired,
        SystemClock(),
        choices=Choices(prune=True),
        confirm=lambda _: True,
        progress=quiet,
        deadline_s=20,
        steady_s=1,
    )
    assert outcome.status is DeployStatus.DEPLOYED, said(outcome)
    assert host.run(look) == old
