"""QT404: virtual environments that nothing uses."""

from functools import partial
from posixpath import dirname

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import steps
from qtctl.meaning.units import read_unit
from qtctl.model.code_facts import Folders
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, Unit
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


def _used(desired: Desired) -> tuple[Expectation, ...]:
    """One for each folder that has declared venvs, retired ones too."""
    known = frozenset((*(venv.path for venv in desired.venvs), *(each.venv for each in desired.services)))
    declared = {dirname(venv.path): venv.origin for venv in (*desired.retired_venvs, *desired.venvs)}
    retired = {venv.path: venv.name for venv in desired.retired_venvs}
    return tuple(
        Expectation(
            parent,
            {"unused": []},
            (Need(Folders.FACT, parent),),
            partial(_are_used, parent=parent, known=known, retired=retired),
            origin,
        )
        for parent, origin in sorted(declared.items())
        if parent != "/"
    )


def _are_used(facts: Facts, parent: str, known: frozenset[str], retired: dict[str, str]) -> Judgment:
    need = Need(Folders.FACT, parent)
    found = facts.read(Folders, parent)
    if found is None:
        return NOT_JUDGED
    there = [f"{parent}/{name}" for name, marks in found.marks.items() if "pyvenv.cfg" in marks]
    unused = [path for path in there if path not in known and not _runs_from(facts, path)]
    if not unused:
        return Verdict(True, {"unused": []})
    return tuple(
        Verdict(
            False,
            {"declared": "retired" if path in retired else "not at all", "used by": []},
            (proofs.presence(need, f"{path}/pyvenv.cfg", present=True),),
            subject=path,
            remedy=steps("declare it in venvs.toml if something needs it; else remove it:", ("rm", "-r", "--", path)),
        )
        for path in unused
    )


def _runs_from(facts: Facts, path: str) -> bool:
    """Whether a unit that systemd has loaded starts a program of it, declared or not."""
    known = (
        read_unit(facts, name)
        for name in facts.subjects(Unit.FACT)
        if facts.item(Need(Unit.FACT, name)).state is State.OBSERVED
    )
    return any(argv[0].startswith(f"{path}/") for unit in known if unit for argv in unit.exec_start or [] if argv)


QT404 = Rule(
    "QT404",
    "virtual environment that nothing uses",
    Severity.WARNING,
    several="virtual environments that nothing uses",
    what="In a folder that has declared venvs is another one that the registry does not declare, or declares retired, "
    "and no unit that systemd has loaded starts a program of it. A venv that is declared present counts as used.",
    why="It takes a gigabyte, is never patched, and looks like those that are in use: somebody will install into it, "
    "or start from it by hand, and wonder why nothing changes.",
    fix="`grep -r PATH /etc/systemd /etc/cron*` and `ps -eo args | grep PATH` show whether anything else needs it. "
    "Declare it in venvs.toml, or remove it.",
    expect=_used,
)
RULES = (QT404,)
