"""QT222, QT412, QT608: what others could change of what root or a service's user starts."""

from collections.abc import Collection, Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Command, Remedy, make_steps
from qtctl.meaning.access import By, Change, Entry, Kind, find_first_change, walk
from qtctl.meaning.starts import list_judged_services, list_user_needs, start_files
from qtctl.meaning.ways import list_private_groups, make_way
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.names import UNIT_DIR
from qtctl.model.way_facts import PathWay, UnitWriters, UserIds
from qtctl.rules.host.env_files import list_env_files
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

UNITS = Need(UnitWriters.FACT, "units")


def _expect_units(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has unit folders
    return (Expectation("unit folders", {"changed by": "root"}, (UNITS,), _are_roots),)


def _are_roots(facts: Facts) -> Judgment:
    found = facts.read(UnitWriters, UNITS.subject)
    if found is None:
        return NOT_JUDGED
    entries = {path: Entry(path, Kind(kind), uid, gid, mode, to) for path, kind, uid, gid, mode, to in found.rows()}
    changes = {change.entry.path: change for change in _list_changes(entries, found.links)}
    if not changes:
        return Verdict(True, {"changed by": "root"})
    return tuple(_make_verdict(UNITS, path, change, written_below=UNIT_DIR) for path, change in sorted(changes.items()))


def _list_changes(entries: dict[str, Entry], links: Collection[str]) -> Iterator[Change]:
    """What is writable itself, and the first such thing on the way to each link's target."""
    on_ways = {entry.path for link in links for entry in walk(link, entries).entries}
    alone = (find_first_change((entry,)) for path, entry in entries.items() if path not in on_ways)
    ways = (find_first_change(walk(link, entries).entries) for link in links)
    yield from (change for change in (*alone, *ways) if change)


def _make_verdict(need: Need, subject: str, change: Change, *, written_below: str = "") -> Verdict:
    """`written_below`: a folder in which a deploy writes. It follows no path that others can change."""
    entry = change.entry
    observed: JsonObject = {"changed by": change.describe()}
    line = f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}"
    source = ProofSource(need, f"stat -c '%a %u %g %n' {quote(entry.path)}", line)
    refuses = entry.kind is Kind.FOLDER and bool(written_below) and _is_on_way(entry.path, written_below)
    return Verdict(False, observed, (source,), subject=subject, remedy=_close(change), refuses_deploys=refuses)


def _is_on_way(path: str, folder: str) -> bool:
    """Whether one of them is below the other, or they are the same."""
    short, long = sorted((f"{path.rstrip('/')}/", f"{folder.rstrip('/')}/"), key=len)
    return long.startswith(short)


def _close(change: Change) -> Remedy:
    path = change.entry.path
    command: Command = ("chown", "root", "--", path) if change.by is By.OWNER else ("chmod", "go-w", "--", path)
    return make_steps(("ls", "-ld", "--", path), "see what it says now, and who wrote it; then:", command)


def _expect_started(desired: Desired) -> tuple[Expectation, ...]:
    """One for each path, for all services that start with it."""
    users: dict[str, list[DesiredService]] = {}
    for service in list_judged_services(desired):
        for file in start_files(service):
            if file.role != "working directory":
                users.setdefault(file.path, []).append(service)
        for folder in _list_searched(service):
            users.setdefault(folder, []).append(service)
    return tuple(
        Expectation(
            path,
            {"changed by": "root and the users of its services"},
            tuple(
                dict.fromkeys(
                    (Need(PathWay.FACT, path), *(need for each in services for need in _list_user_files(each)))
                )
            ),
            partial(_is_theirs, path=path, services=_merge_users(services)),
            services[0].origin,
        )
        for path, services in users.items()
    )


def _list_searched(service: DesiredService) -> tuple[str, ...]:
    """Folders that its environment names for shared libraries, before those of the system."""
    named = dict((*service.unit_env, *service.env)).get("LD_LIBRARY_PATH", "").split(":")
    return tuple(dict.fromkeys(each for each in named if each.startswith("/") and "%" not in each))


def _list_user_files(service: DesiredService) -> tuple[Need, ...]:
    return tuple(need for need in list_user_needs(service) if need.fact == UserIds.FACT)


def _merge_users(services: Collection[DesiredService]) -> tuple[DesiredService, ...]:
    return tuple({service.user: service for service in reversed(tuple(services))}.values())


def _is_theirs(facts: Facts, path: str, services: tuple[DesiredService, ...]) -> Judgment:
    found = facts.read(PathWay, path)
    if found is None:
        return NOT_JUDGED
    need = Need(PathWay.FACT, path)
    for service in services:
        user = next((facts.read(UserIds, each.subject) for each in _list_user_files(service)), None)
        if user is None and _list_user_files(service):
            continue  # QT711 reports that it does not exist
        trusted, groups = ((user.uid,), list_private_groups(user)) if user else ((), ())
        for way in _list_ways(path, found):
            change = find_first_change(way, trusted, groups)
            if change is not None:
                verdict = _make_verdict(need, path, change)
                return Verdict(
                    False,
                    {**_show_observed(verdict), "started by": service.unit},
                    verdict.sources,
                    remedy=verdict.remedy,
                )
    return Verdict(True, {"changed by": "root and the users of its services"})


def _show_observed(verdict: Verdict) -> JsonObject:
    return verdict.observed if isinstance(verdict.observed, dict) else {}


def _list_ways(path: str, found: PathWay) -> Iterator[tuple[Entry, ...]]:
    yield make_way(path, found).entries
    if found.interpreter and found.interpreter.startswith("/"):
        yield make_way(found.interpreter, found).entries


def _expect_env(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            file.path,
            {"folder changed by": "root"},
            (Need(PathWay.FACT, file.path),),
            partial(_is_closed, path=file.path, generated=file.generated),
            file.origin,
        )
        for file in list_env_files(desired)
    )


def _is_closed(facts: Facts, path: str, *, generated: bool) -> Judgment:
    """The file's own owner and mode belong to QT602."""
    found = facts.read(PathWay, path)
    if found is None:
        return NOT_JUDGED
    need, way = Need(PathWay.FACT, path), make_way(path, found)
    change = find_first_change(way.entries)
    if change is None or change.entry == way.end:
        return Verdict(True, {"folder changed by": "root"})
    return _make_verdict(need, path, change, written_below=path.rpartition("/")[0] if generated else "")


QT222 = Rule(
    "QT222",
    "unit file or folder that others can write",
    Severity.ERROR,
    what="A file or folder in which systemd looks for units and drop-ins, or one on the path to it, can be written by "
    "someone other than root: its owner, its group or everyone. Links from there to files elsewhere are followed, and "
    "every folder on their path counts; group write counts whatever the group. So do generators, system.conf, "
    "tmpfiles.d, sysusers.d and the system's crontabs: root runs or obeys them.",
    why="A unit file can have anything run as root at the next start or the next boot. Whoever can write one, or put "
    "a drop-in beside it, owns the host.",
    fix="Check whether what the file says is really yours, then `chown root:root` and `chmod go-w` it, or the folder "
    "that is named. A unit that is linked from a home or a checkout belongs in /etc/systemd/system.",
    expect=_expect_units,
)
QT412 = Rule(
    "QT412",
    "what a service starts with can be written by others",
    Severity.ERROR,
    what="The program of a service, the interpreter of a script, its code's entry point or its venv, a folder that "
    "its LD_LIBRARY_PATH names, or a folder on the path to one of these, can be written by an account other than root "
    "and the service's user. Write permission of a group counts, unless it is the user's first group and nobody else "
    "is in it.",
    why="Whoever can write it decides what the service runs at its next start, with the service's rights, its secrets "
    "and its exchange keys. For a service that runs as root, that is the whole host.",
    fix="`namei -l PATH` shows every part with owner and mode. Give it to root, or to the service's user, and take "
    "write permission from others with `chmod go-w`; check what it contains now.",
    expect=_expect_started,
)
QT608 = Rule(
    "QT608",
    "env file in a folder that others can write",
    Severity.ERROR,
    what="A folder on the path to an env file or a secrets file can be written by someone other than root. QT602 "
    "reports the owner and mode of the file itself.",
    why="Whoever can write the folder can replace the file, whatever its mode: with one that names another exchange, "
    "another Redis, or LD_PRELOAD. systemd reads it as root without question.",
    fix="`namei -l FILE` shows every part with owner and mode. `chown root:root` and `chmod go-w` the named folder, "
    "then compare the file with what is declared.",
    expect=_expect_env,
)
RULES = (QT222, QT412, QT608)
