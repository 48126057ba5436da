"""A broken registry: every error at once, each with its file and line."""

import pytest

from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.registry.small import SMALL, changed, edited

BROKEN = {
    "unknown key": (
        edited("services/api.toml", 'target = "core"', 'targt = "core"'),
        ["services/api.toml:3: unknown key targt (did you mean target?)"],
    ),
    "unknown key in a table": (
        edited("services/api.toml", "max_lag = 10", "maxlag = 10"),
        ["services/api.toml:20: unknown key streams.consumes.s:tick.maxlag (no such key in [streams.consumes.s:tick])"],
    ),
    "wrong type": (
        edited("services/api.toml", "max_lag = 10", 'max_lag = "ten"'),
        [
            (
                "services/api.toml:20: streams.consumes.s:tick.max_lag: input should be a valid integer, "
                "unable to parse string as an integer (given 'ten')"
            )
        ],
    ),
    "wrong state": (
        edited("services/feed.toml", '"running"', '"runing"'),
        [
            (
                "services/feed.toml:2: state: input should be 'running', 'stopped', 'on-timer', 'on-demand' or "
                "'retired' (given 'runing')"
            )
        ],
    ),
    "a span systemd refuses": (
        edited("streams.toml", '"60s"', '"sixty"'),
        ['streams.toml:3: s:tick.max_age: not a time span: \'sixty\' (for example "5s", "2min 30s" or "infinity")'],
    ),
    "missing key": (
        edited("hosts.toml", 'memory = "4G"\n', ""),
        ["hosts.toml:1: box.memory is missing (every one of these has it)"],
    ),
    "missing file": (
        changed(hosts=None),
        ["hosts.toml: hosts.toml is missing from the registry (see docs/registry.md)"],
    ),
    "stray file": (changed(timer=""), ["timer.toml: not a file of a registry (did you mean timers.toml?)"]),
    "broken syntax": (
        edited("services/api.toml", "max_lag = 10", "max_lag ="),
        ["services/api.toml:20: not TOML: Invalid value (fix the syntax)"],
    ),
    "duplicate key": (
        edited("services/api.toml", "max_lag = 10", "max_lag = 10\nmax_lag = 11"),
        ["services/api.toml:21: not TOML: Cannot overwrite a value (fix the syntax)"],
    ),
    "not UTF-8": (
        {**changed(), "targets.toml": b'[core]\nsummary = "caf\xe9"\n'},
        ["targets.toml:2: not UTF-8 (save the file as UTF-8)"],
    ),
    "unknown target": (
        edited("services/api.toml", 'target = "core"', 'target = "cor"'),
        ["services/api.toml:3: QT102 target cor is not declared (declared: core)"],
    ),
    "unknown venv": (
        edited("services/feed.toml", 'venv = "main"', 'venv = "other"'),
        ["services/feed.toml:8: QT102 venv other is not declared (declare it in venvs.toml)"],
    ),
    "unknown stream": (
        edited("services/feed.toml", '["s:tick"]', '["s:tock"]'),
        ["services/feed.toml:11: QT102 key s:tock is not declared (declare it in streams.toml)"],
    ),
    "publishes a string": (
        edited("services/feed.toml", 'publishes = ["s:tick"]', 'publishes = ["s:tick", "s:mode"]'),
        ["services/feed.toml:11: s:mode is a string, not a stream (use writes or reads)"],
    ),
    "unknown service in order": (
        edited("services/api.toml", '["feed"]', '["fed", "small-x.service", "network-online.target"]'),
        [
            "services/api.toml:16: QT102 fed is not declared (declare it, or name what took its place)",
            "services/api.toml:16: QT102 small-x.service is not declared (declare it, or name what took its place)",
        ],
    ),
    "one port twice": (
        edited("services/feed.toml", "[streams]", '[ports.x]\nlisten = "0.0.0.0:8000"\n\n[streams]'),
        ["services/feed.toml:11: QT101 0.0.0.0:8000 is claimed by api too (give one of them another)"],
    ),
    "no way to run": (
        changed(services__feed='summary = "Feed"\nstate = "running"\n'),
        ["services/feed.toml:1: a running service needs [run] (say how it is started, or retire it)"],
    ),
    "unknown host": (
        edited("services/feed.toml", 'target = "core"', 'target = "core"\nhosts = ["bax"]'),
        ["services/feed.toml:4: QT102 host bax is not declared (declared: box)"],
    ),
    "persistent timer without a calendar": (
        changed(timers='[tick]\nsummary = "x"\nservice = "feed"\non_boot = "1min"\npersistent = true\n'),
        ["timers.toml:5: QT112 persistent without on_calendar does nothing (remove it)"],
    ),
    "severity of no finding": (
        changed(policy='fail_on = "error"\n\n[severities]\nQT103 = "info"\nQT999 = "info"\nqt201 = "info"\n'),
        [
            "policy.toml:5: no finding has the id QT999 (qtctl explain lists all)",
            "policy.toml:6: no finding has the id qt201 (did you mean QT201?)",
        ],
    ),
    "everything at once": (
        {
            **edited("services/api.toml", 'target = "core"', "target = 5"),
            "services/feed.toml": b"summary = 1\n",
            "venvs.toml": b"[main]\npath = 'opt'\n[other\n",
        },
        [
            "services/api.toml:3: target: input should be a valid string (given 5)",
            "services/feed.toml:1: summary: input should be a valid string (given 1)",
            "services/feed.toml:1: state is missing (every one of these has it)",
            "venvs.toml:3: not TOML: Expected ']' at the end of a table declaration (fix the syntax)",
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
