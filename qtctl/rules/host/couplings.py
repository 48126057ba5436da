"""QT231, QT237: units that nobody declared and that start or stop a declared one, or that it starts."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.systemd.boot_order import OF_EVERY_BOOT
from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import read_unit
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit, UnitListing
from qtctl.model.json import Json, JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

_STOPS = (("conflicted_by", "ConflictedBy"), ("stop_propagated_from", "StopPropagatedFrom"))
_STARTS = (("triggered_by", "TriggeredBy"), ("upheld_by", "UpheldBy"))
_STARTS_ALONG = (
    ("wanted_by", "WantedBy"), ("required_by", "RequiredBy"),
    ("on_failure_of", "OnFailureOf"), ("on_success_of", "OnSuccessOf"),
)  # fmt: skip
"""Changes nothing for a unit that should run all the time. Where a target wants it, QT217 says so."""
_PULLS = (("wants", "Wants"), ("requires", "Requires"), ("binds_to", "BindsTo"), ("upholds", "Upholds"))
_STARTED = (".service", ".socket", ".timer", ".path", ".target")
LISTING = Need(UnitListing.FACT, "*")
_OF_SYSTEMD = frozenset(("shutdown.target", "umount.target", "initrd-switch-root.target"))


def _expect_no_couplings(desired: Desired) -> tuple[Expectation, ...]:
    named = frozenset(desired.unit_names())
    return tuple(
        make_unit_expectation(unit, {"started or stopped by": []}, partial(_is_alone, unit=unit, named=named))
        for unit in desired.units()
        if not unit.is_template
    )


def _is_alone(facts: Facts, unit: DesiredUnit, named: frozenset[str]) -> Judgment:
    found = read_unit(facts, unit.unit)
    if found is None:
        return NOT_JUDGED
    others = tuple(_list_others(found, unit, named))
    if not others:
        source = proofs.prove_unit_property(Need(Unit.FACT, unit.unit), unit.unit, "LoadState", found.load_state)
        return Verdict(True, {"started or stopped by": []}, (source,))
    need = Need(Unit.FACT, unit.unit)
    sources = tuple(proofs.prove_reference(need, unit.unit, directive, other) for directive, other in others[:5])
    by: dict[str, Json] = {}
    for directive, other in others:
        by[directive] = f"{by[directive]}, {other}" if directive in by else other
    observed: JsonObject = by
    names = tuple(dict.fromkeys(other for _, other in others))
    remedy = make_steps(
        *(("systemctl", "cat", "--no-pager", "--", name) for name in names[:3]),
        f"take {unit.unit} out of {', '.join(names[:3])}, or declare it; then: systemctl daemon-reload",
    )
    return Verdict(False, observed, sources, remedy=remedy)


def _list_others(found: Unit, unit: DesiredUnit, named: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Directive and name. A package may start its own unit by a socket, and stop it for another of its units."""
    own = {strip_type(name) for name in unit.names}
    starts = _STARTS if unit.generated else ()
    # Whatever is in a slice, or uses a path below a mount, requires that unit: this starts nothing that does work.
    works = unit.unit.endswith(_STARTED) and not unit.must_be_active
    along = _STARTS_ALONG if unit.generated and works else ()
    for field, directive in (*_STOPS, *starts, *along):
        for other in getattr(found, field) or ():
            if other in named or other in _OF_SYSTEMD or (not unit.generated and strip_type(other) in own):
                continue
            if (field, directive) not in _STARTS_ALONG or not other.endswith(".target"):
                yield directive, other


def _expect_no_pull(desired: Desired) -> tuple[Expectation, ...]:
    named = frozenset(desired.unit_names())
    texts: dict[str, bytes] = {}
    for file in desired.files:
        texts[file.subject] = texts.get(file.subject, b"") + file.content
    return tuple(
        make_unit_expectation(
            unit, {"starts besides": []}, partial(_pulls_declared, unit=unit.unit, named=named, text=text)
        )
        for unit in desired.units()
        if unit.generated and not unit.is_template and (text := texts.get(unit.unit))
    )


def _pulls_declared(facts: Facts, unit: str, named: frozenset[str], text: bytes) -> Judgment:
    found = read_unit(facts, unit)
    if found is None:
        return NOT_JUDGED
    need = Need(Unit.FACT, unit)
    pulled = [
        (directive, other)
        for directive, other in _list_pulled(found)
        if other not in named and other.encode() not in text and not _is_started_anyway(facts, directive, other)
    ]
    if not pulled:
        source = proofs.prove_unit_property(need, unit, "LoadState", found.load_state)
        return Verdict(True, {"starts besides": []}, (source,))
    sources = tuple(proofs.prove_reference(need, unit, directive, other) for directive, other in pulled[:5])
    names = tuple(dict.fromkeys(other for _, other in pulled))
    remedy = make_steps(
        ("systemctl", "cat", "--no-pager", "--", unit, *names[:3]),
        f"remove the link below {unit}.wants or {unit}.requires, or the line that names it; then",
        ("systemctl", "daemon-reload"),
    )
    return Verdict(False, {"starts besides": [*names]}, sources, remedy=remedy, roots=(("QT211", unit),))


def _is_started_anyway(facts: Facts, directive: str, other: str) -> bool:
    """Whether the reference changes nothing: a boot starts the unit anyway, or there is no such unit (QT203)."""
    listing = facts.find(UnitListing, LISTING.subject)
    if listing is None:
        return False
    load, *_ = listing.units.get(other, ("",))
    return load == "not-found" or (directive == "Wants" and listing.files.get(other) == "enabled")


def _list_pulled(found: Unit) -> Iterator[tuple[str, str]]:
    """Directive and name, except for what every boot starts."""
    for field, directive in _PULLS:
        for other in getattr(found, field) or ():
            if other.endswith(_STARTED) and other not in OF_EVERY_BOOT:
                yield directive, other


QT231 = Rule(
    "QT231",
    "undeclared unit starts or stops a declared one",
    Severity.WARNING,
    several="undeclared units start or stop declared ones",
    what="systemd has loaded a unit that the registry does not name and that stops a declared one when it starts "
    "(Conflicts=) or stops (PropagatesStopTo=), that triggers it (a timer, path or socket), or that keeps it running "
    "(Upholds=); or that starts one that should not run all the time along with itself (Wants=, Requires=) or when it "
    "ends (OnFailure=, OnSuccess=). Such a unit is seen once it is loaded: enabled, running, or named by one that is. "
    "What a program does with `systemctl` is not seen. For an external, only what stops it counts.",
    why="None of the declared unit's own files says so. One day someone starts the other unit, or a boot does, and a "
    "service that trades is stopped cleanly, without a failure and without a restart; or a job runs twice.",
    fix="`systemctl show UNIT` shows them as ConflictedBy, StopPropagatedFrom, TriggeredBy, UpheldBy, WantedBy, "
    "RequiredBy, OnFailureOf and OnSuccessOf, and `systemctl cat` shows where that is written. Take the declared unit "
    "out of it, or declare the other one.",
    expect=_expect_no_couplings,
)
QT237 = Rule(
    "QT237",
    "declared unit starts an undeclared one",
    Severity.WARNING,
    several="declared units start undeclared ones",
    what="systemd has loaded a Wants=, Requires=, BindsTo= or Upholds= of a generated unit that is not in its file "
    "and refers to a service, socket, timer, path or target that the registry does not name: from a link in "
    "UNIT.wants or UNIT.requires, which an undeclared unit's [Install] makes when it is enabled, or from a drop-in "
    "(QT211). A unit that the boot starts by itself may be wanted; QT203 reports one that does not exist.",
    why="Whatever starts the declared unit also starts the other one, at every boot and every restart, and where it "
    "is required, its failure takes the declared unit down too. No file of the declared unit says so.",
    fix="`systemctl show -p Wants,Requires,BindsTo,Upholds UNIT` shows them, `ls -d /etc/systemd/system/UNIT.*` shows "
    "the links. `systemctl disable` the other unit, or declare it.",
    expect=_expect_no_pull,
)
RULES = (QT231, QT237)
