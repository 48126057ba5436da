"""QT710: no unit of the host has failed, whoever it belongs to."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, UnitListing
from qtctl.rules import proofs
from qtctl.rules.declared import list_declared_units
from qtctl.rules.rule import Expectation, Rule, Verdict

LISTING = Need(UnitListing.FACT, "*")


def _expect_none_failed(desired: Desired) -> tuple[Expectation, ...]:
    names = frozenset(name for unit in list_declared_units(desired) for name in (unit.unit, *unit.names))
    return (Expectation("*", {"failed": []}, (LISTING,), partial(_judge_failed, declared=names)),)


def _judge_failed(facts: Facts, declared: frozenset[str]) -> tuple[Verdict, ...]:
    """Declared units belong to QT204 and QT206."""
    listing = facts.read(UnitListing, "*") or UnitListing({}, {})
    failed = (name for name, (_, active, _) in sorted(listing.units.items()) if active == "failed")
    found = tuple(_make_verdict(name) for name in failed if name not in declared)
    return found or (Verdict(True, {"failed": []}),)


def _make_verdict(unit: str) -> Verdict:
    remedy = make_steps(
        ("systemctl", "status", "--no-pager", unit), "fix the cause, then", ("systemctl", "reset-failed", unit)
    )
    source = proofs.prove_unit_property(LISTING, unit, "ActiveState", "failed")
    return Verdict(False, {"active": "failed"}, (source,), subject=unit, remedy=remedy)


QT710 = Rule(
    "QT710",
    "failed unit outside the fleet",
    Severity.WARNING,
    several="units outside the fleet failed",
    what="A unit of the host that the registry does not declare is in the state `failed`: a mount, a timer's job, a "
    "service of the distribution. Declared units that failed are QT204 and QT206.",
    why="Backups, log rotation, certificates and time synchronisation fail like that, quietly. What depends on them "
    "fails weeks later.",
    fix="`systemctl status UNIT` says how it ended. Fix it, or `systemctl reset-failed UNIT` if it does not matter.",
    expect=_expect_none_failed,
)
RULES = (QT710,)
