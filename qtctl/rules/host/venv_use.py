"""QT404, QT409: virtual environments that nothing uses, and whether packages are those of a lock file."""

from functools import partial
from posixpath import dirname

from qtctl.dialects.python_lock import is_same_version, normalise_name
from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.units import read_unit
from qtctl.model.code_facts import Folders, VenvPackages
from qtctl.model.desired import Desired, DesiredVenv
from qtctl.model.desired_lock import DesiredPackage
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

INSTALLERS = frozenset(("distribute", "pip", "pkg-resources", "setuptools", "uv", "wheel"))
"""Packages that any venv may have and that lock files leave out."""
_SHOWN = 5


def _expect_used_venvs(desired: Desired) -> tuple[Expectation, ...]:
    """One for each folder that has declared venvs, including retired ones."""
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
            (proofs.prove_presence(need, f"{path}/pyvenv.cfg", present=True),),
            subject=path,
            remedy=make_steps(
                "declare it in venvs.toml if something needs it; else remove it:", ("rm", "-r", "--", path)
            ),
        )
        for path in unused
    )


def _runs_from(facts: Facts, path: str) -> bool:
    """Whether a loaded unit starts a program in it, declared or not."""
    known = (
        read_unit(facts, name)
        for name in facts.list_subjects(Unit.FACT)
        if facts.find_item(Need(Unit.FACT, name)).state is State.OBSERVED
    )
    return any(argv[0].startswith(f"{path}/") for unit in known if unit for argv in unit.exec_start or [] if argv)


def _expect_locked_packages(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            venv.path,
            {"packages": "as locked"},
            (Need(VenvPackages.FACT, venv.path),),
            partial(_is_as_locked, venv=venv, packages=venv.packages),
            venv.origin,
            (("QT401", venv.path), ("QT408", venv.path)),
        )
        for venv in desired.venvs
        if venv.packages is not None
    )


def _is_as_locked(facts: Facts, venv: DesiredVenv, packages: tuple[DesiredPackage, ...]) -> Judgment:
    found = facts.read(VenvPackages, venv.path) or VenvPackages([])
    there: dict[str, list[str]] = {}
    for record in found.records:
        name, _, version = record.partition("-")
        there.setdefault(normalise_name(name), []).append(version)
    missing = [each.name for each in packages if each.required and each.name not in there]
    other = [each.name for each in packages if each.name in there and not _is_declared_version(each, there[each.name])]
    more = sorted(there.keys() - {each.name for each in packages} - INSTALLERS)
    if not (missing or other or more):
        return Verdict(True, {"packages": len(found.records)})
    shown: JsonObject = {
        "other version": [f"{name} {', '.join(there[name])}" for name in other[:_SHOWN]],
        "missing": [*missing[:_SHOWN]],
        "not in the lock file": [*more[:_SHOWN]],
    }
    observed: JsonObject = {"differ": len(missing) + len(other) + len(more)}
    observed |= {key: value for key, value in shown.items() if value}
    sources = tuple(_record(venv, name, there.get(name, [])) for name in (*other[:2], *missing[:2], *more[:1]))
    return Verdict(False, observed, sources, remedy=_install(venv))


def _install(venv: DesiredVenv) -> Remedy:
    return make_steps(
        f"as the account that owns {venv.path}, install what the lock file says: uv pip sync, or pip install "
        "--require-hashes -r; then restart what uses it"
    )


def _is_declared_version(package: DesiredPackage, versions: list[str]) -> bool:
    """An interrupted install leaves two records of one package: then nobody knows which version runs."""
    return len(versions) == 1 and (
        not package.versions or any(is_same_version(each, versions[0]) for each in package.versions)
    )


def _record(venv: DesiredVenv, name: str, versions: list[str]) -> ProofSource:
    """The part of its record after the name."""
    need = Need(VenvPackages.FACT, venv.path)
    pattern = quote(name.replace("-", "[-_.]") + "-*.dist-info")
    find = f"find {quote(f'{venv.path}/lib')} -mindepth 3 -maxdepth 3 -iname {pattern} -printf '%f\\n'"
    if not versions:
        return ProofSource(need, f"{find} | wc -l", "0")
    return ProofSource(need, f"{find} | sed 's/^[^-]*-//; s/.dist-info$//'", versions[0])


QT404 = Rule(
    "QT404",
    "virtual environment that nothing uses",
    Severity.WARNING,
    several="virtual environments that nothing uses",
    what="A folder with declared venvs also has one that the registry does not declare, or declares retired, and no "
    "unit that systemd has loaded starts a program from it. A venv that is declared present counts as used.",
    why="It takes a gigabyte, is never patched, and looks like one that is in use: someone will install into it, or "
    "start from it by hand, and wonder why nothing changes.",
    fix="`grep -r PATH /etc/systemd /etc/cron*` and `ps -eo args | grep PATH` show whether anything else needs it. "
    "Declare it in venvs.toml, or remove it.",
    expect=_expect_used_venvs,
)
QT409 = Rule(
    "QT409",
    "packages are not those of the lock file",
    Severity.ERROR,
    several="virtual environments have other packages than their lock files",
    what="The venv has a package in a different version than its declared lock file says, lacks one that it needs on "
    "every host, or has one that is not in it. Packages are identified by the names of their records (*.dist-info); "
    "pip, setuptools, wheel and uv are not compared. One that the lock file has for some systems only (a marker) may "
    "be absent. Whether a package's files were changed is not checked.",
    why="What runs is then not what was tested: another version of a numeric library gives other signals, and the "
    "next rebuild from the lock file removes what someone installed by hand in the middle of the night.",
    fix="`find VENV/lib -name '*.dist-info'` lists the packages. `uv pip sync LOCK` or `pip install --require-hashes "
    "-r LOCK` restores what is locked; if what is installed is right, lock that. Then restart what uses it.",
    expect=_expect_locked_packages,
)
RULES = (QT404, QT409)
