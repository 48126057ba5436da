"""QT729: what every program of a host needs is open to every account."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.access import Entry, Kind
from qtctl.meaning.permissions import Identity, Permission, Refusal, find_first_refusal
from qtctl.meaning.ways import make_way
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_ANYBODY = Identity(-1, frozenset())
_ENTER, _READ, _WRITE = Permission.EXECUTE, Permission.READ, Permission.WRITE
_DEVICES = {"/dev/null": (_READ, _WRITE), "/dev/zero": (_READ, _WRITE), "/dev/urandom": (_READ,)}
_FILES = (
    "/etc/group", "/etc/hosts", "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd",
    "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf",
)  # fmt: skip
_LISTED = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
_ENTERED = (
    "/", "/dev", "/etc", "/etc/ssl", "/etc/ssl/certs", "/etc/systemd", "/run", "/run/systemd", "/usr", "/usr/bin",
    "/usr/lib", "/usr/lib/systemd", "/usr/share", "/usr/share/zoneinfo", "/var", "/var/lib",
)  # fmt: skip
WANTED: dict[str, tuple[Permission, ...]] = {
    **dict.fromkeys(_ENTERED, (_ENTER,)),
    **dict.fromkeys(_LISTED, (_READ, _ENTER)),
    **dict.fromkeys(_FILES, (_READ,)),
    **_DEVICES,
}
"""What every account must be able to do. Each folder is asked for by itself: nothing below a closed one can be seen."""
_REMAKE = "reboot, or make it with mknod as null(4) and random(4) say"
_LETTERS = {_READ: "r", _WRITE: "w", _ENTER: "x"}


def _expect_open_paths(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has them
    return tuple(
        Expectation(path, {"every account": _join_letters(wanted)}, (_make_need(path),), partial(_is_open, path=path))
        for path, wanted in WANTED.items()
    )


def _make_need(path: str) -> Need:
    return Need(PathWay.FACT, path)


def _join_letters(wanted: tuple[Permission, ...]) -> str:
    return "".join(_LETTERS[each] for each in wanted)


def _is_open(facts: Facts, path: str) -> Judgment:
    """What is closed on the way is judged as itself; a file that a host does without is not judged."""
    found = facts.read(PathWay, path)
    way = make_way(path, found) if found else None
    if way is None or way.end is None:
        return _judge_missing(path)
    end = way.end
    if path in _DEVICES and end.kind is not Kind.OTHER:
        remedy = f"see what wrote to {path}, and remove it; then {_REMAKE}"
        return Verdict(False, {"kind": str(end.kind)}, (_prove_stat(path, end),), remedy=remedy)
    refusal = find_first_refusal(way, _ANYBODY, WANTED[path])
    if refusal is None:
        return Verdict(True, {"mode": f"{end.mode:04o}"}, (_prove_stat(path, end),))
    return NOT_JUDGED if refusal.entry.path in WANTED and refusal.entry.path != path else _judge_closed(path, refusal)


def explain_numbers(facts: Facts, file: File) -> str:
    """Why an owner or group is known by its number alone although it may have a name; '' if that is not so."""
    for name, path in ((file.owner, "/etc/passwd"), (file.group, "/etc/group")):
        found = facts.find(PathWay, path) if name.isdigit() else None
        if found is not None and find_first_refusal(make_way(path, found), _ANYBODY, (_READ,)) is not None:
            return f"the auditing account cannot read {path}, so only the number {name} is known"
    return ""


def _judge_missing(path: str) -> Judgment:
    if path not in _DEVICES:
        return NOT_JUDGED
    source = proofs.prove_presence(_make_need(path), path, present=False)
    return Verdict(
        False, {"kind": None}, (source,), remedy="reboot, or make it with mknod as null(4) and random(4) say"
    )


def _judge_closed(path: str, refusal: Refusal) -> Verdict:
    entry, letters = refusal.entry, _join_letters(WANTED[path] if refusal.entry.path == path else (_ENTER,))
    if not refusal.known:
        return Verdict(False, None, unknown=f"the access control list of {entry.path} was not read")
    remedy = make_steps(("chmod", f"a+{letters}", "--", entry.path), "then see what closed it, and audit again")
    observed = {"closed": entry.path, "mode": f"{entry.mode:04o}"}
    return Verdict(False, {**observed}, (_prove_stat(path, entry),), remedy=remedy)


def _prove_stat(path: str, entry: Entry) -> ProofSource:
    line = f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}"
    return ProofSource(_make_need(path), f"stat -c '%a %u %g %n' {quote(entry.path)}", line)


QT729 = Rule(
    "QT729",
    "file or folder that every program needs is closed",
    Severity.ERROR,
    several="files or folders that every program needs are closed",
    what="Something that every account of a host must be able to use is not open to all: the lists of accounts and "
    "names (/etc/passwd, /etc/group, /etc/nsswitch.conf, /etc/hosts, /etc/resolv.conf), the loader's cache, the time "
    "zone, the certificates that TLS trusts, /dev/null, /dev/zero and /dev/urandom, systemd's unit folders, or a "
    "folder on the way to them. Or one of these devices is missing, or is a file.",
    why="root notices nothing. A service that runs as its own user cannot resolve a name, check a certificate or open "
    "/dev/null any more, often only at its next start or connection, and reports it as something else. An audit that "
    "may not look there can say nothing of what lies there.",
    fix="Give it back the mode that it had (0644 for files, 0755 for folders, 0666 for devices), and look for what "
    "changed it: a recursive chmod, a umask of 077 in a root shell, or a program that ran as root and wrote to "
    "/dev/null after somebody removed it.",
    expect=_expect_open_paths,
)
RULES = (QT729,)
