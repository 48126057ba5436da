"""QT202, QT203: units on the host that nothing declares, and names that nothing on the host answers to."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from qtctl.dialects.systemd.boot_order import BOOTED, DEFAULT
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import is_up
from qtctl.model.desired import Desired, DesiredExternal, RetiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit, UnitListing
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import list_declared_units
from qtctl.rules.removal import choose_removal
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

LISTING = Need(UnitListing.FACT, "*")
ALL = "*"
REFERENCES = (("wants", "Wants"), ("requires", "Requires"), ("binds_to", "BindsTo"), ("after", "After"))


def _expect_declared_units(desired: Desired) -> tuple[Expectation, ...]:
    patterns = list(desired.unit_patterns)
    rogues = Expectation(
        ALL, {"undeclared": [], "patterns": [*patterns]}, (LISTING,), partial(_judge_rogues, desired=desired)
    )
    retired_units = tuple(
        Expectation(
            retired.unit,
            {"state": "gone"},
            (LISTING,),
            partial(_is_gone, retired=retired),
            retired.origin,
            (("QT209", retired.unit),),
        )
        for retired in desired.retired_units
    )
    aliases = tuple(
        Expectation(alias, {"alias_of": unit.unit}, (LISTING,), partial(_is_alias, alias=alias, unit=unit), unit.origin)
        for unit in desired.externals
        for alias in unit.names[1:]
    )
    return (rogues, *retired_units, *aliases)


def _is_alias(facts: Facts, alias: str, unit: DesiredExternal) -> Verdict:
    """A list of units has each by its own name only, without aliases."""
    listing = _read_listing(facts)
    load, active, _ = listing.read_states(alias)
    own = load not in ("not-found", "masked")
    source = proofs.prove_unit_property(LISTING, alias, "Id", alias if own else unit.unit)
    gone = choose_removal(facts, alias, listing.files.get(alias, ""), active)
    remedy = make_steps(
        f"the name should mean {unit.unit}: take it out of its aliases, or remove this unit", *gone.steps
    )
    observed: JsonObject = {"load": load, "active": active} if own else {"alias_of": unit.unit}
    sources = (source,) if own else ()
    return Verdict(not own, observed, sources, remedy=remedy, title=ALIAS.title)


def _read_listing(facts: Facts) -> UnitListing:
    return facts.read(UnitListing, ALL) or UnitListing({}, {})


def _map_on_host(listing: UnitListing, unit: str) -> dict[str, str]:
    """How it exists: `file` as a unit file, `load` and `active` as a loaded unit. Empty: it does not.

    A name that is only referenced is loaded as not-found and inactive: that is QT203's.
    """
    found = {"file": listing.files[unit]} if unit in listing.files else {}
    load, active, _ = listing.read_states(unit)
    if load != "not-found" or active != "inactive":
        found |= {"load": load, "active": active}
    return found


def _is_gone(facts: Facts, retired: RetiredUnit) -> Verdict:
    """A masked unit that does not run is gone: operators use a mask to keep a name from coming back."""
    found = _map_on_host(_read_listing(facts), retired.unit)
    masked = found.get("file", found.get("load", "")).startswith("masked")
    quiet = not is_up(found.get("active", "inactive"))
    remedy = choose_removal(facts, retired.unit, found.get("file", ""), found.get("active", ""))
    sources = _list_existence(retired.unit, found)
    return Verdict(not found or (masked and quiet), {**found}, sources, remedy=remedy, title=RETIRED.title)


def _list_existence(unit: str, found: dict[str, str]) -> tuple[ProofSource, ...]:
    if "file" in found:
        return (proofs.prove_enablement(LISTING, unit, found["file"]),)
    return (proofs.prove_unit_property(LISTING, unit, "LoadState", found.get("load", "not-found")),)


def list_fleet_names(desired: Desired) -> frozenset[str]:
    """Every unit name that the registry knows, including retired ones."""
    names = desired.unit_names() | {each.triggers for each in desired.units() if each.triggers}
    return frozenset(names | {_find_template(name) for name in names})


def _find_template(unit: str) -> str:
    """The unit file that an instance (worker@1.service) comes from."""
    stem, at, rest = unit.partition("@")
    return f"{stem}@.{rest.rpartition('.')[2]}" if at else unit


def list_undeclared(desired: Desired, listing: UnitListing) -> tuple[str, ...]:
    """Units on the host that match the fleet's patterns and that the registry does not mention, sorted."""
    known = list_fleet_names(desired)
    return tuple(unit for unit in _list_matching(desired, listing) if unit not in known)


def _list_matching(desired: Desired, listing: UnitListing) -> Iterator[str]:
    for unit in sorted({*listing.files, *listing.units}):
        ours = any(fnmatchcase(unit, pattern) for pattern in desired.unit_patterns)
        if ours and _map_on_host(listing, unit):
            yield unit


def _judge_rogues(facts: Facts, desired: Desired) -> tuple[Verdict, ...]:
    listing = _read_listing(facts)
    found = tuple(_judge_rogue(facts, listing, unit) for unit in list_undeclared(desired, listing))
    return found or (Verdict(True, {"undeclared": []}),)


def _judge_rogue(facts: Facts, listing: UnitListing, unit: str) -> Verdict:
    found = _map_on_host(listing, unit)
    gone = choose_removal(facts, unit, found.get("file", ""), found.get("active", ""))
    remedy = make_steps(f"declare {unit}, or declare it retired and remove it", *gone.steps)
    return Verdict(False, {**found}, _list_existence(unit, found), subject=unit, remedy=remedy)


def _expect_references(desired: Desired) -> tuple[Expectation, ...]:
    needs = (LISTING, *(Need(Unit.FACT, declared.unit) for declared in list_declared_units(desired)))
    return (Expectation(ALL, {"not-found": []}, needs, partial(_judge_references, desired=desired)),)


def _judge_references(facts: Facts, desired: Desired) -> tuple[Verdict, ...]:
    listing = _read_listing(facts)
    declared = {each.unit for each in list_declared_units(desired)}
    others = {unit for unit in _list_matching(desired, listing) if unit in listing.units} - declared
    unread = {unit for unit in others if not facts.find_item(Need(Unit.FACT, unit)).state.known}
    lost = {name for name, (load, *_) in listing.units.items() if load == "not-found"} - declared
    found = (
        *_judge_missing(facts, sorted(declared | others - unread), lost, desired),
        *(_judge_unread(facts, unit) for unit in sorted(unread)),
    )
    return found or (Verdict(True, {"not-found": []}),)


def _judge_unread(facts: Facts, unit: str) -> Verdict:
    reason = facts.find_item(Need(Unit.FACT, unit)).reason
    return Verdict(False, None, subject=unit, unknown=f"what it refers to is unknown: {reason}")


def _judge_missing(facts: Facts, units: list[str], lost: set[str], desired: Desired) -> Iterator[Verdict]:
    """One verdict per missing name, with everything that refers to it. A declared unit that is absent is QT201's alone.

    Links of units that every boot starts count only if they lead to units of the fleet's names.
    """
    referrers: dict[str, list[tuple[str, str]]] = {}
    ours = {name for name in lost if any(fnmatchcase(name, pattern) for pattern in desired.unit_patterns)}
    booted = [name for name in BOOTED if name != DEFAULT and facts.find_item(Need(Unit.FACT, name)).state.known]
    for unit, names in (*((unit, lost) for unit in units), *((unit, ours) for unit in booted)):
        for directive, name in _list_refers_to(facts.read(Unit, unit)):
            if name in names:
                referrers.setdefault(name, []).append((unit, directive))
    for name, users in sorted(referrers.items()):
        yield _judge_not_found(name, users)


def _list_refers_to(unit: Unit | None) -> Iterator[tuple[str, str]]:
    for field, directive in REFERENCES:
        for name in (getattr(unit, field) if unit else None) or ():
            yield directive, name


def _judge_not_found(name: str, users: list[tuple[str, str]]) -> Verdict:
    unit, directive = users[0]
    sources = (
        proofs.prove_unit_property(LISTING, name, "LoadState", "not-found"),
        proofs.prove_reference(Need(Unit.FACT, unit), unit, directive, name),
    )
    by: dict[str, list[str]] = {}
    for user, how in users:
        by.setdefault(user, []).append(f"{how}=")
    observed = {user: ", ".join(ways) for user, ways in sorted(by.items())}
    remedy = f"declare {name}, correct the name, or take it out of {', '.join(sorted(by))}"
    return Verdict(False, {"load": "not-found", "by": {**observed}}, sources, subject=name, remedy=remedy)


RETIRED = Wording("retired unit that is still there", "retired units are still there", untidy=True)
ALIAS = Wording("alias of an external that is another unit", "aliases of externals are other units")
QT202 = Rule(
    "QT202",
    "unit on the host that is not declared",
    Severity.WARNING,
    several="units on the host are not declared",
    variants=(RETIRED, ALIAS),
    untidy=True,
    what="A unit whose name matches the fleet's patterns (`unit_patterns` in fleet.toml) is installed or loaded, and "
    "the registry does not know it; or the registry declares it retired and it is still there. A retired unit that is "
    "masked and does not run counts as gone. If there is no such unit, one check with the subject `*` holds. A "
    "declared alias of an external that is a unit of its own on the host counts too.",
    why="Nobody restarts, caps or backs up a unit that is on no list. One fleet had `quantum_realtime`, "
    "`quantumfond-backend` and a family of `rl-shadow-*` units beside the planned ones, and no list named them all.",
    fix="Decide what it is. Declare it (then qtctl generates and audits it), or declare it retired with the reason, "
    "then `systemctl disable --now UNIT`, remove its file and `systemctl daemon-reload`. For an alias, remove only "
    "the link: `systemctl disable ALIAS` would disable the unit behind it.",
    expect=_expect_declared_units,
)
QT203 = Rule(
    "QT203",
    "referenced unit is not found",
    Severity.WARNING,
    several="referenced units are not found",
    untidy=True,
    what="An installed unit of the fleet names another one in Wants=, Requires=, BindsTo= or After=, and systemd "
    "finds no unit of that name. Or a target that every boot starts still wants a fleet unit that is gone: the link "
    "made by `systemctl enable` was left behind. The subject is the missing name; the units that refer to it are "
    "listed. QT201 reports missing names that the registry declares. If every name is found, one check with the "
    "subject `*` holds.",
    why="systemd silently ignores an After= or Wants= of a missing unit: the order that someone wrote down does not "
    "exist. Units of one fleet waited for `redis.service` on hosts where it is called `redis-server.service` and for "
    "a `quantum-core.target` that nobody had written. With Requires= the unit does not start at all.",
    fix="Correct the name under [order] in the registry (aliases of externals are resolved), or declare the "
    "missing unit. For a unit that qtctl does not generate, correct its file or its drop-in.",
    expect=_expect_references,
)
RULES = (QT202, QT203)
