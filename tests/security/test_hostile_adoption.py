"""`adopt host` of a host that answers with what none could say: nothing breaks, and nothing gets into hosts.toml."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from qtctl.flows.adopt_host import Looked, _read_states, make_facts
from qtctl.interfaces.host import BusCall, BusReply, Host
from qtctl.model.adoption import Found, UnitState
from qtctl.model.facts import HostBaseline

UNIT = "a.service"
FOUND = (Found(f"/etc/systemd/system/{UNIT}", b"[Service]\nExecStart=/bin/true\n"),)
BASELINE = HostBaseline(
    "box", "Debian", "6.1", 1, [0.5, 0.25, 0.1], 2, 4 << 30, 1 << 30, 4 << 30, 1 << 30, "252 (252.39)", "Etc/UTC", "b"
)


def row(name: str) -> list[Any]:
    return [name, "A unit", "loaded", "active", "running", "", "/org/x", 0, "", "/"]


class Bus:
    """Lists `names` besides what is there, and answers for so many fewer units than it is asked for."""

    def __init__(self, names: Sequence[str], fewer: int) -> None:
        self._names, self._fewer = names, fewer

    def call(self, calls: Sequence[BusCall], _deadline_s: float) -> list[BusReply]:
        return [self._answer(call) for call in calls]

    def _answer(self, call: BusCall) -> BusReply:
        if call.member == "ListUnits":
            return BusReply(([row(name) for name in (UNIT, *self._names)],))
        if call.member == "ListUnitsByNames":
            return BusReply(([row(name) for name in cast(list[str], call.body[0])][self._fewer :],))
        return BusReply(("enabled",))


class OnlyBus:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def bus(self) -> Bus:
        return self._bus


def states(names: Sequence[str] = (), fewer: int = 0) -> tuple[dict[str, UnitState], tuple[str, ...]]:
    return _read_states(cast(Host, OnlyBus(Bus(names, fewer))), FOUND)


@pytest.mark.parametrize(
    "name", ["evil", "x.nothing", "../../x.service", "/x.service", "é.service", "a b.service", "."]
)
def test_units_that_no_systemd_lists(name: str) -> None:
    """The end of a name that is no kind of unit was an internal error."""
    assert states([name]) == ({UNIT: UnitState("enabled", "active")}, ())


def test_fewer_answers_than_questions() -> None:
    assert states(fewer=1) == ({}, ("what systemd says about the units: 0 units where 1 were asked for",))


@pytest.mark.parametrize(
    ("changed", "guessed"),
    [
        ({}, ()),
        ({"systemd": "9" * 5000}, ("systemd",)),
        ({"systemd": "99999"}, ("systemd",)),
        ({"systemd": "-1"}, ("systemd",)),
        ({"timezone": "x\n[evil]\naddress = 1"}, ("timezone",)),
        ({"timezone": "../../etc/passwd"}, ("timezone",)),
        ({"memory_total": 1}, ("memory",)),
        ({"cpus": 0}, ("cpus",)),
    ],
)
def test_what_hosts_toml_may_not_say_is_guessed(changed: dict[str, Any], guessed: tuple[str, ...]) -> None:
    """A version of five thousand digits was an internal error, and the others made a registry that does not lint."""
    made = make_facts(Looked((), {}, replace(BASELINE, **changed), ()), "box", "box", "ops")
    assert made.guessed == ("deploy_user", *guessed)
    assert (made.systemd, made.timezone, made.cpus) == (252, "Etc/UTC", 2)
