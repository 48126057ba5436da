"""Further keys on a real host: systemd loads each with the value that the registry declares, and acts on it."""

import json
import os
from collections.abc import Iterator

import pytest

from qtctl.adapters.files import read_templates
from qtctl.flows.declare import declare
from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.desired import Desired
from qtctl.model.tree import Account, Tree, TreeDir
from tests.builders.registry import SMALL
from tests.render.test_real import pack

pytestmark = pytest.mark.lab

HOST = "keystest1"
DAEMON = """\
summary = "A daemon"
state = "running"
type = "forking"
documentation = ["https://a.example/50%25", "man:own(8)"]
supplementary_groups = ["adm", "daemon"]
pid_file = "/run/own 50%.pid"
umask = "0027"
scheduling.nice = -5
run = { kind = "command", argv = ["/usr/bin/true"] }
[commands]
start_pre = [["-/bin/a b", "x y", "$HOME", "100%", ";"], ["+/bin/b"]]
start_post = [["!/bin/c", ""]]
reload = [["/bin/kill", "-HUP", "$MAINPID"]]
stop = [["/bin/d/$x", "a"]]
stop_post = [["-+/bin/e"]]
[timeouts]
start = "91s"
stop = "2min 30s"
runtime_max = "1d"
watchdog = "33s"
[kill]
mode = "mixed"
signal = "SIGINT"
[directories]
runtime = ["own"]
runtime_mode = "0711"
state = ["own", "own/more"]
state_mode = "0750"
cache = ["own"]
cache_mode = "0700"
logs = ["own"]
logs_mode = "0755"
[log]
stdout = "append:/var/log/own/5% of it.log"
stderr = "null"
identifier = "me%n"
namespace = "own"
rate_interval = "31s"
rate_burst = 501
"""
ONCE = """\
summary = "Runs once, for real"
state = "running"
type = "oneshot"
remain_after_exit = true
umask = "077"
scheduling.nice = 7
supplementary_groups = ["adm"]
[run]
kind = "command"
argv = ["/bin/sh", "-c", "umask; nice; id -nG; echo $WATCHDOG_USEC; echo $0 > /var/lib/once/made", "50%n $HOME"]
[commands]
start_pre = [["-/bin/false"], ["+/bin/sh", "-c", "id -u > /run/once/pre"]]
start_post = [["/bin/sh", "-c", "echo \\"$0\\" > /run/once/post", "a  %n ; $HOME"]]
[timeouts]
watchdog = "33s"
[directories]
runtime = ["once"]
state = ["once"]
state_mode = "0751"
logs = ["once"]
[log]
stdout = "append:/var/log/once 5%.log"
"""
TIMER = """\
[own]
summary = "Own"
service = "sweep"
on_startup = "31min"
on_active = "32min"
on_unit_inactive = "33min"
randomized_delay = "5s"
fixed_random_delay = true
wake_system = true
"""
SWEEP = 'summary = "Sweep"\nstate = "on-timer"\nrun = { kind = "command", argv = ["/bin/true"] }\n'
TARGET = """\
[core]
summary = "All of it"
[core.order]
requires = ["once"]
binds_to = ["daemon"]
before = ["feed"]
conflicts = ["rescue.target"]
on_failure = ["api"]
"""
SHOWN = {
    "small-daemon.service": {
        "LoadState": "loaded",
        "Documentation": 'https://a.example/50%25 "man:own(8)"',
        "SupplementaryGroups": "adm daemon",
        "PIDFile": "/run/own 50%.pid",
        "UMask": "0027",
        "Nice": "-5",
        "TimeoutStartUSec": "1min 31s",
        "TimeoutStopUSec": "2min 30s",
        "RuntimeMaxUSec": "1d",
        "KillMode": "mixed",
        "KillSignal": "2",
        "RuntimeDirectory": "own",
        "RuntimeDirectoryMode": "0711",
        "StateDirectory": "own own/more",
        "StateDirectoryMode": "0750",
        "CacheDirectory": "own",
        "CacheDirectoryMode": "0700",
        "LogsDirectory": "own",
        "LogsDirectoryMode": "0755",
        "StandardOutput": "append",
        "StandardError": "null",
        "SyslogIdentifier": "me%n",
        "LogNamespace": "own",
        "LogRateLimitIntervalUSec": "31s",
        "LogRateLimitBurst": "501",
    },
    "small-once.service": {
        "LoadState": "loaded",
        "RemainAfterExit": "yes",
        "ActiveState": "active",
        "SubState": "exited",
    },
    "small-own.timer": {"LoadState": "loaded", "FixedRandomDelay": "yes", "WakeSystem": "yes"},
    "small-core.target": {
        "LoadState": "loaded",
        "Requires": "small-once.service",
        "BindsTo": "small-daemon.service",
        "OnFailure": "small-api.service",
    },
}
COMMANDS = {
    "ExecStartPre": [
        ("/bin/a b", ["/bin/a b", "x y", "$$HOME", "100%", ";"], ["ignore-failure"]),
        ("/bin/b", ["/bin/b"], ["privileged"]),
    ],
    "ExecStartPost": [("/bin/c", ["/bin/c", ""], ["no-setuid"])],
    "ExecReload": [("/bin/kill", ["/bin/kill", "-HUP", "$MAINPID"], [])],
    "ExecStop": [("/bin/d/$x", ["/bin/d/$x", "a"], ["no-env-expand"])],
    "ExecStopPost": [("/bin/e", ["/bin/e"], ["ignore-failure", "privileged"])],
}  # fmt: skip


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Of this machine's own suite; another one (trixie: systemd 257) by QTCTL_TEST_SUITE."""
    tree = Tree(accounts=(Account("svc", "svc", "/home/svc"),), dirs=(TreeDir("/srv/small"), TreeDir("/etc/small")))
    lab.up([HOST], tree, stands_for="box", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
    try:
        files = pack((file.path, file.content) for file in rendered().files)
        done = lab.execute(HOST, ["sh", "-ec", INSTALL], stdin=files)
        assert done.returncode == 0, done.stderr.decode()
        yield HOST
    finally:
        lab.down([HOST])


INSTALL = "tar -C / -x; systemctl daemon-reload; systemctl start small-once.service"


def rendered() -> Desired:
    files = {
        **SMALL,
        "services/daemon.toml": DAEMON,
        "services/once.toml": ONCE,
        "services/sweep.toml": SWEEP,
        "timers.toml": TIMER,
        "targets.toml": TARGET,
    }
    return declare({name: text.encode() for name, text in files.items()}, read_templates(None), "", None).desired


def asked(host: str, *argv: str) -> str:
    done = lab.execute(host, list(argv))
    assert done.returncode == 0, done.stderr.decode()
    return str(done.stdout.decode())


@pytest.mark.parametrize("unit", SHOWN)
def test_systemd_loads_each_with_its_value(host: str, unit: str) -> None:
    lines = asked(host, "systemctl", "show", unit, f"--property={','.join(SHOWN[unit])}").splitlines()
    assert dict(line.split("=", 1) for line in lines) == SHOWN[unit]


def test_systemd_loads_the_lists_of_units_and_times(host: str) -> None:
    def words(unit: str, key: str) -> set[str]:
        return set(asked(host, "systemctl", "show", unit, f"--property={key}", "--value").split())

    assert "small-feed.service" in words("small-core.target", "Before")
    assert "rescue.target" in words("small-core.target", "Conflicts")
    times = asked(host, "systemctl", "show", "small-own.timer", "--property=TimersMonotonic", "--value")
    for directive, minutes in (("OnStartupUSec", 31), ("OnActiveUSec", 32), ("OnUnitInactiveUSec", 33)):
        assert f"{directive}={minutes}min ;" in times


@pytest.mark.parametrize("directive", COMMANDS)
def test_systemd_loads_each_command(host: str, directive: str) -> None:
    path = "/org/freedesktop/systemd1/unit/small_2ddaemon_2eservice"
    argv = ("busctl", "--json=short", "get-property", "org.freedesktop.systemd1", path)
    said = json.loads(asked(host, *argv, "org.freedesktop.systemd1.Service", f"{directive}Ex"))
    assert [(each[0], each[1], each[2]) for each in said["data"]] == COMMANDS[directive]


def test_nothing_of_them_is_warned_of(host: str) -> None:
    journal = asked(host, "journalctl", "--no-pager", "-o", "cat", "_PID=1")
    said = [line for line in journal.splitlines() if "/etc/systemd/system/small-" in line]
    assert [line for line in said if "world-inaccessible" not in line] == []


def test_the_service_that_runs_is_as_declared(host: str) -> None:
    assert asked(host, "cat", "/run/once/pre") == "0\n"
    assert asked(host, "cat", "/run/once/post") == "a  %n ; $HOME\n"
    assert asked(host, "cat", "/var/lib/once/made") == "50%n $HOME\n"
    assert asked(host, "stat", "-c", "%a %U", "/var/lib/once") == "751 svc\n"
    umask, nice, groups, watchdog = asked(host, "cat", "/var/log/once 5%.log").splitlines()
    assert (umask, nice, watchdog) == ("0077", "7", "33000000")
    assert set(groups.split()) == {"svc", "adm"}
