"""QT403: a service is started from the virtual environment that is declared for it."""

import re
from functools import partial
from posixpath import basename, dirname

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.starts import is_venv_python, list_judged_services
from qtctl.meaning.units import is_loaded, read_unit
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_PYTHON = re.compile(r"(python|pypy)[0-9.]*")
_CAUSES = ("QT210", "QT211", "QT212", "QT225")


def _expect_own_venv(desired: Desired) -> tuple[Expectation, ...]:
    venvs = (*desired.venvs, *desired.retired_venvs)
    known = frozenset(venv.path for venv in venvs)
    folders = frozenset(dirname(venv.path) for venv in venvs) - {"/"}
    return tuple(
        Expectation(
            service.unit,
            {"venv": service.venv},
            (Need(Unit.FACT, service.unit),),
            partial(_is_from_its_own, service=service, known=known, folders=folders),
            service.origin,
            tuple((cause, service.unit) for cause in _CAUSES),
        )
        for service in list_judged_services(desired)
        if service.venv
    )


def _is_from_its_own(facts: Facts, service: DesiredService, known: frozenset[str], folders: frozenset[str]) -> Judgment:
    unit = read_unit(facts, service.unit)
    if unit is None or not is_loaded(unit):
        return NOT_JUDGED
    for program in (argv[0] for argv in unit.exec_start or [] if argv):
        where = _find_other_venv(program, service, known, folders)
        if where:
            show = f"systemctl show -p ExecStart --value {service.unit} | grep -o 'path=[^ ;]*'"
            source = ProofSource(Need(Unit.FACT, service.unit), show, f"path={program}")
            remedy = make_steps(("systemctl", "revert", service.unit), deploy_command(facts))
            return Verdict(False, {"venv": where, "program": program}, (source,), remedy=remedy)
    return Verdict(True, {"venv": service.venv})


def _find_other_venv(program: str, service: DesiredService, known: frozenset[str], folders: frozenset[str]) -> str:
    """The other venv of a program; `none` if it is the host's Python instead of the venv's; else ''."""
    root = dirname(dirname(program))
    if root == service.venv:
        return ""
    if basename(dirname(program)) == "bin" and (root in known or dirname(root) in folders):
        return root
    return "none" if is_venv_python(service) and _PYTHON.fullmatch(basename(program)) else ""


QT403 = Rule(
    "QT403",
    "service runs from another virtual environment than declared",
    Severity.ERROR,
    several="services run from other virtual environments than declared",
    what="The program that systemd has loaded for a service belongs to a different venv than the registry declares "
    "for it: another declared or retired one, or one next to them; or it is the host's own Python in place of the "
    "venv's. QT210 and QT211 name the files that say so (the unit file, a drop-in). QT213 reports a process that was "
    "started before they were corrected.",
    why="The service runs with other packages than were tested for it, and an update of the declared venv does not "
    "reach it. The other venv may be due for removal next week.",
    fix="`systemctl cat UNIT` shows which file says it. `systemctl revert UNIT` and `qtctl deploy` bring back the "
    "declared venv; if the other one is right, declare it in `run.venv`.",
    expect=_expect_own_venv,
)
RULES = (QT403,)
