"""QT116: files that root writes or reads in a folder that an account could change, as far as the registry shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qtctl.dialects.systemd.unitfile import Line
from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder
from qtctl.model.origin import Origin
from qtctl.rules.locate import find_spot
from qtctl.rules.view import Unit, View, ViewRule

_ROOT, _EVERYONE = "root", "every user"
_GROUP_WRITE, _WORLD_WRITE, _STICKY = 0o020, 0o002, 0o1000
_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/run/user")  # noqa: S108 - named, never used
_HOME = "/home/"
_DIRECTORIES = {
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "RuntimeDirectory": "/run",
}
"""ConfigurationDirectory= stays root's, whatever User= says (systemd.exec(5))."""
_ENV = "EnvironmentFile"
_READ = frozenset({_ENV, "LoadCredential", "LoadCredentialEncrypted"})
_OUTPUTS = ("StandardOutput", "StandardError")
_PLACES = {
    ("Mount", "Where"): "mounts on",
    **{("Service", key): "writes" for key in _OUTPUTS},
    **{("Socket", f"Listen{kind}"): "makes" for kind in ("Stream", "Datagram", "SequentialPacket", "FIFO")},
}
_JOURNAL = "let it write to the journal, or let the program open that file itself"
_REMEDY = "declare a path on which every folder is root's, and writable by root alone"


@dataclass(frozen=True, slots=True)
class _Loose:
    """A folder that accounts other than root can change: `who` they are, and how the registry says so."""

    path: str
    who: frozenset[str]
    how: str
    sticky: bool = False

    def holds(self, path: str) -> bool:
        return path.startswith(f"{self.path}/")

    @property
    def names(self) -> str:
        return " and ".join(sorted(self.who))


def judge_folders(view: View) -> Iterator[Finding]:
    loose = sorted(_list_loose(view), key=lambda each: each.path)
    yield from _judge_written(view, loose)
    for unit in view.units:
        for line in unit.parsed.directives:
            if (line.section, line.key) in _PLACES:
                yield from _judge_made_by_systemd(view, unit, line, loose)
            elif line.section == "Service" and line.key in _READ:
                yield from _read(view, unit, line, loose)
    for folder in view.desired.folders:
        yield from _judge_made(folder, loose)


def _list_loose(view: View) -> Iterator[_Loose]:
    for path in _SHARED:
        yield _Loose(path, frozenset({_EVERYONE}), "where every user can make files", sticky=True)
    for folder in view.desired.folders:
        yield from _list_declared(folder)
    for account in view.desired.accounts:
        yield from _list_home(account)
    for unit in view.units:
        yield from _list_of_service(unit)


def _list_declared(folder: DesiredFolder) -> Iterator[_Loose]:
    mode = int(folder.mode, 8)
    who = {folder.user} - {_ROOT}
    if mode & _GROUP_WRITE:
        who.add(f"group {folder.group}")
    if mode & _WORLD_WRITE:
        who.add(_EVERYONE)
    if who:
        how = f"which {folder.origin.file} gives to {' and '.join(sorted(who))}"
        yield _Loose(folder.path, frozenset(who), how, sticky=bool(mode & _STICKY))


def _list_home(account: DesiredAccount) -> Iterator[_Loose]:
    if account.home.rstrip("/") and account.name != _ROOT:
        yield _Loose(account.home.rstrip("/"), frozenset({account.name}), f"the home of {account.name}")


def _list_of_service(unit: Unit) -> Iterator[_Loose]:
    user = unit.last("Service", "User")
    dynamic = unit.last("Service", "DynamicUser") in ("yes", "true", "on", "1")
    if user in ("", _ROOT, "0") and not dynamic:
        return
    who = user or "its dynamic user"
    for key, above in _DIRECTORIES.items():
        for name in " ".join(unit.all("Service", key)).split():
            path = f"{above}/{name.partition(':')[0].strip('/')}"
            yield _Loose(path, frozenset({who}), f"which systemd gives to {who} ({key}= of {unit.name})")


def _find_first(path: str, loose: Iterable[_Loose]) -> _Loose | None:
    found = next((each for each in loose if each.holds(path)), None)
    if found is not None or not path.startswith(_HOME):
        return found
    name = path.removeprefix(_HOME).partition("/")[0]
    return _Loose(_HOME + name, frozenset({name}), f"a home, by its name that of {name}")


def _judge_written(view: View, loose: list[_Loose]) -> Iterator[Finding]:
    """One env file stands for all: they are all in env_dir."""
    registry = view.registry
    env_dir = registry.fleet.env_dir
    paths = {env_dir: ("env_dir", Origin("fleet.toml", ("env_dir",)))}
    for file in view.desired.files:
        if file.kind != "env":
            paths.setdefault(file.path.rpartition("/")[0], (file.subject, file.origin))
    for path, (subject, at) in paths.items():
        found = _find_first(f"{path}/", loose)
        if found is not None:
            yield QT116.make_broken(subject, f"{_describe_where(path, found)}: deploys refuse it", _REMEDY, at)


def _describe_where(path: str, found: _Loose) -> str:
    place = "" if path == found.path else f"is in {found.path}, "
    how = found.how if place else f"is a folder {found.how}" if found.how.startswith("wh") else f"is {found.how}"
    return f"{path} {place}{how}, and root writes there: {found.names} could lead that to any other file"


def _read(view: View, unit: Unit, line: Line, loose: list[_Loose]) -> Iterator[Finding]:
    """systemd opens these as root, and follows links: their content is shown to the service."""
    path = line.value.lstrip("-") if line.key == _ENV else line.value.partition(":")[2]
    found = _find_first(path, loose)
    if found is None or path.startswith(f"{view.registry.fleet.env_dir}/"):
        return
    own = line.key == _ENV and found.who == {unit.last("Service", "User")}
    severity = Severity.INFO if own else Severity.WARNING
    risk = "put a link to any file of root's there" + ("" if own else f", or choose what {unit.name} gets")
    what = f"systemd reads {path} as root, in {found.path}, {found.how}: {found.names} could {risk}"
    yield QT116.make_broken(unit.subject, what, _REMEDY, find_spot(view, unit, line), severity=severity)


def _judge_made_by_systemd(view: View, unit: Unit, line: Line, loose: list[_Loose]) -> Iterator[Finding]:
    """Mount points, sockets and the files of an output: systemd makes or opens them as root, and follows links."""
    path = line.value.partition(":")[2] if line.key in _OUTPUTS else line.value
    found = _find_first(path, loose)
    if found is None:
        return
    what = (
        f"systemd, as root, {_PLACES[line.section, line.key]} {path}, in {found.path}, {found.how}: {found.names} "
        "could lead that to any other file"
    )
    remedy = _JOURNAL if line.key in _OUTPUTS else _REMEDY
    yield QT116.make_broken(unit.subject, what, remedy, find_spot(view, unit, line), severity=Severity.WARNING)


def _judge_made(folder: DesiredFolder, loose: list[_Loose]) -> Iterator[Finding]:
    """A folder inside one of another account. systemd-tmpfiles follows no links, but what it made can be replaced."""
    found = next((each for each in loose if each.holds(folder.path) and each.who != {folder.user}), None)
    if found is None or found.sticky:
        return
    what = f"is {folder.user}'s, in {found.path}, {found.how}: {found.names} could put another in its place"
    remedy = f"declare it beside {found.path}, or give both to one account"
    yield QT116.make_broken(folder.path, what, remedy, folder.origin, severity=Severity.WARNING)


QT116 = ViewRule(
    "QT116",
    "folder that root works in and others can change",
    Severity.ERROR,
    what="`env_dir`, or another folder that a deploy writes to, is in a folder that someone other than root can "
    "change: one that folders.toml gives to an account or lets a group or everyone write, a home, a folder that "
    "StateDirectory= and the like give to a service's account, or /tmp and the like. As warnings: an env file, "
    "credential, mount point, socket or file of an output there, and a folder of one account inside another account's "
    "folder. As information: an env file that only the service's own account can change.",
    why="Root follows whatever that account puts in place of a file or folder: a link makes root write to, give away "
    "or read any other file on the host. A deploy refuses to write there (docs/deploy.md). systemd reads env files "
    "and credentials as root, and hands the target of a link to the service; it opens the files of StandardOutput= as "
    "root, so that a service writes to whatever its link leads to.",
    fix="Declare a path on which root owns every folder, such as `/etc/FLEET`; programs keep their data in folders "
    "that their own account owns.",
    look=judge_folders,
)
RULES = (QT116,)
