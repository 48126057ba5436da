"""A broken registry: every error at once, each with its file and line."""

import pytest

from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.builders.registry import SMALL, changed, edited

LONG = "x" * 107
TOO_LONG = (
    f'services/feed.toml:11: unix_sockets.x.path is "/{LONG[:58]}…", which is longer than the 107 bytes that the path '
    "of a unix socket may have"
)
BROKEN = {
    "unknown key": (
        edited("services/api.toml", 'target = "core"', 'targt = "core"'),
        ["services/api.toml:3: unknown key targt (did you mean target?)"],
    ),
    "unknown key in a table": (
        edited("services/api.toml", "max_lag = 10", "maxlag = 10"),
        [
            (
                'services/api.toml:20: unknown key streams.consumes."s:tick".maxlag '
                '(did you mean streams.consumes."s:tick".max_lag?)'
            )
        ],
    ),
    "wrong type": (
        edited("services/api.toml", "max_lag = 10", 'max_lag = "ten"'),
        [
            'services/api.toml:20: streams.consumes."s:tick".max_lag is "ten", should be a whole number, 0 or more',
        ],
    ),
    "wrong state": (
        edited("services/feed.toml", '"running"', '"runing"'),
        [
            (
                'services/feed.toml:2: state is "runing", should be "running", "stopped", "on-timer", "on-demand" '
                'or "retired" (did you mean "running"?)'
            )
        ],
    ),
    "health that cannot be": (
        edited(
            "services/api.toml",
            'health = { path = "/health" }',
            'health = { path = "health", status = 42, within = "1h", values = { a = 1.5 } }',
        ),
        [
            'services/api.toml:13: ports.http.health.path is "health", should be the path of a URL, such as "/health"',
            "services/api.toml:13: ports.http.health.status is 42, should be a whole number from 200 to 599",
            'services/api.toml:13: ports.http.health.within is "1h", which is not from 1us to 10s',
            (
                "services/api.toml:13: ports.http.health.values.a is 1.5, should be text in quotes, a whole number, "
                'true or false (write a = "1.5")'
            ),
        ],
    ),
    "health over UDP, and a value that is a table too": (
        edited(
            "services/api.toml",
            'health = { path = "/health" }',
            'health = { path = "/health", values = { a = 1, "a.b" = 2 } }\nprotocol = "udp"',
        ),
        [
            "services/api.toml:13: a health URL is asked over TCP, and the port is udp (remove health)",
            "services/api.toml:13: a is a value and a table of further values (declare one of the two)",
        ],
    ),
    "a span systemd refuses": (
        edited("streams.toml", '"60s"', '"sixty"'),
        ['streams.toml:3: "s:tick".max_age is "sixty", should be a time span, such as "5s", "2min 30s" or "infinity"'],
    ),
    "missing key": (
        edited("hosts.toml", 'memory = "4G"\n', ""),
        ['hosts.toml:1: box.memory is missing (required: a size, such as "512M", "1.5G" or "infinity")'],
    ),
    "missing file": (
        changed(hosts=None),
        ["hosts.toml: hosts.toml is missing from the registry (see docs/registry.md)"],
    ),
    "stray file": (changed(timer=""), ["timer.toml: not a file of a registry (did you mean timers.toml?)"]),
    "broken syntax": (
        edited("services/api.toml", "max_lag = 10", "max_lag ="),
        ["services/api.toml:20: not TOML: a key without a value (write one after the =)"],
    ),
    "duplicate key": (
        edited("services/api.toml", "max_lag = 10", "max_lag = 10\nmax_lag = 11"),
        ["services/api.toml:21: not TOML: the key is given twice (keep one of them)"],
    ),
    "not UTF-8": (
        {**changed(), "targets.toml": b'[core]\nsummary = "caf\xe9"\n'},
        ["targets.toml:2: not UTF-8 (save the file as UTF-8)"],
    ),
    "unknown target": (
        edited("services/api.toml", 'target = "core"', 'target = "cor"'),
        ["services/api.toml:3: QT102 target cor is not declared (did you mean core?)"],
    ),
    "unknown venv": (
        edited("services/feed.toml", 'venv = "main"', 'venv = "other"'),
        ["services/feed.toml:8: QT102 venv other is not declared (venvs.toml declares main)"],
    ),
    "unknown stream": (
        edited("services/feed.toml", '["s:tick"]', '["s:tock"]'),
        ["services/feed.toml:11: QT102 key s:tock is not declared (did you mean s:tick?)"],
    ),
    "publishes a string": (
        edited("services/feed.toml", 'publishes = ["s:tick"]', 'publishes = ["s:tick", "s:mode"]'),
        ["services/feed.toml:11: s:mode is a string, not a stream (use writes or reads)"],
    ),
    "unknown service in order": (
        edited("services/api.toml", '["feed"]', '["fed", "small-x.service", "network-online.target"]'),
        [
            "services/api.toml:16: QT102 fed is not declared (did you mean feed?)",
            "services/api.toml:16: QT102 small-x.service is not declared (did you mean small-api.service?)",
        ],
    ),
    "one port twice": (
        edited("services/feed.toml", "[streams]", '[ports.x]\nlisten = "0.0.0.0:8000"\n\n[streams]'),
        ["services/feed.toml:11: QT101 0.0.0.0:8000 is claimed by api too (give one of them another)"],
    ),
    "one unix socket twice": (
        changed(
            externals='[redis-server]\nsummary = "Redis"\naliases = ["redis.service"]\n\n[redis-server.unix_sockets]\n'
            'x = { path = "/run/x.sock" }\n',
            sockets='[other]\nsummary = "x"\nlisten = ["stream /run/x.sock"]\nservice = "api"\n',
        ),
        ["sockets.toml:3: QT101 /run/x.sock is claimed by redis-server too (give one of them another)"],
    ),
    "a path that is too long for a socket": (
        edited("services/feed.toml", "[streams]", f'[unix_sockets]\nx = {{ path = "/{LONG}" }}\n\n[streams]'),
        [
            TOO_LONG,
        ],
    ),
    "TLS without its key, and on a unix socket": (
        changed(stores='[redis]\nexternal = "redis-server"\naddress = "/run/r.sock"\ntls = { certificate = "/c" }\n'),
        [
            "stores.toml:4: Redis speaks no TLS on a unix socket (remove tls, or name its tls-port as address)",
            "stores.toml:4: a client certificate needs its key, and a key its certificate (name both files)",
        ],
    ),
    "no way to run": (
        changed(services__feed='summary = "Feed"\nstate = "running"\n'),
        ["services/feed.toml:1: a running service needs [run] (say how it is started, or retire it)"],
    ),
    "unknown host": (
        edited("services/feed.toml", 'target = "core"', 'target = "core"\nhosts = ["bax"]'),
        ["services/feed.toml:4: QT102 host bax is not declared (did you mean box?)"],
    ),
    "a timer whose service has its name and is not there": (
        changed(timers='[tick]\nsummary = "x"\nservice = "tick"\non_boot = "1min"\n'),
        ["timers.toml:3: QT102 service tick is not declared (declare it in services/)"],
    ),
    "persistent timer without a calendar": (
        changed(timers='[tick]\nsummary = "x"\nservice = "feed"\non_boot = "1min"\npersistent = true\n'),
        ["timers.toml:5: QT112 persistent without on_calendar does nothing (remove it)"],
    ),
    "severity of no finding": (
        changed(
            policy='fail_on = "error"\n\n[severities]\nQT103 = "info"\nQT999 = "info"\nqt201 = "info"\nQT2O1 = "info"\n'
        ),
        [
            "policy.toml:5: no finding has the id QT999 (qtctl explain lists all)",
            "policy.toml:6: no finding has the id qt201 (did you mean QT201?)",
            "policy.toml:7: no finding has the id QT2O1 (did you mean QT201?)",
        ],
    ),
    "everything at once": (
        {
            **edited("services/api.toml", 'target = "core"', "target = 5"),
            "services/feed.toml": b"summary = 1\n",
            "venvs.toml": b"[main]\npath = 'opt'\n[other\n",
        },
        [
            "services/api.toml:3: target is 5, should be the name of a target in targets.toml",
            'services/feed.toml:1: summary is 1, should be text in quotes (write summary = "1")',
            (
                'services/feed.toml:1: state is missing (required: "running", "stopped", "on-timer", "on-demand" '
                'or "retired")'
            ),
            "venvs.toml:3: not TOML: the name of a table does not end with ] (write [NAME])",
        ],
    ),
}


def test_the_small_registry_loads() -> None:
    registry = load(changed())
    assert sorted(registry.services) == ["api", "feed"]
    assert registry.services["api"].ports["http"].number == 8000


@pytest.mark.parametrize("case", BROKEN)
def test_broken(case: str) -> None:
    files, expected = BROKEN[case]
    with pytest.raises(InputErrors) as caught:
        load(files)
    assert str(caught.value).splitlines() == expected


def test_an_env_value_is_never_shown() -> None:
    with pytest.raises(InputErrors) as caught:
        load(edited("fleet.toml", '"INFO"', "31337"))
    assert "31337" not in str(caught.value)


def test_cases_change_something() -> None:
    whole = {path: text.encode() for path, text in SMALL.items()}
    assert all(files != whole for files, _ in BROKEN.values())
