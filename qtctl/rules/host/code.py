"""QT405, QT406: the code that services run is there, and code that none of them runs. QT407 is in checkouts.py."""

from collections.abc import Iterator
from functools import partial
from posixpath import basename, dirname, join

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.starts import list_judged_services
from qtctl.model.code_facts import EntryPoint, Folders
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.entry_questions import EntryQuestion, make_entry_question
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_VENV = "pyvenv.cfg"
_OWN_MEANING = ("", "/", "/bin", "/home", "/opt", "/root", "/srv", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/var")
"""Folders of every host: what lies in them is not the fleet's just for that."""


def _expect_entry_points(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            service.unit,
            {"entry point": [path for _, path in question.wanted]},
            (Need(EntryPoint.FACT, service.unit),),
            partial(_is_found, service=service, question=question),
            service.origin,
            (("QT401", service.venv),) if service.venv else (),
        )
        for service in list_judged_services(desired)
        if (question := make_entry_question(service))
    )


def _is_found(facts: Facts, service: DesiredService, question: EntryQuestion) -> Judgment:
    need = Need(EntryPoint.FACT, service.unit)
    found = facts.read(EntryPoint, service.unit)
    if found is None or len(found.found) != len(question.wanted):
        return NOT_JUDGED
    missing = [wanted for wanted, path in zip(question.wanted, found.found, strict=True) if not path]
    if not missing and found.found[-1] in found.empty:
        return _judge_empty(need, found.found[-1])
    if not missing:
        sources = tuple(proofs.prove_presence(need, path, present=True) for path in found.found[-1:])
        return Verdict(True, {"entry point": [*found.found]}, sources)
    kind, path = missing[0]
    what = path if kind == "script" else path.replace("/", ".")
    if why := _explain_unsure(found, service, kind):
        return Verdict(
            False,
            None,
            unknown=f"{what} was not found, and {why}",
            remedy=make_steps(f"see on the host where {what} is"),
        )
    places = [path] if kind == "script" else [join(folder, path) for folder in question.folders[:3]]
    remedy = make_steps(
        f"put the code of {what} where it is looked for ({', '.join(places)}), or declare what the service runs now"
        if kind != "module" or "." in what or question.folders
        else f"install {what} into {question.prefix}"
    )
    looked_in = [path] if kind == "script" else [*question.folders, question.prefix]
    return Verdict(
        False,
        {"missing": [what], "looked in": [*looked_in]},
        _prove_not_there(need, question, kind, path),
        remedy=remedy,
    )


def _judge_empty(need: Need, path: str) -> Verdict:
    source = ProofSource(need, f"stat -c '%s %n' {quote(path)}", f"0 {path}")
    return Verdict(
        False, {"empty": [path]}, (source,), remedy=make_steps(f"put the code back into {path}, and restart")
    )


def _explain_unsure(found: EntryPoint, service: DesiredService, kind: str) -> str:
    """Why it may exist all the same, or ''."""
    if found.shut:
        return f"{found.shut} cannot be entered by the auditing account"
    if kind == "script":
        return ""
    if found.hook:
        return f"{found.hook} may make Python look elsewhere"
    return f"PYTHONPATH may be set in {service.env_files[0]}" if service.env_files else ""


def _prove_not_there(need: Need, question: EntryQuestion, kind: str, path: str) -> tuple[ProofSource, ...]:
    if kind == "script":
        return (proofs.prove_presence(need, path, present=False),)
    end = "" if kind == "import" else "/__main__.py"
    package = "/__init__.py" if kind == "import" else end
    return tuple(
        ProofSource(
            need,
            f"ls {quote(f'{folder}/{path}.py')} {quote(f'{folder}/{path}{package}')} 2>/dev/null | wc -l",
            "0",
        )
        for folder in (*question.folders[:2], *(() if question.folders else (question.prefix,)))
    )


def map_entry_files(desired: Desired) -> dict[str, list[DesiredService]]:
    """Entry points below the code of their services → those services."""
    found: dict[str, list[DesiredService]] = {}
    for service in desired.services:
        for path in _list_own_files(service):
            found.setdefault(path, []).append(service)
    return found


def _list_own_files(service: DesiredService) -> Iterator[str]:
    if service.code and service.entry_point.startswith(f"{service.code}/"):
        yield service.entry_point
    question = make_entry_question(service)
    for kind, path in question.wanted if question else ():
        whole = path if kind == "script" else f"{service.code}/{path}"
        if service.code and whole.startswith(f"{service.code}/"):
            yield whole


def _expect_used_code(desired: Desired) -> tuple[Expectation, ...]:
    """One for each folder in which services have their own folders."""
    files = map_entry_files(desired)
    used = {dirname(path) for path in files} | {path.removesuffix(".py") for path in files}
    own = ((path, services) for path, services in files.items() if _has_own_folder(path, services))
    parents = {dirname(dirname(path)): services[0] for path, services in own}
    return tuple(
        Expectation(
            parent, {"unused": []}, (Need(Folders.FACT, parent),),
            partial(_judge_used_folders, parent=parent, used=frozenset(used)), service.origin,
        )
        for parent, service in sorted(parents.items())
        if parent not in _OWN_MEANING
    )  # fmt: skip


def _has_own_folder(path: str, services: list[DesiredService]) -> bool:
    folder = dirname(path)
    return any(folder.startswith(f"{each.code}/") for each in services if each.code)


def _judge_used_folders(facts: Facts, parent: str, used: frozenset[str]) -> Judgment:
    need = Need(Folders.FACT, parent)
    found = facts.read(Folders, parent)
    if found is None:
        return NOT_JUDGED
    unused = [
        (f"{parent}/{name}", marks)
        for name, marks in found.marks.items()
        if _VENV not in marks and not _is_used(f"{parent}/{name}", used)
    ]
    if not unused:
        return Verdict(True, {"unused": []})
    return tuple(
        Verdict(
            False,
            {"has": [*marks], "run by": []},
            (proofs.prove_presence(need, f"{path}/{marks[0]}", present=True),),
            subject=path,
            remedy=make_steps(
                f"declare the service that runs {basename(path)}, or archive the folder and then remove it:",
                ("rm", "-r", "--", path),
            ),
        )
        for path, marks in unused
    )


def _is_used(folder: str, used: frozenset[str]) -> bool:
    """Whether an entry point lies in it, at any depth."""
    return folder in used or any(each.startswith(f"{folder}/") for each in used)


QT405 = Rule(
    "QT405",
    "entry point missing in the code",
    Severity.ERROR,
    several="entry points are missing in the code",
    what="Python does not find what a service runs: the script of its command line, the module of `-m`, the server "
    "(uvicorn, gunicorn, hypercorn, daphne), or the module of its application; or that file is empty. qtctl looks "
    "where Python looks: in the working directory, PYTHONPATH, the server's own folders and the packages of the "
    "interpreter, .pth files included. Code that it imports later is not checked; nothing is run.",
    why="A service that already runs does not notice that its code was moved or removed. At its next start it ends "
    "with `No module named …` or `can't open file`, in a loop, until someone looks.",
    fix="`git status`, run in the code's folder by the account that owns it, shows whether the file was removed or "
    "renamed, and `VENV/bin/python -m pip show PACKAGE` whether a package is installed. Bring it back, or declare the "
    "right module, script or PYTHONPATH, and deploy.",
    expect=_expect_entry_points,
)
QT406 = Rule(
    "QT406",
    "code that no service runs",
    Severity.WARNING,
    several="folders of code that no service runs",
    what="Next to the folders from which declared services start is another one that has a program of its own "
    "(main.py, __main__.py, app.py, service.py, server.py, run.py or worker.py), and no declared service starts from "
    "it. Folders without such a file, such as libraries, are not counted, nor are folders that the auditing account "
    "may not read.",
    why="It is a service that someone forgot to declare, and that nothing starts after a reboot, or the remains of "
    "one that is gone. Whoever looks for the code that trades finds two versions, and edits the wrong one.",
    fix="Declare the service that it belongs to. If nothing needs it any more, remove it from the repository, or from "
    "the host with `rm -r PATH`.",
    expect=_expect_used_code,
)
RULES = (QT405, QT406)
