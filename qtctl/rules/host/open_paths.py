"""QT729: what every program of a host needs is open to every account."""

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.findings.remedy import make_steps
from qtctl.meaning.access import Entry, Kind, Way, walk
from qtctl.meaning.open_paths import (
    DEVICES,
    MAY_BE_EMPTY,
    WANTED,
    find_closed,
    map_open_entries,
)
from qtctl.meaning.permissions import Permission, Refusal
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.way_facts import OpenPaths
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

NEED = Need(OpenPaths.FACT, "host")
_REMAKE = "reboot, or make it with mknod as null(4) and random(4) say"
_LETTERS = {Permission.READ: "r", Permission.WRITE: "w", Permission.EXECUTE: "x"}


def _expect_open_paths(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has them
    return (Expectation("host", {"closed": []}, (NEED,), _is_open),)


def _is_open(facts: Facts) -> Judgment:
    found = facts.read(OpenPaths, "host")
    if found is None:
        return NOT_JUDGED
    entries = map_open_entries(found)
    judged = (_judge_path(path, walk(path, entries)) for path in WANTED if path not in found.unseen)
    empty = (_judge_empty(path) for path in found.empty if path not in MAY_BE_EMPTY)
    wrong = (*(each for each in judged if each is not None), *empty)
    if wrong or not found.unseen:
        return wrong or Verdict(True, {"closed": []})
    path, why = next(iter(found.unseen.items()))
    return Verdict(False, None, unknown=f"{path}: {why}")


def _judge_path(path: str, way: Way) -> Verdict | None:
    """None if it is open. What is closed on the way is said of that; a file that a host does without is not judged."""
    if way.end is None:
        return _judge_missing(path)
    if path in DEVICES and way.end.kind is not Kind.OTHER:
        remedy = f"see what wrote to {path}, and remove it; then {_REMAKE}"
        return Verdict(False, {"kind": str(way.end.kind)}, (_prove_stat(way.end),), subject=path, remedy=remedy)
    refusal = find_closed(path, way)
    if refusal is None or (refusal.entry.path in WANTED and refusal.entry.path != path):
        return None
    return _judge_closed(path, refusal)


def _judge_empty(path: str) -> Verdict:
    source = ProofSource(NEED, f"stat -L -c %s {quote(path)}", "0")
    remedy = f"bring {path} back from a backup or its package (update-ca-certificates, ldconfig); see what emptied it"
    return Verdict(False, {"size": 0}, (source,), subject=path, remedy=remedy, title=EMPTY.title)


def _judge_missing(path: str) -> Verdict | None:
    if path not in DEVICES:
        return None
    source = proofs.prove_presence(NEED, path, present=False)
    return Verdict(False, {"kind": None}, (source,), subject=path, remedy=_REMAKE)


def _judge_closed(path: str, refusal: Refusal) -> Verdict:
    entry = refusal.entry
    letters = "".join(_LETTERS[each] for each in WANTED[path]) if entry.path == path else "x"
    if not refusal.known:
        why = f"the access control list of {entry.path} was not read"
        return Verdict(False, None, subject=path, unknown=why)
    remedy = make_steps(("chmod", f"a+{letters}", "--", entry.path), "then see what closed it, and audit again")
    observed = {"closed": entry.path, "mode": f"{entry.mode:04o}"}
    return Verdict(False, {**observed}, (_prove_stat(entry),), subject=path, remedy=remedy)


def _prove_stat(entry: Entry) -> ProofSource:
    line = f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}"
    return ProofSource(NEED, f"stat -c '%a %u %g %n' {quote(entry.path)}", line)


EMPTY = Wording("file that every program needs is empty", "files that every program needs are empty")
QT729 = Rule(
    "QT729",
    "file or folder that every program needs is closed",
    Severity.ERROR,
    several="files or folders that every program needs are closed",
    variants=(EMPTY,),
    what="Something that every account of a host must be able to use is not open to all: the lists of accounts and "
    "names (/etc/passwd, /etc/group, /etc/nsswitch.conf, /etc/hosts, /etc/resolv.conf), the loader's cache, the time "
    "zone, the certificates that TLS trusts, /dev/null, /dev/zero and /dev/urandom, systemd's unit folders, or a "
    "folder on the way to them. Or one of these devices is missing, or is a file; or one of the files is empty "
    "(/etc/hosts, /etc/resolv.conf and openssl.cnf may be).",
    why="root notices nothing. A service that runs as its own user cannot resolve a name, check a certificate or open "
    "/dev/null any more, often only at its next start or connection, and reports it as something else. An audit that "
    "may not look there can say nothing of what lies there.",
    fix="Give it back the mode that it had (0644 for files, 0755 for folders, 0666 for devices), and look for what "
    "changed it: a recursive chmod, a umask of 077 in a root shell, or a program that ran as root and wrote to "
    "/dev/null after somebody removed it.",
    expect=_expect_open_paths,
)
RULES = (QT729,)
