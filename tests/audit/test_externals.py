"""What is found of a service is found of an external too, as far as something is declared of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from qtctl.audit.judge import judge, list_expectations
from qtctl.findings.finding import Outcome
from qtctl.model.desired import RetiredUnit
from qtctl.model.origin import Origin
from tests.builders.audited import (
    ENGINE,
    GHOST,
    HOUR,
    NOW_US,
    REDIS,
    SECOND,
    desired,
    evidence,
)
from tests.builders.evidence import listen

JUST_NOW = NOW_US - 5 * SECOND
RESTARTED = {
    "active_enter_timestamp": JUST_NOW,
    "state_change_timestamp": JUST_NOW,
    "exec_main_start_timestamp": JUST_NOW,
}
STATES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "absent": ({"load_state": "not-found", "active_state": "inactive", "sub_state": "dead"}, {"QT201"}),
    "a file that systemd cannot use": ({"load_state": "bad-setting"}, {"QT201"}),
    "failed": ({"active_state": "failed", "sub_state": "failed", "result": "exit-code"}, {"QT204"}),
    "in a loop": ({"n_restarts": 9, **RESTARTED}, {"QT205", "QT218"}),
    "waits for its next start": ({"active_state": "activating", "sub_state": "auto-restart"}, {"QT205"}),
    "given up": ({"active_state": "failed", "sub_state": "failed", "result": "start-limit-hit"}, {"QT206"}),
    "killed for memory": ({"active_state": "failed", "sub_state": "failed", "result": "oom-kill"}, {"QT204", "QT207"}),
    "disabled": ({"unit_file_state": "disabled"}, {"QT208"}),
    "masked": ({"load_state": "masked", "unit_file_state": "masked"}, {"QT208"}),
    "not read again": ({"need_daemon_reload": True}, {"QT212"}),
    "restarted": ({"n_restarts": 1, **RESTARTED}, {"QT218"}),
    "inactive": ({"active_state": "inactive", "sub_state": "dead"}, {"QT219"}),
    "starts for ten hours": (
        {"active_state": "activating", "sub_state": "start", "state_change_timestamp": NOW_US - 10 * HOUR}, {"QT221"},
    ),
    "its condition is false": ({"condition_result": False, "condition_timestamp": NOW_US - HOUR}, {"QT223"}),
    "frozen": ({"freezer_state": "frozen"}, {"QT226"}),
}  # fmt: skip


def found(changed: Mapping[str, Mapping[str, Any]], *subjects: str, want: Any = None) -> set[str]:
    want = want or desired()
    checks = judge(want, evidence(want, changed))
    return {each.id for each in checks if each.outcome is not Outcome.HOLDS and each.subject in subjects}


@pytest.mark.parametrize("unit", [ENGINE, REDIS], ids=["service", "external"])
@pytest.mark.parametrize("state", STATES)
def test_states(state: str, unit: str) -> None:
    changed, ids = STATES[state]
    assert found({f"unit {unit}": changed}, unit) == ids


PLACES = {"service": ("127.0.0.1", 8001, ENGINE), "external": ("127.0.0.1", 6379, REDIS)}


@pytest.mark.parametrize("of", PLACES)
def test_ports(of: str) -> None:
    address, port, unit = PLACES[of]
    others = [listen(*each) for name, each in PLACES.items() if name != of]
    subject = f"{address}:{port}"
    cases = {
        "QT301": [],
        "QT302": [listen(address, port, "other.service")],
        "QT303": [listen("0.0.0.0", port, unit)],  # noqa: S104 - as ss prints it
    }
    for id_, rows in cases.items():
        assert found({"listeners tcp": {"rows": [*others, *rows]}}, subject) >= {id_}


OF_SERVICES = "QT210 QT211 QT213 QT214 QT215 QT216 QT217 QT220 QT222 QT225 QT228 QT233 QT237"


def test_what_is_judged_of_services_only() -> None:
    """For units that it does not make, qtctl knows neither file, user and program, nor what restarts them."""
    by_unit: dict[str, set[str]] = {ENGINE: set(), REDIS: set()}
    for rule, expectation in list_expectations(desired()):
        if expectation.subject in by_unit:
            by_unit[expectation.subject].add(rule.id)
    only = {each for each in by_unit[ENGINE] - by_unit[REDIS] if each.startswith("QT2")}
    assert only <= set(OF_SERVICES.split())
    assert by_unit[REDIS] - by_unit[ENGINE] == {"QT235"}, "whether its program is its package's"


def test_an_alias_that_is_a_unit_of_its_own() -> None:
    """Two of them run, where one is meant: a list of units never has an alias."""
    alias = "redis.service"
    assert found({}, alias) == set()
    units = {alias: ["loaded", "active", "running"], REDIS: ["loaded", "active", "running"]}
    assert found({"unit.listing *": {"units": units}}, alias) == {"QT202"}


@pytest.mark.parametrize(
    ("declared", "file", "ids"),
    [
        ("quantum-old.service", "/usr/lib/systemd/system/really-old.service", {"QT209"}),
        ("quantum-old.service", "/usr/lib/systemd/system/redis-server.service", set()),
    ],
)
def test_a_retired_name_that_is_an_alias_of_what_runs(declared: str, file: str, ids: set[str]) -> None:
    """Of a unit that is retired under its other name; where that unit is declared, the name is only left over."""
    want = desired()
    retired = RetiredUnit("old", declared, "replaced", Origin("externals.toml", ("old",)))
    want = replace(want, retired_units=(), retired_externals=(retired,))
    running = {"active_state": "active", "sub_state": "running", "fragment_path": file}
    taken = evidence(want, {f"unit {GHOST}": running})
    assert {each.id for each in judge(want, taken) if each.outcome is Outcome.BROKEN and each.subject == GHOST} == ids
