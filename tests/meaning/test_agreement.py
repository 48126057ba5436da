"""Every state of a unit and of a port, through audit, parity and module registry: no two of them disagree."""

from itertools import product

import pytest

from qtctl.model.evidence import EVIDENCE_SCHEMA, Ask, Evidence, Item, State
from qtctl.model.facts import Unit
from qtctl.model.moments import parse_microseconds
from tests.builders.compared import desired
from tests.builders.evidence import list_sockets, miss, observe
from tests.meaning.agreement import disagreements

TAKEN_AT = "2026-01-17T07:25:00.000Z"
NOW_US = parse_microseconds(TAKEN_AT)
API, REDIS = "q-api.service", "redis-server.service"
UP = Unit("loaded", "active", "running", "enabled", active_enter_timestamp=1)
STATES = [
    *(("active", sub) for sub in ("running", "exited", "start-post")),
    *(("activating", sub) for sub in ("start-pre", "start", "auto-restart", "auto-restart-queued")),
    *(("deactivating", sub) for sub in ("stop-sigterm", "final-sigkill")),
    *(("reloading", "reload"), ("refreshing", "refresh"), ("maintenance", "cleaning")),
    *(("inactive", "dead"), ("failed", "failed")),
]
LOADS = ["loaded", "not-found", "bad-setting", "error", "masked"]
RESTARTS = [0, 2, 9]
UP_FOR_US = [5_000_000, 600_000_000]
RESULTS = ["success", "exit-code", "start-limit-hit"]
PORT = "8000"
ADDRESSES = ["127.0.0.1", "0.0.0.0", "[::]", "*", "[::1]", "127.0.0.2", "127.0.0.1%lo", "[::ffff:127.0.0.1]"]  # noqa: S104 - rows of ss
ASK = Ask(1, "bus", ("ListUnits",), "systemctl list-units", TAKEN_AT, 1)
OWNERS = [API, "q-worker.service", ""]


def evidence(unit: Unit | State | None, tcp: list[list[str]] | None) -> Evidence:
    """Of the api service: its unit (None: absent), and who listens on TCP (None: refused)."""
    return Evidence(
        EVIDENCE_SCHEMA,
        "0",
        "box",
        "192.0.2.1",
        "ssh",
        "me",
        TAKEN_AT,
        (ASK,),
        (*_items(unit), list_sockets("tcp", tcp)),
    )


def _items(unit: Unit | State | None) -> tuple[Item, ...]:
    redis = observe(REDIS, UP)
    if isinstance(unit, State):
        return (redis, miss("unit", API, unit, "no"))
    return (redis, miss("unit", API, State.ABSENT) if unit is None else observe(API, unit))


@pytest.mark.parametrize(("active", "sub"), STATES)
def test_states_of_a_unit(active: str, sub: str) -> None:
    fleet = desired()
    for load, restarts, up_for, result in product(LOADS, RESTARTS, UP_FOR_US, RESULTS):
        since = NOW_US - up_for
        unit = Unit(load, active, sub, "enabled", n_restarts=restarts, active_enter_timestamp=since, result=result)
        assert disagreements(fleet, evidence(unit, [])) == [], unit


@pytest.mark.parametrize("unit", [None, State.REFUSED, State.NOT_ASKED])
def test_a_unit_that_is_not_there_or_not_known(unit: State | None) -> None:
    assert disagreements(desired(), evidence(unit, [])) == []


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("owner", OWNERS)
def test_one_listener(address: str, owner: str) -> None:
    assert disagreements(desired(), evidence(UP, [[address, PORT, owner]])) == []


@pytest.mark.parametrize("first", ADDRESSES)
@pytest.mark.parametrize("second", ADDRESSES)
def test_two_listeners(first: str, second: str) -> None:
    fleet = desired()
    for one, other in product(OWNERS, OWNERS):
        assert disagreements(fleet, evidence(UP, [[first, PORT, one], [second, PORT, other]])) == []


def test_nobody_listens_and_nobody_knows() -> None:
    assert disagreements(desired(), evidence(UP, [])) == []
    assert disagreements(desired(), evidence(UP, None)) == []


def test_a_socket_of_an_alias() -> None:
    assert disagreements(desired(), evidence(UP, [["127.0.0.1", "6379", "redis.service"]])) == []
