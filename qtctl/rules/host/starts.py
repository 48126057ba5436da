"""QT410, QT411: whether a service's user can start it again, seen from the files alone; nothing is run."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.program_folders import FOLDERS
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Command, make_steps
from qtctl.meaning.access import Entry, Kind, Way
from qtctl.meaning.permissions import Identity, Permission, Refusal, find_first_refusal
from qtctl.meaning.starts import (
    StartFile,
    find_identity,
    is_venv_python,
    list_judged_services,
    list_user_needs,
    start_files,
)
from qtctl.meaning.ways import make_way
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_PROGRAMS = (Permission.EXECUTE,)
_DOES = {Permission.READ: "read", Permission.WRITE: "write", Permission.EXECUTE: "execute"}
_ROOT = Identity(0, frozenset((0,)))


def _expect_usable_files(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            service.unit,
            {"user": service.user or "root", "refused": []},
            tuple(dict.fromkeys((*list_user_needs(service), *(each.need for each in start_files(service))))),
            partial(_is_usable, service=service),
            service.origin,
            (("QT711", service.user),),
        )
        for service in list_judged_services(desired)
        if start_files(service)
    )


def _is_usable(facts: Facts, service: DesiredService) -> Judgment:
    who = find_identity(facts, service)
    if who is None:
        return NOT_JUDGED
    user = service.user or "root"
    for file in start_files(service):
        found = facts.read(PathWay, file.path)
        if found is None:
            continue
        verdict = _judge_file(file, found, _ROOT if file.as_root else who, user)
        if verdict is not None:
            return verdict
    return Verdict(True, {"user": user, "refused": []}, _list_shown(facts, start_files(service)))


def _list_shown(facts: Facts, files: tuple[StartFile, ...]) -> tuple[ProofSource, ...]:
    ends = ((each.need, make_way(each.path, found).end) for each in files if (found := facts.read(PathWay, each.path)))
    return next(((_prove_stat(need, end),) for need, end in ends if end), ())


def _judge_file(file: StartFile, found: PathWay, who: Identity, user: str) -> Verdict | None:
    """None if it can be used as needed."""
    way = make_way(file.path, found)
    for each, wanted in _list_ways(file, way, found):
        refusal = find_first_refusal(each, who, wanted)
        if refusal is not None:
            return _judge_refused(file, refusal, who, user)
    if file.role == "working directory" and not file.optional:
        return _judge_not_a_folder(file, way)
    if Permission.EXECUTE in file.wanted and file.role != "working directory" and way.end is not None:
        return _judge_not_a_file(file, way.end) or _judge_not_executed(file, found.noexec)
    return None


def _list_ways(file: StartFile, way: Way, found: PathWay) -> Iterator[tuple[Way, tuple[Permission, ...]]]:
    """A script is read by its interpreter, which must be executable too."""
    if not found.interpreter or file.wanted != _PROGRAMS:
        yield way, file.wanted
        return
    yield way, (Permission.EXECUTE, Permission.READ)
    if found.interpreter.startswith("/"):
        yield make_way(found.interpreter, found), (Permission.EXECUTE,)


def _judge_refused(file: StartFile, refusal: Refusal, who: Identity, user: str) -> Verdict:
    entry = refusal.entry
    if not refusal.known:
        why = f"the access control list of {entry.path} was not read: getfacl is not installed, or was refused"
        return Verdict(
            False,
            None,
            unknown=why,
            remedy=make_steps("on the host:", ("apt-get", "install", "acl"), "then audit again"),
        )
    does = "enter" if entry.kind is Kind.FOLDER and refusal.permission is Permission.EXECUTE else None
    word = does or _DOES[refusal.permission]
    says = f"{user} cannot {word} {entry.path} (mode {entry.mode:04o}, uid {entry.uid}, gid {entry.gid})"
    letter = {Permission.READ: "r", Permission.WRITE: "w", Permission.EXECUTE: "x"}[refusal.permission]
    remedy = make_steps(_allow(entry, who, user, letter), f"or grant it to {user} alone with setfacl")
    return Verdict(
        False, {"user": user, "refused": [says], "for": f"{file.role} {file.path}"}, (_prove_stat(file.need, entry),),
        remedy=remedy,
    )  # fmt: skip


def _allow(entry: Entry, who: Identity, user: str, letter: str) -> Command:
    if entry.acl != () and who.uid != entry.uid:
        return ("setfacl", "-m", f"u:{user}:{letter}", "--", entry.path)
    kind = "u" if who.uid == entry.uid else "g" if entry.gid in who.groups else "o"
    return ("chmod", f"{kind}+{letter}", "--", entry.path)


def _judge_not_a_folder(file: StartFile, way: Way) -> Verdict | None:
    if way.end is None:
        source = proofs.prove_presence(file.need, way.missing, present=False)
        remedy = make_steps("make the folder, or declare another one:", ("mkdir", "-p", "--", file.path))
        return Verdict(False, {"working directory": file.path, "missing": way.missing}, (source,), remedy=remedy)
    if way.end.kind is not Kind.FOLDER:
        remedy = make_steps(("ls", "-ld", "--", file.path), "see what it is, move it away, and make the folder")
        return Verdict(False, {"working directory": file.path, "kind": str(way.end.kind)},
                       (_prove_stat(file.need, way.end),), remedy=remedy)  # fmt: skip
    return None


def _judge_not_a_file(file: StartFile, end: Entry) -> Verdict | None:
    if end.kind is Kind.FILE:
        return None
    remedy = make_steps(("ls", "-ld", "--", file.path), "see what it is, and put the program in its place")
    return Verdict(False, {file.role: file.path, "kind": str(end.kind)}, (_prove_stat(file.need, end),), remedy=remedy)


def _judge_not_executed(file: StartFile, mount: str) -> Verdict | None:
    if not mount:
        return None
    again = f"findmnt -n -o OPTIONS --mountpoint {quote(mount)} | tail -n 1 | tr ',' '\\n' | grep -x noexec"
    remedy = make_steps("remove noexec where it is mounted (/etc/fstab, or its .mount unit); until the next boot:",
                   ("mount", "-o", "remount,bind,exec", "--", mount))  # fmt: skip
    observed: JsonObject = {file.role: file.path, "mounted": "noexec", "mount": mount}
    return Verdict(False, observed, (ProofSource(file.need, again, "noexec"),), remedy=remedy)


def _prove_stat(need: Need, entry: Entry) -> ProofSource:
    line = f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}"
    return ProofSource(need, f"stat -c '%a %u %g %n' {quote(entry.path)}", line)


def _expect_programs(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            service.unit,
            {"missing": []},
            tuple(dict.fromkeys(each.need for each in programs)),
            partial(_is_present, programs=programs, sets_path=_sets_path(service)),
            service.origin,
        )
        for service in list_judged_services(desired)
        if (programs := _list_programs(service))
    )


def _list_programs(service: DesiredService) -> tuple[StartFile, ...]:
    """Without the interpreter of its venv: QT401 and QT402 report that."""
    others = (each for each in start_files(service) if each.wanted == _PROGRAMS and each.role != "working directory")
    return tuple(each for each in others if each.role != "program" or not is_venv_python(service))


def _is_present(facts: Facts, programs: tuple[StartFile, ...], sets_path: bool) -> Verdict:
    for file in programs:
        found = facts.read(PathWay, file.path)
        if found is None or found.missing:
            return _judge_missing(file, found.missing if found else file.path)
        if found.interpreter is None:
            why = f"the first line of {file.path} could not be read, so that its interpreter is unknown"
            return Verdict(False, None, unknown=why, remedy=make_steps(f"let the auditing account read {file.path}"))
        if found.not_executable:
            return _judge_not_executable(file, found)
        if found.interpreter_missing:
            return _judge_no_interpreter(file, found)
        if found.env_misses and not sets_path:
            return _judge_no_command(file, found)
    return Verdict(True, {"missing": []}, (proofs.prove_presence(programs[0].need, programs[0].path, present=True),))


def _sets_path(service: DesiredService) -> bool:
    """Whether its commands may be looked for elsewhere than in systemd's default PATH."""
    names = {*service.secrets_keys, *(key for key, _ in (*service.env, *service.unit_env))}
    return "PATH" in names or bool(service.env_files) or "ExecSearchPath" in dict(service.settings)


def _judge_not_executable(file: StartFile, found: PathWay) -> Verdict:
    again = f"head -c 4 -- {quote(file.path)} | grep -aEc '^(#!|.ELF)'"
    holds = "nothing: it is empty" if not found.size else "neither a script (#!) nor a program (ELF)"
    remedy = make_steps(f"put back what {file.path} should hold; a script begins with #! and its interpreter")
    return Verdict(False, {file.role: file.path, "holds": holds}, (ProofSource(file.need, again, "0"),), remedy=remedy)


def _judge_missing(file: StartFile, missing: str) -> Verdict:
    source = proofs.prove_presence(file.need, missing, present=False)
    remedy = make_steps(f"install what has {file.path}, or declare where the program is")
    return Verdict(False, {"missing": [missing], "for": f"{file.role} {file.path}"}, (source,), remedy=remedy)


def _judge_no_interpreter(file: StartFile, found: PathWay) -> Verdict:
    if found.interpreter_missing.endswith("\r"):
        return _judge_dos_line(file, found.interpreter_missing.removesuffix("\r"))
    source = proofs.prove_presence(file.need, found.interpreter_missing, present=False)
    seen = {"missing": [found.interpreter_missing], "for": f"{file.role} {file.path}", "interpreter": found.interpreter}
    remedy = make_steps(
        f"install {found.interpreter}, or correct the first line of the script:", ("head", "-n", "1", "--", file.path)
    )
    return Verdict(False, seen, (source,), remedy=remedy)  # type: ignore[arg-type]


def _judge_dos_line(file: StartFile, interpreter: str) -> Verdict:
    source = ProofSource(file.need, f"head -n 1 -- {quote(file.path)} | tr -dc '\\r' | wc -c", "1")
    seen: JsonObject = {file.role: file.path, "interpreter": f"{interpreter}, and a carriage return after it"}
    return Verdict(False, seen, (source,), remedy=make_steps(("sed", "-i", r"s/\r$//", "--", file.path)))


def _judge_no_command(file: StartFile, found: PathWay) -> Verdict:
    name = found.env_misses
    if name.endswith("\r"):
        return _judge_dos_line(file, f"{found.interpreter} {name.removesuffix(chr(13))}")
    again = f"find {' '.join(f'{each}/' for each in FOLDERS)} -maxdepth 1 -name {quote(name)} | wc -l"
    seen: JsonObject = {"missing": [name], "for": f"{file.role} {file.path}", "interpreter": found.interpreter}
    remedy = make_steps(
        f"install {name}, or correct the first line of the script:", ("head", "-n", "1", "--", file.path)
    )
    return Verdict(False, seen, (ProofSource(file.need, again, "0"),), remedy=remedy)


QT410 = Rule(
    "QT410",
    "user of a service cannot use what it starts with",
    Severity.ERROR,
    what="The service's user cannot enter a folder on the path to what the service starts with, or cannot read or "
    "execute it: its program, the interpreter in a script's first line, its code, its venv's pyvenv.cfg, or its "
    "working directory, which may also be missing; or what it executes is mounted with `noexec`. Owner, group, mode "
    "and access control lists of every part of the path count, links followed; nothing is run. Services with "
    "DynamicUser= or a root directory of their own are not judged.",
    why="A service that already runs does not notice: its files are open. At its next start, after a reboot in the "
    "night, it fails with 200/CHDIR or 203/EXEC, or Python finds no module.",
    fix="`namei -l PATH` shows owner and mode of every part. Give the missing permission with `chmod`, or to that "
    "user alone with `setfacl -m u:USER:x FOLDER`, or move what the service needs out of another account's home.",
    expect=_expect_usable_files,
    preflight=True,
)
QT411 = Rule(
    "QT411",
    "program, or the interpreter of a script, is missing",
    Severity.ERROR,
    what="The program of a service, or one that it runs before it (ExecStartPre= and the like), is not on the host, "
    "is a link that leads nowhere, is empty, begins neither with #! nor as a program (ELF) does, or is a script whose "
    "first line names an interpreter that does not exist: by a line end of DOS too, or by `env` with a command that "
    "systemd's default PATH does not have. QT401 and QT402 report on the interpreter of a declared venv.",
    why="A running service keeps running from memory, and a job on a timer is due later. The next start ends with "
    "203/EXEC: `No such file or directory`, which for a script means its interpreter, and sends people looking for a "
    "file that is there; or `Exec format error`.",
    fix="`readlink -m PATH` shows where the program's links lead, `head -n 1 PATH` which interpreter it wants. "
    "Install what is missing, or declare the right path.",
    expect=_expect_programs,
    preflight=True,
)
RULES = (QT410, QT411)
