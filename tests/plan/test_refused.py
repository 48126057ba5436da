"""A unit that the host's systemd would refuse: a plan with changes has it as its only answer."""

from dataclasses import replace

from qtctl.model.desired import Desired
from tests.builders.planned import UNITS, Ground, deployed, desired, service, target, unit_text

PATH = f"{UNITS}/quantum-a.service"
BAD = unit_text("a").replace(b"[Service]", b"[Service]\nType=oneshot\nRestart=always")


def wanted(content: bytes) -> Desired:
    return desired(service("a"), service("b"), target(), texts={PATH: content})


def test_nothing_is_changed_for_a_unit_that_systemd_would_refuse() -> None:
    planned = deployed(wanted(unit_text("a"))).plan(wanted(BAD))
    assert planned.steps == ()
    (found,) = planned.refusals
    assert found.subject == "quantum-a.service"
    assert "has Restart=always, which Type=oneshot may not have: the host's systemd refuses it" in found.reason
    assert found.hint == "set Restart= to on-failure or no"


def test_nor_on_a_host_that_has_none_of_it() -> None:
    planned = Ground().plan(wanted(BAD))
    assert planned.steps == ()
    assert [each.subject for each in planned.refusals] == ["quantum-a.service"]


def test_the_version_is_the_hosts() -> None:
    forced = wanted(unit_text("a").replace(b"[Service]", b"[Service]\nType=oneshot\nRestartForceExitStatus=3"))
    host = deployed(wanted(unit_text("a")))
    assert host.plan(forced).refusals
    assert not host.plan(replace(forced, systemd=256)).refusals
