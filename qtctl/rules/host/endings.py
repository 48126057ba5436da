"""QT207, QT218: services that were killed for memory, and services that have been restarted lately."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import is_awaiting_restart, is_up, read_unit
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.model.moments import parse_microseconds
from qtctl.rules import proofs
from qtctl.rules.declared import DeclaredUnit, list_declared_units, make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

LATELY_US = 3_600_000_000


def _list_services(desired: Desired) -> tuple[DeclaredUnit, ...]:
    return tuple(each for each in list_declared_units(desired) if each.is_service)


def _expect_no_kills(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(service, {"killed": False}, partial(_is_not_killed, unit=service.unit))
        for service in _list_services(desired)
    )


def _is_not_killed(facts: Facts, unit: str) -> Judgment:
    found = read_unit(facts, unit)
    if found is None:
        return NOT_JUDGED
    killed = found.result == "oom-kill"
    source = proofs.prove_unit_property(Need(Unit.FACT, unit), unit, "Result", found.result)
    remedy = make_steps(
        ("systemctl", "show", "-p", "MemoryPeak,MemoryMax", unit), "raise limits.memory_max, or find what grows"
    )
    return Verdict(not killed, {"result": found.result}, (source,), remedy=remedy)


def _expect_steadiness(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(
            service, {"restarted": False}, partial(_is_steady, unit=service.unit), (("QT205", service.unit),)
        )
        for service in _list_services(desired)
        if service.active
    )


def _is_steady(facts: Facts, unit: str) -> Judgment:
    found = read_unit(facts, unit)
    if found is None or not is_up(found.active_state) or is_awaiting_restart(found):
        return NOT_JUDGED
    age_us = parse_microseconds(facts.taken_at) - found.exec_main_start_timestamp
    restarted = found.n_restarts > 0 and found.exec_main_start_timestamp > 0 and age_us < LATELY_US
    observed: JsonObject = {"restarts": found.n_restarts}
    if restarted:
        observed["seconds"] = max(age_us, 0) // 1_000_000
    source = proofs.prove_unit_property(Need(Unit.FACT, unit), unit, "NRestarts", found.n_restarts)
    return Verdict(
        not restarted,
        observed,
        (source,),
        remedy=make_steps(
            ("journalctl", "-u", unit, "--since", "-1h", "-n", "50", "--no-pager"),
            "it runs again: this shows why it ended; there is nothing to repair, and the finding ends after an hour",
        ),
    )


QT207 = Rule(
    "QT207",
    "killed for memory",
    Severity.ERROR,
    several="services were killed for memory",
    what="The last run of the service ended because the kernel, or systemd-oomd, killed it for lack of memory "
    "(Result=oom-kill). Either its own MemoryMax= was reached or the host ran out.",
    why="It looks like any other crash. Restarting helps until the memory is used up again, and each time whatever "
    "the service was working on is lost.",
    fix="`journalctl -k -g oom` says which limit it was. Raise `limits.memory_max` if the service needs it, or look "
    "for what grows. QT105 says whether the host has that much.",
    expect=_expect_no_kills,
)
QT218 = Rule(
    "QT218",
    "restarted in the last hour",
    Severity.INFO,
    several="services restarted in the last hour",
    what="systemd has restarted the service by itself since someone last started it (NRestarts), and its current "
    "process is less than an hour old. It is up now, with too few restarts for QT205.",
    why="A crash once an hour is easily overlooked: each look finds it running.",
    fix="`journalctl -u UNIT --since -1h` shows how it ended. Where that is expected, waive it with a reason.",
    expect=_expect_steadiness,
)
RULES = (QT207, QT218)
