"""QT217: no target of an earlier [Install] still pulls a unit in."""

from functools import partial

from qtctl.dialects.shell import join, quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.enablement import find_left_pullers, find_unwanted_pullers
from qtctl.meaning.units import has_file, read_unit
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict


def _expect_no_leftovers(desired: Desired) -> tuple[Expectation, ...]:
    origins = {unit.unit: unit.origin for unit in desired.units()}
    return tuple(
        Expectation(
            unit,
            {"pulled_in_by": []},
            (Need(Unit.FACT, unit),),
            partial(_is_none_left, unit=unit, unwanted=unwanted),
            origins[unit],
            (("QT210", unit), ("QT208", unit)),
        )
        for unit, unwanted in find_unwanted_pullers(desired).items()
    )


def _is_none_left(facts: Facts, unit: str, unwanted: frozenset[str]) -> Verdict | tuple[Verdict, ...]:
    found = read_unit(facts, unit)
    if found is None or not has_file(found) or found.wanted_by is None:
        return ()
    left = find_left_pullers(found, unwanted)
    observed: JsonObject = {"pulled_in_by": [*left]}
    sources = tuple(_prove_pulled(unit, puller) for puller in left)
    remedy = make_steps(("systemctl", "reenable", unit), f"or {join(deploy_command(facts))}")
    return Verdict(not left, observed, sources, remedy=remedy)


def _prove_pulled(unit: str, puller: str) -> ProofSource:
    """systemd lists them in no particular order."""
    again = f"systemctl show -p WantedBy -p RequiredBy --value {quote(unit)} | tr ' ' '\\n' | grep -Fx {quote(puller)}"
    return ProofSource(Need(Unit.FACT, unit), again, puller)


QT217 = Rule(
    "QT217",
    "pulled in by a target of an earlier [Install]",
    Severity.WARNING,
    several="units are pulled in by a target of an earlier [Install]",
    untidy=True,
    what="A target wants or requires this unit (WantedBy=, RequiredBy= of the loaded unit), and neither the unit nor "
    "the target declares that: the link that an earlier [Install] made is still there. Only targets that the registry "
    "declares, and those of systemd itself that name no other units, are judged.",
    why="A unit that was moved from one target to another still starts with the old one, at boot or when someone "
    "starts that target, though its file no longer says so. Nobody expects it there.",
    fix="`qtctl deploy` removes the links and makes those of the current [Install]. By hand: `systemctl reenable "
    "UNIT`.",
    expect=_expect_no_leftovers,
)
RULES = (QT217,)
