"""QT234: a declared alias is missing."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, UnitListing
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

LISTING = Need(UnitListing.FACT, "*")


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            alias,
            {"alias of": unit.unit},
            (LISTING,),
            partial(_is_there, alias=alias, unit=unit),
            unit.origin,
            (("QT201", unit.unit), ("QT208", unit.unit)),
        )
        for unit in desired.units()
        if unit.must_be_enabled and not unit.is_template
        for alias in unit.names[1:]
    )


def _is_there(facts: Facts, alias: str, unit: DesiredUnit) -> Judgment:
    """A separate unit of that name is QT202's. A list of loaded units has each by its own name only."""
    listing = facts.read(UnitListing, LISTING.subject)
    if listing is None or alias in listing.units:
        return NOT_JUDGED
    there = alias in listing.files
    state = listing.files.get(alias, "")
    source = proofs.prove_unit_property(LISTING, alias, "LoadState", "not-found")
    enable = deploy_command(facts) if unit.generated else ("systemctl", "reenable", "--", unit.unit)
    remedy = make_steps(enable, ("systemctl", "daemon-reload"))
    return Verdict(there, {"file": state or "absent"}, () if there else (source,), remedy=remedy)


QT234 = Rule(
    "QT234",
    "alias of a unit missing",
    Severity.WARNING,
    several="aliases of units are missing",
    what="The registry declares another name for a unit (aliases of externals.toml, Alias= of [Install]), and the "
    "host has no file of that name: the link that enabling the unit made was removed.",
    why="Units that say Wants= or After= of the alias wait for nothing and start without it, in any order; operators "
    "get an error. Scripts that use the name stop half-way.",
    fix="`systemctl reenable UNIT` makes the links of its [Install] again; `qtctl deploy` does, for a generated unit. "
    "If the name is no longer used, take it out of the registry.",
    expect=_expect_presence,
)
RULES = (QT234,)
