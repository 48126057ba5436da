"""Each further key of a service, timer or target, alone, the whole way: TOML → the lines that it adds to a unit."""

import pytest

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError, InputErrors
from qtctl.flows.declare import declare
from tests.builders.registry import SMALL

OWN = """\
summary = "Own"
state = "running"
%s
run = { kind = "command", argv = ["/usr/bin/own"] }
"""
TIMER = '[own]\nsummary = "Own"\nservice = "own"\n%s\n'
TARGET = '[core]\nsummary = "All of it"\n%s\n'
KINDS = {"service": ("services/own.toml", OWN), "timer": ("timers.toml", TIMER), "target": ("targets.toml", TARGET)}
UNITS = "/etc/systemd/system"
PATHS = {
    "service": f"{UNITS}/small-own.service",
    "timer": f"{UNITS}/small-own.timer",
    "target": f"{UNITS}/small-core.target",
}
ADDED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("service", 'documentation = ["https://a.example/%20", "man:own(8)"]',
     ("Documentation=https://a.example/%%20", "Documentation=man:own(8)")),
    ("service", 'commands.start_pre = [["-/bin/a", "x y"], ["/bin/b", "$HOME"]]',
     ('ExecStartPre=-/bin/a "x y"', "ExecStartPre=/bin/b $$HOME")),
    ("service", 'commands.start_post = [["+/bin/a"]]', ("ExecStartPost=+/bin/a",)),
    ("service", 'commands.reload = [["/bin/kill", "-HUP", "5%"]]', ("ExecReload=/bin/kill -HUP 5%%",)),
    ("service", 'commands.reload = [["/bin/kill", "$MAINPID", "$MAINPIDS"]]',
     ("ExecReload=/bin/kill $MAINPID $$MAINPIDS",)),
    ("service", 'commands.stop = [["!/bin/a b/c"]]', ('ExecStop="!/bin/a b/c"',)),
    ("service", 'commands.stop_post = [["/bin/a", ";"]]', ('ExecStopPost=/bin/a ";"',)),
    ("service", 'timeouts.start = "90s"', ("TimeoutStartSec=90s",)),
    ("service", 'timeouts.stop = "2min 30s"', ("TimeoutStopSec=2min 30s",)),
    ("service", 'timeouts.runtime_max = "1d"', ("RuntimeMaxSec=1d",)),
    ("service", 'timeouts.watchdog = "30s"\ntype = "notify"', ("WatchdogSec=30s",)),
    ("service", 'kill.mode = "mixed"', ("KillMode=mixed",)),
    ("service", 'kill.signal = "SIGRTMIN+3"', ("KillSignal=SIGRTMIN+3",)),
    ("service", "remain_after_exit = true", ("RemainAfterExit=yes",)),
    ("service", "remain_after_exit = false", ("RemainAfterExit=no",)),
    ("service", 'pid_file = "/run/own 5%.pid"\ntype = "forking"', ("PIDFile=/run/own 5%%.pid",)),
    ("service", 'umask = "0027"', ("UMask=0027",)),
    ("service", "scheduling.nice = -5", ("Nice=-5",)),
    ("service", 'supplementary_groups = ["adm", "redis"]', ("SupplementaryGroups=adm", "SupplementaryGroups=redis")),
    ("service", 'directories.state = ["own", "own/more"]\ndirectories.state_mode = "0750"',
     ("StateDirectory=own", "StateDirectory=own/more", "StateDirectoryMode=0750")),
    ("service", 'directories.logs = ["own"]\ndirectories.logs_mode = "750"',
     ("LogsDirectory=own", "LogsDirectoryMode=750")),
    ("service", 'directories.cache = ["..own"]\ndirectories.cache_mode = "0700"',
     ("CacheDirectory=..own", "CacheDirectoryMode=0700")),
    ("service", 'directories.runtime = ["own"]\ndirectories.runtime_mode = "1777"',
     ("RuntimeDirectory=own", "RuntimeDirectoryMode=1777")),
    ("service", 'log.stdout = "append:/var/log/own/5% of.log"', ("StandardOutput=append:/var/log/own/5%% of.log",)),
    ("service", 'log.stderr = "null"', ("StandardError=null",)),
    ("service", 'log.identifier = "me%"', ("SyslogIdentifier=me%%",)),
    ("service", 'log.namespace = "own"', ("LogNamespace=own",)),
    ("service", 'log.rate_interval = "30s"\nlog.rate_burst = 500',
     ("LogRateLimitIntervalSec=30s", "LogRateLimitBurst=500")),
    ("timer", 'on_startup = "5min"', ("OnStartupSec=5min",)),
    ("timer", 'on_active = "5min"', ("OnActiveSec=5min",)),
    ("timer", 'on_unit_inactive = "5min"', ("OnUnitInactiveSec=5min",)),
    ("timer", 'on_calendar = ["hourly"]\nrandomized_delay = "5s"\nfixed_random_delay = true',
     ("OnCalendar=hourly", "RandomizedDelaySec=5s", "FixedRandomDelay=yes")),
    ("timer", 'on_active = "1h"\nwake_system = true', ("OnActiveSec=1h", "WakeSystem=yes")),
    ("target", 'order.requires = ["feed"]', ("Requires=small-feed.service",)),
    ("target", 'order.binds_to = ["feed"]', ("BindsTo=small-feed.service",)),
    ("target", 'order.before = ["feed"]', ("Before=small-feed.service",)),
    ("target", 'order.conflicts = ["feed"]', ("Conflicts=small-feed.service",)),
    ("target", 'order.on_failure = ["feed"]', ("OnFailure=small-feed.service",)),
)  # fmt: skip
REFUSED: tuple[tuple[str, str, str], ...] = (
    ("service", 'documentation = ["see the wiki"]', "documentation[0]"),
    ("service", 'commands.start_pre = [["true"]]', "does not begin with the absolute path of a program"),
    ("service", "commands.start_pre = [[]]", "commands.start_pre[0]"),
    ("service", 'commands.start_pre = ["/bin/tr\\nue"]', "ExecStartPre: not a value on one line"),
    ("service", 'commands.start_pre = ["/bin/true \\""]', "commands.start_pre: unbalanced quotes"),
    ("service", 'commands.start_pre = [["@/bin/true"]]', "does not begin with the absolute path of a program"),
    ("service", 'commands.start_pre = [["/bin/\\"x"]]', "ExecStartPre: the program has a quote"),
    ("service", 'commands.start_pre = [["/bin/x", "\\u0000"]]', "ExecStartPre: argument 1"),
    ("service", 'commands.reload = [["/bin/$x", "$MAINPID"]]', "$MAINPID, and a $ in the program's path"),
    ("service", 'timeouts.start = "soon"', 'timeouts.start is "soon", should be a time span'),
    ("service", 'kill.mode = "all"', "kill.mode"),
    ("service", 'kill.signal = "TREM"', "kill.signal"),
    ("service", 'kill.signal = "SIGRTMIN+31"', "kill.signal"),
    ("service", 'type = "oneshot"\ntimeouts.runtime_max = "1h"', "timeouts.runtime_max does nothing with type oneshot"),
    ("service", 'umask = "999"', "umask"),
    ("service", "scheduling.nice = 20", "scheduling.nice"),
    ("service", 'supplementary_groups = ["a b"]', "supplementary_groups[0]"),
    ("service", 'directories.state = ["/var/lib/own"]', "directories.state[0]"),
    ("service", 'directories.state = ["../own"]', "directories.state[0]"),
    ("service", 'directories.state = ["own/.."]', "directories.state[0]"),
    ("service", 'directories.state_mode = "rwx"', "directories.state_mode"),
    ("service", 'log.stdout = "append:own.log"', "log.stdout"),
    ("service", 'log.stdout = "append:/var/log/x "', "begins or ends with white space"),
    ("service", 'log.stdout = "sylog"', "log.stdout"),
    ("service", 'log.identifier = " a"', "log.identifier"),
    ("service", 'log.namespace = "a/b"', "log.namespace"),
    ("service", "log.rate_burst = -1", "log.rate_burst"),
    ("timer", "wake_system = true", "timer own has no time to run at"),
    ("target", 'order.requires = ["nobody"]', "QT102 nobody is not declared"),
)


def lines(kind: str, text: str) -> list[str]:
    """Of the unit whose file `text` is added to."""
    files = {**SMALL, KINDS["service"][0]: OWN % ""}
    if kind == "timer":
        files["services/own.toml"] = files["services/own.toml"].replace("running", "on-timer")
    path, base = KINDS[kind]
    files[path] = base % text
    desired = declare({name: each.encode() for name, each in files.items()}, read_templates(None), "", None).desired
    return next(file for file in desired.files if file.path == PATHS[kind]).content.decode().splitlines()


@pytest.mark.parametrize(
    ("kind", "text", "added"), ADDED, ids=lambda value: value[:30] if isinstance(value, str) else ""
)
def test_each_key_adds_its_lines(kind: str, text: str, added: tuple[str, ...]) -> None:
    plain = set(lines(kind, 'on_calendar = ["daily"]' if kind == "timer" else ""))
    found = lines(kind, text)
    typed = {line for line in found if line.startswith("Type=")}
    assert tuple(line for line in found if line not in plain | typed) == added


@pytest.mark.parametrize(("kind", "text", "what"), REFUSED, ids=lambda value: value[:40])
def test_each_bad_value_is_refused(kind: str, text: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        lines(kind, text)
    said = str(caught.value)
    assert what in said
    if isinstance(caught.value, InputErrors):
        assert all(error.place for error in caught.value.errors)


def test_defaults_of_the_fleet_are_overridden_key_by_key() -> None:
    fleet = (
        SMALL["fleet.toml"] + 'timeouts = { start = "9s", stop = "9s" }\nlog = { rate_burst = 7, identifier = "all" }\n'
    )
    own = OWN % 'timeouts.start = "1s"\nlog.rate_interval = "2s"'
    files = {name: text.encode() for name, text in {**SMALL, "fleet.toml": fleet, "services/own.toml": own}.items()}
    desired = declare(files, read_templates(None), "", None).desired
    service = desired.find_service("own")
    assert service is not None
    assert service.syslog_identifier == "all"
    assert service.settings == (
        ("TimeoutStartSec", "1s"),
        ("TimeoutStopSec", "9s"),
        ("LogRateLimitIntervalSec", "2s"),
        ("LogRateLimitBurst", "7"),
    )
