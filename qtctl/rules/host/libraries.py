"""QT414: what programs load in addition to the files on their command lines, if others can change it."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Command, make_steps
from qtctl.meaning.access import By, Change, Entry, Kind, find_first_change
from qtctl.meaning.starts import list_judged_services
from qtctl.meaning.ways import list_private_groups
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.library_facts import LibraryWriters
from qtctl.model.way_facts import UserIds
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

HOST = Need(LibraryWriters.FACT, "host")
_MORE = "it has more files than could be looked at in 4 s"
_ROOTS = ("", "root", "0")


def _expect_libraries(desired: Desired) -> tuple[Expectation, ...]:
    users: dict[str, dict[str, None]] = {}
    for service in list_judged_services(desired):
        if service.venv:
            users.setdefault(service.venv, {})[service.user] = None
    return (
        Expectation("libraries", {"changed by": "root"}, (HOST,), partial(_are_roots, need=HOST, users=())),
        *(
            Expectation(
                venv,
                {"changed by": "root and the users of its services"},
                (Need(LibraryWriters.FACT, venv), *(Need(UserIds.FACT, name) for name in names if name not in _ROOTS)),
                partial(_are_roots, need=Need(LibraryWriters.FACT, venv), users=tuple(names)),
            )
            for venv, names in users.items()
        ),
    )


def _are_roots(facts: Facts, need: Need, users: tuple[str, ...]) -> Judgment:
    found = facts.read(LibraryWriters, need.subject)
    if found is None:
        return NOT_JUDGED
    changes = {change.entry.path: change for change in _list_changes(facts, found, users)}
    verdicts = [_judge_writable(need, change) for _, change in sorted(changes.items())]
    verdicts += [_judge_missing(need, path) for path in found.missing]
    if found.not_all and not verdicts:
        return Verdict(False, None, unknown=_MORE, remedy=f"find {quote(need.subject)} -perm /022 ! -type l -ls")
    return tuple(verdicts) or Verdict(True, {"changed by": "root"})


def _list_changes(facts: Facts, found: LibraryWriters, users: tuple[str, ...]) -> Iterator[Change]:
    """What others could change, for each user: root trusts nobody, and a user trusts itself."""
    entries = [Entry(path, Kind(kind), int(uid), int(gid), int(mode, 8), acl=None if lists else ())
               for path, (kind, uid, gid, mode, *lists) in found.parts.items()]  # fmt: skip
    for name in users or ("",):
        user = facts.read(UserIds, name) if name not in _ROOTS else None
        if user is None and name not in _ROOTS:
            continue  # QT711 reports that it does not exist
        trusted, groups = ((user.uid,), list_private_groups(user)) if user else ((), ())
        yield from (change for entry in entries if (change := find_first_change((entry,), trusted, groups)))


def _judge_writable(need: Need, change: Change) -> Verdict:
    entry = change.entry
    path = entry.path
    line = f"{entry.mode:o} {entry.uid} {entry.gid} {path}"
    source = ProofSource(need, f"stat -L -c '%a %u %g %n' {quote(path)}", line)
    command: Command = ("chown", "root", "--", path) if change.by is By.OWNER else ("chmod", "go-w", "--", path)
    remedy = make_steps(("ls", "-ldL", "--", path), "see what lies there now, and who put it there; then:", command)
    return Verdict(False, {"changed by": change.describe()}, (source,), subject=path, remedy=remedy)


def _judge_missing(need: Need, path: str) -> Verdict:
    source = ProofSource(need, f"test -e {quote(path)} || echo absent", "absent")
    remedy = make_steps(("cat", "--", "/etc/ld.so.preload"), "find out who wrote that, and take it out")
    return Verdict(False, {"preloaded": path, "there": False}, (source,), subject=path, remedy=remedy)


QT414 = Rule(
    "QT414",
    "libraries or packages that others can change",
    Severity.ERROR,
    several="libraries or packages can be changed by others",
    what="Something that programs load without naming it can be changed by an account other than root and, in a venv, "
    "the users of its services: a folder of shared libraries, what /etc/ld.so.conf and /etc/ld.so.preload name, a "
    "folder of Python's own modules, a file of a venv's packages, or a folder that a .pth file of it names. On the "
    "host itself, these folders and their direct contents are checked. Also: /etc/ld.so.preload names a library that "
    "does not exist.",
    why="Whoever can put a file there runs as every service that loads it, at its next start, with its secrets and its "
    "exchange keys: sitecustomize.py, a .pth file, one libm.so.6. Program and code look untouched.",
    fix="`ls -ldL PATH` shows owner and mode. `chown root` or `chmod go-w` it, look at what lies there now (`ls -lt "
    "PATH`), and rebuild the venv if something is not yours.",
    expect=_expect_libraries,
)
RULES = (QT414,)
