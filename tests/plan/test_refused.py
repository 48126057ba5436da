"""A unit that the host's systemd would refuse: a plan with changes has it as its only answer."""

from dataclasses import replace

from qtctl.model.desired import Desired
from qtctl.model.states import ServiceState
from tests.builders.planned import UNITS, Ground, deployed, desired, service, target, unit_text

A = "quantum-a.service"
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


def test_a_unit_that_needs_one_that_is_declared_stopped_stops_nothing() -> None:
    before = desired(service("a"), service("b", requires=(A,)), target())
    down = service("a", ServiceState.STOPPED, wanted_by=())
    needs = {"Requires": replace(service("b"), requires=(A,)), "BindsTo": replace(service("b"), binds_to=(A,))}
    for directive, needing in needs.items():
        after = desired(down, needing, target())
        planned = deployed(before).plan(after)
        assert planned.steps == ()
        (found,) = planned.refusals
        assert (found.subject, found.hint) == ("quantum-b.service", "declare that both run, or neither")
        assert f"{directive}=quantum-a.service keeps it down" in found.reason


def test_a_job_that_has_ended_may_be_needed() -> None:
    job = service("a", ServiceState.STOPPED, wanted_by=(), type="oneshot")
    wanted = desired(job, service("b", requires=(A,)), target())
    assert Ground().plan(wanted).refusals == ()


def test_one_that_only_stops_along_is_no_contradiction() -> None:
    before = desired(service("a"), service("b"), target())
    after = desired(service("a", ServiceState.STOPPED, wanted_by=()), service("b", part_of=(A,)), target())
    assert deployed(before).plan(after).refusals == ()
