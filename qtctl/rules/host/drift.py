"""QT211, QT212, QT225: what takes part in a unit beside its generated file, and whether systemd has read it."""

from functools import partial
from posixpath import basename

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.originals import list_adopted_paths, list_originals, needs_of
from qtctl.meaning.units import is_loaded, read_unit
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.json import JsonObject
from qtctl.model.names import BEFORE_UNIT_DIR
from qtctl.rules import proofs
from qtctl.rules.declared import DeclaredUnit, deploy_command, list_declared_units, make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

_PACKAGED = ("/usr/lib/systemd/", "/lib/systemd/")
"""For a unit that nothing generates, files here came with its package."""


def _list_generated(desired: Desired) -> tuple[DeclaredUnit, ...]:
    return tuple(each for each in list_declared_units(desired) if each.file)


def _expect_dropins(desired: Desired) -> tuple[Expectation, ...]:
    """For generated units, and for others to which the registry adds drop-ins."""
    declared = {each.path for each in desired.files if each.kind == "dropin"}
    added_to = {each.unit for each in desired.dropins}
    units = (each for each in list_declared_units(desired) if each.file or each.unit in added_to)
    return tuple(
        Expectation(
            unit.unit,
            {"drop_ins": [*sorted(path for path in declared if _is_of(path, unit.unit))]},
            (Need(Unit.FACT, unit.unit), *_list_needs(originals := list_originals(desired, unit.unit, unit.made_by))),
            partial(_judge_dropins, unit=unit, declared=frozenset(declared), originals=originals),
            unit.origin,
        )
        for unit in units
    )


def _is_of(path: str, unit: str) -> bool:
    return f"/{unit}.d/" in path


def _list_needs(originals: tuple[DesiredFile, ...]) -> tuple[Need, ...]:
    return tuple(need for file in originals for need in needs_of(file))


def _judge_dropins(
    facts: Facts, unit: DeclaredUnit, declared: frozenset[str], originals: tuple[DesiredFile, ...]
) -> Judgment:
    found = read_unit(facts, unit.unit)
    if found is None or not is_loaded(found):
        return NOT_JUDGED
    paths = found.drop_in_paths or []
    strange = set(paths) - declared - list_adopted_paths(originals, facts)
    unknown = sorted(path for path in strange if unit.file or not path.startswith(_PACKAGED))
    observed: JsonObject = {"drop_ins": [*paths], "undeclared": [*unknown]}
    source = proofs.prove_unit_property(Need(Unit.FACT, unit.unit), unit.unit, "DropInPaths", " ".join(paths))
    return Verdict(not unknown, observed, (source,), remedy=_choose_dropin_remedy(unit.unit, unknown))


def _choose_dropin_remedy(unit: str, paths: list[str]) -> Remedy:
    """Only those: `systemctl revert` would remove declared ones too.

    A prefix's drop-ins belong to other units as well.
    """
    own = [path for path in paths if f"/{unit}.d/" in path and not path.startswith(_PACKAGED)]
    others = [path for path in paths if path not in own]
    by_hand = (
        f"{', '.join(map(quote, others))} is for other units, too, or a package's: edit it there" if others else ""
    )
    removed = (("rm", "--", *own), ("systemctl", "daemon-reload")) if own else ()
    return make_steps(("cat", "--", *paths), "put what should stay into the registry, then", *removed, by_hand)


def _read(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(
            unit,
            {"need_daemon_reload": False},
            partial(_is_read, unit=unit.unit, generated=bool(unit.file)),
            (("QT210", unit.unit), ("QT211", unit.unit)),
        )
        for unit in list_declared_units(desired)
    )


def _is_read(facts: Facts, unit: str, *, generated: bool) -> Judgment:
    found = read_unit(facts, unit)
    if found is None or not is_loaded(found):
        return NOT_JUDGED
    stale = found.need_daemon_reload
    source = proofs.prove_unit_property(Need(Unit.FACT, unit), unit, "NeedDaemonReload", "yes" if stale else "no")
    then = deploy_command(facts) if generated else ("systemctl", "try-restart", unit)
    remedy = make_steps(("systemctl", "daemon-reload"), "then, for what changed with it,", then)
    return Verdict(not stale, {"need_daemon_reload": stale}, (source,), remedy=remedy)


def _expect_own_file(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            unit.unit,
            {"fragment": unit.file},
            (Need(Unit.FACT, unit.unit), *_list_needs(originals := list_originals(desired, unit.made_by))),
            partial(_is_from_its_file, declared=unit, originals=originals),
            unit.origin,
        )
        for unit in _list_generated(desired)
    )


def _is_from_its_file(facts: Facts, declared: DeclaredUnit, originals: tuple[DesiredFile, ...]) -> Judgment:
    found = read_unit(facts, declared.unit)
    if found is None or not is_loaded(found):
        return NOT_JUDGED
    path = found.fragment_path
    if path != declared.file and _is_a_link(facts, declared.file):
        return NOT_JUDGED  # QT210 reports that; systemd before 250 names the target of the link
    absent = facts.find_item(Need(File.FACT, declared.file)).state is State.ABSENT
    if not path and absent:
        return NOT_JUDGED  # a slice in use without any file, which QT201 reports
    source = proofs.prove_unit_property(Need(Unit.FACT, declared.unit), declared.unit, "FragmentPath", path)
    reload = ("systemctl", "daemon-reload")
    remedy = make_steps(
        *((("systemctl", "cat", "--no-pager", declared.unit), f"remove {quote(path)}, then") if path else ()), reload
    )
    own = path == declared.file or path in list_adopted_paths(originals, facts)
    of_instance = basename(declared.file) != declared.unit and basename(path) == declared.unit
    refuses = absent or of_instance or path.startswith(BEFORE_UNIT_DIR)
    return Verdict(own, {"fragment": path}, (source,), remedy=remedy, refuses_deploys=refuses)


def _is_a_link(facts: Facts, path: str) -> bool:
    found = facts.find(File, path)
    return found is not None and found.kind == "link"


QT211 = Rule(
    "QT211",
    "drop-in that is not declared",
    Severity.WARNING,
    several="units have drop-ins that are not declared",
    untidy=True,
    what="systemd reads a drop-in for this unit that the registry does not know: from `systemctl edit`, `systemctl "
    "set-property`, a package, or a folder for many units at once (`service.d`, `PREFIX-.service.d`). All folders "
    "count: /etc, /run, /usr/lib and system.control. For an external, those in /usr/lib are its package's own.",
    why="A drop-in overrides the generated file, which itself looks untouched: the unit runs with values that no "
    "registry declares, and the next deploy does not change that.",
    fix="Read it with `systemctl cat UNIT`. Put what should stay into the registry, then remove the file "
    "and run `systemctl daemon-reload`.",
    expect=_expect_dropins,
)
QT212 = Rule(
    "QT212",
    "changed on disk since systemd read it",
    Severity.WARNING,
    several="units changed on disk since systemd read them",
    untidy=True,
    what="The unit's file or one of its drop-ins has changed since systemd loaded it (NeedDaemonReload=yes). systemd "
    "itself notices that; it does not say what has changed.",
    why="The file on disk looks right, but the next start does not use it. Or it is wrong, and takes effect weeks "
    "later, with someone's next daemon-reload.",
    fix="`systemctl daemon-reload`, then restart what changed: `qtctl deploy` does both, in order.",
    expect=_read,
)
QT225 = Rule(
    "QT225",
    "loaded from another file",
    Severity.ERROR,
    several="units are loaded from another file",
    what="systemd has loaded the unit from a file other than the generated one: one of the same name in a folder that "
    "it reads first (system.control, /run/systemd/transient), one that a generator made, or a package's.",
    why="The generated file has no effect at all. Whatever is declared for this unit is not what runs.",
    fix="`systemctl cat UNIT` shows the file. Remove or rename it, run `systemctl daemon-reload`, then deploy.",
    expect=_expect_own_file,
)
RULES = (QT211, QT212, QT225)
