"""QT715: what services and the fleet write to is writable."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.access import Kind
from qtctl.meaning.permissions import Permission, Refusal, find_first_refusal
from qtctl.meaning.starts import find_identity, is_judged, is_made_at_start, list_user_needs
from qtctl.meaning.ways import make_way
from qtctl.meaning.write_paths import SHARED_FOLDERS, WritePath, list_write_paths
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.host_facts import FileSystem
from qtctl.model.origin import Origin
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_OF_PACKAGES = ("/dev/", "/proc/", "/sys/", "/usr/")
"""How the paths of other such folders begin."""


def _expect_writable(desired: Desired) -> tuple[Expectation, ...]:
    found = tuple(_list_of_services(desired))
    told = {path for path, _ in found}
    folders = (_make_folder_expectation(each.path, each.origin) for each in desired.folders if each.path not in told)
    return (*(expectation for _, expectation in found), *folders)


def _list_of_services(desired: Desired) -> Iterator[tuple[str, Expectation]]:
    """One for each path and user, for the first service that writes to it."""
    seen: set[tuple[str, str]] = set()
    for service in desired.services:
        if not is_judged(service):
            continue
        for each in list_write_paths(service):
            if (each.path, service.user) in seen:
                continue
            first = not any(path == each.path for path, _ in seen)
            seen.add((each.path, service.user))
            subject = each.path if first else f"{each.path} ({service.user})"
            needs = (Need(FileSystem.FACT, each.path), Need(PathWay.FACT, each.path), *list_user_needs(service))
            judge = partial(_is_writable, service=service, written=each)
            yield each.path, Expectation(
                subject, {"written by": service.user or "root"}, needs, judge, service.origin,
                (("QT711", service.user), ("QT713", each.path)),
            )  # fmt: skip


def _make_folder_expectation(path: str, origin: Origin) -> Expectation:
    judge = partial(_has_room, path=path)
    return Expectation(path, {"written": True}, (Need(FileSystem.FACT, path),), judge, origin)


def _has_room(facts: Facts, path: str) -> Verdict:
    return _judge_trouble(facts, path) or Verdict(True, {"written": True})


def _is_writable(facts: Facts, service: DesiredService, written: WritePath) -> Judgment:
    trouble = _judge_trouble(facts, written.path)
    if trouble is not None:
        return trouble
    way = facts.read(PathWay, written.path)
    if way is None or way.missing:
        return _judge_missing(service, written, way)
    who = find_identity(facts, service)
    if who is None or not written.by_user or _is_of_every_host(written.path):
        return NOT_JUDGED if who is None else _make_holding(service)
    to = make_way(written.path, way)
    folder = to.end is not None and to.end.kind is Kind.FOLDER
    wanted = (Permission.WRITE, Permission.EXECUTE) if folder else (Permission.WRITE,)
    refusal = find_first_refusal(to, who, wanted)
    return _make_holding(service) if refusal is None else _judge_refused(service, written, refusal)


def _is_of_every_host(path: str) -> bool:
    return path in SHARED_FOLDERS or path.startswith(_OF_PACKAGES)


def _make_holding(service: DesiredService) -> Verdict:
    return Verdict(True, {"written by": service.user or "root"})


def _judge_trouble(facts: Facts, path: str) -> Verdict | None:
    """What keeps everybody from writing there. None if there is nothing."""
    found = facts.read(FileSystem, path)
    if found is None:
        return None
    mount = found.read_only or found.mount or path
    if found.read_only:
        again = f"findmnt -n -o OPTIONS --mountpoint {quote(mount)} | tail -n 1 | tr ',' '\\n' | grep -x ro"
        source = ProofSource(Need(FileSystem.FACT, path), again, "ro")
        return Verdict(False, {"mounted": "read-only", "mount": mount}, (source,), remedy=_choose_remount_remedy(mount))
    if found.used and not found.available:
        return _judge_full(path, mount, "available", "avail")
    return _judge_full(path, mount, "inodes free", "iavail") if found.inodes and not found.inodes_free else None


def _judge_full(path: str, mount: str, what: str, column: str) -> Verdict:
    again = f"df --output={column} {quote(path)} | tail -n 1 | tr -d ' '"
    source = ProofSource(Need(FileSystem.FACT, path), again, "0")
    remedy = make_steps(
        ("du", "-x", "-h", "--max-depth=2", mount), "remove what nobody needs, or make the file system larger"
    )
    return Verdict(False, {what: 0, "mount": mount}, (source,), remedy=remedy, roots=(("QT702", mount),))


def _choose_remount_remedy(mount: str) -> Remedy:
    return make_steps(
        "see what the kernel said before it was made read-only: a disk that fails is mounted so:",
        ("dmesg", "--level=err,warn"),
        "then, if it is sound:",
        ("mount", "-o", "remount,rw", mount),
    )


def _judge_missing(service: DesiredService, written: WritePath, way: PathWay | None) -> Judgment:
    if written.optional or is_made_at_start(service, written.path):
        return _make_holding(service)
    missing = way.missing if way else written.path
    source = proofs.prove_presence(Need(PathWay.FACT, written.path), missing, present=False)
    owner = f"{service.user or 'root'}:{service.group or 'root'}"
    remedy = make_steps(
        "declare the folder in folders.toml, or make it:",
        ("mkdir", "-p", "--", written.path),
        ("chown", owner, "--", written.path),
    )
    return Verdict(False, {"missing": missing}, (source,), remedy=remedy)


def _judge_refused(service: DesiredService, written: WritePath, refusal: Refusal) -> Verdict:
    entry, user = refusal.entry, service.user
    if not refusal.known:
        why = f"the access control list of {entry.path} was not read: getfacl is not installed, or was refused"
        remedy = make_steps("on the host:", ("apt-get", "install", "acl"), "then audit again")
        return Verdict(False, None, unknown=why, remedy=remedy)
    does = "write to" if refusal.permission is Permission.WRITE else "enter"
    says = f"{user} cannot {does} {entry.path} (mode {entry.mode:04o}, uid {entry.uid}, gid {entry.gid})"
    source = ProofSource(
        Need(PathWay.FACT, written.path),
        f"stat -c '%a %u %g %n' {quote(entry.path)}",
        f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}",
    )
    end = entry.path == written.path
    command = ("chown", user, "--", entry.path) if end else ("chmod", "o+x", "--", entry.path)
    remedy = make_steps(command, f"or grant it to {user} alone with setfacl")
    return Verdict(False, {"refused": says}, (source,), remedy=remedy)


QT715 = Rule(
    "QT715",
    "path that must be writable is not",
    Severity.ERROR,
    several="paths that must be writable are not",
    what="A path that a service has to write to (ReadWritePaths=, the folder of StandardOutput=), or a declared "
    "folder, lies on a file system that is mounted read-only, has no space or no inode left for ordinary users, is "
    "missing, or does not let the service's user write: owner, group, mode and access control lists of the whole path "
    "count. For folders that every host has, such as /var/log, only the file system is judged, and immutable flags "
    "are not checked.",
    why="A service whose ReadWritePaths= is missing does not start (226/NAMESPACE). One that cannot write goes on "
    "without its state, its journal or its model, and says so in a log that it cannot write either.",
    fix="`findmnt -T PATH` shows how it is mounted, `df PATH` and `df -i PATH` what is left, `namei -l PATH` who may "
    "write. A file system that the kernel made read-only has errors: see `dmesg` before you remount it.",
    expect=_expect_writable,
)
RULES = (QT715,)
