"""QT401, QT402, QT408: a declared virtual environment is there, its interpreter runs, and it was made for that one."""

import re
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredVenv
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

NOBODY_RUNS_IT = (126, 127)
"""A shell's exit status for a program that is not executable, or missing."""


def _make_need(venv: DesiredVenv) -> Need:
    return Need(VenvCheck.FACT, venv.path)


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            venv.path,
            {"interpreter": venv.interpreter},
            (_make_need(venv),),
            partial(_is_there, venv=venv),
            venv.origin,
        )
        for venv in desired.venvs
    )


def _is_there(facts: Facts, venv: DesiredVenv) -> Verdict:
    """Without a bin/python, not even a dangling link, a venv is missing: there is nothing to run."""
    check = _find_interpreter(facts, venv)
    settings = f"{venv.path}/pyvenv.cfg"
    if check is not None and _is_without(facts, settings) and not check.resolved.startswith(f"{venv.path}/"):
        return _judge_settings(venv, settings)
    there = check is not None
    source = proofs.prove_presence(_make_need(venv), venv.interpreter, present=there)
    used = f" for {', '.join(venv.used_by)}" if venv.used_by else ""
    remedy = make_steps(
        ("/usr/bin/python3", "-m", "venv", venv.path), f"install its requirements{used}, then restart what uses it"
    )
    return Verdict(there, {"interpreter": "present" if there else "absent"}, (source,), remedy=remedy)


def _is_without(facts: Facts, settings: str) -> bool:
    """Known if a service that starts with the venv was asked about."""
    found = facts.find(PathWay, settings)
    return found is not None and found.missing == settings


def _judge_settings(venv: DesiredVenv, settings: str) -> Verdict:
    """Then its bin/python belongs to the system, and does not see the venv's packages."""
    source = proofs.prove_presence(Need(PathWay.FACT, settings), settings, present=False)
    remedy = make_steps(("/usr/bin/python3", "-m", "venv", venv.path), "its packages stay; then restart what uses it")
    return Verdict(False, {"interpreter": "present", "pyvenv.cfg": "absent"}, (source,), remedy=remedy)


def _find_interpreter(facts: Facts, venv: DesiredVenv) -> VenvCheck | None:
    """None without the folder or its bin/python: one that exists always leads to some path."""
    check = facts.read(VenvCheck, venv.path)
    return check if check and check.resolved else None


def _expect_runs(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(venv.path, {"exit": 0}, (_make_need(venv),), partial(_does_run, venv=venv), venv.origin)
        for venv in desired.venvs
    )


def _does_run(facts: Facts, venv: DesiredVenv) -> Judgment:
    check = _find_interpreter(facts, venv)
    if check is None:
        return NOT_JUDGED
    need, leads = _make_need(venv), proofs.prove_link_end(_make_need(venv), venv.interpreter, check.resolved)
    if check.exit is None:
        return _judge_interpreter(need, venv, check, leads)
    ran = check.ran or check.exit not in NOBODY_RUNS_IT
    shown = (
        proofs.prove_interpreter(need, check.resolved, check.exit)
        if ran
        else proofs.prove_executable(need, venv.interpreter, yes=False)
    )
    sources = (shown, leads)
    return Verdict(
        check.exit == 0,
        {"exit": check.exit, "interpreter": check.resolved},
        sources,
        remedy=_choose_rebuild(venv, check),
    )


def _choose_rebuild(venv: DesiredVenv, check: VenvCheck) -> Remedy:
    """The old one is kept until the new one has its packages: `venv --clear` deletes them and installs none."""
    old = f"{venv.path}.old"
    return make_steps(
        f"install {check.resolved} again, or rebuild the venv with an interpreter that is on the host:",
        ("mv", "-T", "--", venv.path, old),
        ("/usr/bin/python3", "-m", "venv", venv.path),
        ("find", f"{old}/lib", "-maxdepth", "3", "-name", "*.dist-info"),
        f"install the same packages into {venv.path}, restart what uses it, then remove {old}",
    )


def _judge_interpreter(need: Need, venv: DesiredVenv, check: VenvCheck, leads: ProofSource) -> Verdict:
    """An interpreter that was not run. If it is not a program of the host's kind, nothing can be told."""
    if check.looks != "program":
        what = "a script" if check.looks == "script" else "no Python program that this host runs"
        return Verdict(False, None, (leads,), unknown=f"{check.resolved} is {what}; not run: {check.not_run}",
                       remedy=f"let {venv.interpreter} lead to an interpreter in /usr/bin")  # fmt: skip
    seen: Json = {"exit": None, "interpreter": check.resolved, "not run": check.not_run}
    return Verdict(True, seen, (proofs.prove_executable(need, venv.interpreter, yes=True), leads))


def _expect_python(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            venv.path,
            {"made for": "its interpreter"},
            (_make_need(venv),),
            partial(_is_made_for_it, venv=venv),
            venv.origin,
            (("QT402", venv.path),),
        )
        for venv in desired.venvs
    )


def _is_made_for_it(facts: Facts, venv: DesiredVenv) -> Judgment:
    """A venv's packages are in a folder named after major and minor version."""
    check = _find_interpreter(facts, venv)
    version = _find_version(check) if check else ""
    if check is None or not version or check.exit not in (0, None):
        return NOT_JUDGED
    made_for = ".".join(check.made_for.split(".")[:2])
    libraries = check.libraries or []
    fits = version == made_for if made_for else not libraries or f"python{version}" in libraries
    observed: Json = {"made for": made_for or [*libraries], "interpreter": version}
    source = _prove_made_for(venv, check)
    leads = proofs.prove_link_end(_make_need(venv), venv.interpreter, check.resolved)
    return Verdict(fits, observed, (source, leads), remedy=_choose_rebuild(venv, check))


def _find_version(check: VenvCheck) -> str:
    """Major and minor version of the interpreter: as printed when it was run, else from its file name."""
    found = _NUMBER.match(check.output) if check.ran or check.exit == 0 else None
    found = found or _NUMBER.match(check.resolved.rpartition("/python")[2])
    return found[0] if found else ""


def _prove_made_for(venv: DesiredVenv, check: VenvCheck) -> ProofSource:
    if not check.made_for:
        line = (check.libraries or [""])[0]
        return ProofSource(_make_need(venv), f"ls {quote(venv.path)}/lib", line)
    config = quote(f"{venv.path}/pyvenv.cfg")
    return ProofSource(_make_need(venv), f"grep -E '^version' {config} | grep -oE '[0-9][0-9.]*[0-9]'", check.made_for)


_NUMBER = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")


QT401 = Rule(
    "QT401",
    "virtual environment missing",
    Severity.ERROR,
    several="virtual environments are missing",
    what="A declared venv is not on the host: its directory, or the bin/python in it, does not exist. A bin/python "
    "that is a link leading nowhere is QT402. A directory that the auditing account may not enter makes the "
    "check unknown.",
    why="A service that already runs does not notice, and keeps running from memory; at its next start it fails "
    "with 203 EXEC. So a venv that was cleaned up on Monday is an outage on the day of the next reboot.",
    fix="Rebuild it: `python3 -m venv PATH`, then install the requirements of the services that use it, and restart "
    "them so that they run what is installed now. If nothing needs it any more, declare the venv retired.",
    expect=_expect_presence,
    preflight=True,
)
QT402 = Rule(
    "QT402",
    "interpreter of a virtual environment does not run",
    Severity.ERROR,
    several="virtual environments have an interpreter that does not run",
    what="bin/python of the venv is there, but is a link that leads nowhere, is not an executable file, or leads to "
    "an interpreter of the system (/usr/bin/python*) that does not run `-I -S -E -B -c pass` with exit status 0. "
    "Whoever owns a venv chooses its bin/python, so an audit runs no other: for an interpreter elsewhere, the check "
    "holds if it is an executable program for the host's machine, named like a Python, and says that it was not run "
    "and why. A script in its place makes the check unknown.",
    why="A venv is a link to the interpreter it was made with. After an upgrade of the system's Python (3.10 to 3.12 "
    "with Ubuntu 24.04), or a copy from another host, every venv is in place and none starts.",
    fix="`readlink -f PATH/bin/python` shows where it leads. Install that interpreter, or rebuild the venv with one "
    "that is installed: packages of another minor version do not carry over. First note which packages it has: "
    "`python3 -m venv --clear` deletes them and installs none.",
    expect=_expect_runs,
    preflight=True,
)
QT408 = Rule(
    "QT408",
    "virtual environment made for another Python",
    Severity.ERROR,
    what="The venv's pyvenv.cfg names a different minor version of Python (its first two numbers) than the "
    "interpreter behind its bin/python has. Where pyvenv.cfg names none, its folders lib/python* must have one of "
    "that version.",
    why="Packages lie in lib/python3.10/site-packages, and Python 3.11 looks in lib/python3.11/site-packages. The "
    "interpreter runs, so the venv looks right, and the service ends with ModuleNotFoundError at its next start: after "
    "an upgrade of the distribution, all of them at once.",
    fix="Rebuild the venv with the interpreter that is installed, and install its packages again: they do not carry "
    "over. First note which packages it has: `python3 -m venv --clear` deletes them and installs none.",
    expect=_expect_python,
)
RULES = (QT401, QT402, QT408)
