"""What a service is started with: its files, and what its user must be able to do with each."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.dialects.paths import is_in
from qtctl.meaning.access import ROOT
from qtctl.meaning.permissions import Identity, Permission
from qtctl.meaning.ways import make_identity
from qtctl.model.account_facts import Group
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.way_facts import PathWay, UserIds

_OTHER_ROOT = frozenset(("RootDirectory", "RootImage", "RootEphemeral"))
_MADE_AT_START = {
    "RuntimeDirectory": "/run", "StateDirectory": "/var/lib", "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log", "ConfigurationDirectory": "/etc",
}  # fmt: skip
_BEFORE_ITSELF = ("ExecCondition", "ExecStartPre", "ExecStartPost")
_YES = ("yes", "y", "true", "t", "on", "1")


@dataclass(frozen=True, slots=True)
class StartFile:
    """`path` is the unit's program, or another file that it starts with. `optional`: it may be missing.

    `as_root`: used by systemd itself, or by a command with full rights.
    """

    role: str
    path: str
    wanted: tuple[Permission, ...]
    optional: bool = False
    as_root: bool = False

    @property
    def need(self) -> Need:
        return Need(PathWay.FACT, self.path)


def is_judged(service: DesiredService) -> bool:
    """Whether its paths are the host's, and its user is known to the host before the start."""
    settings = _map_settings(service)
    dynamic = settings.get("DynamicUser", "").lower() in _YES
    return not dynamic and not _OTHER_ROOT & settings.keys() and not service.is_template


def _map_settings(service: DesiredService) -> dict[str, str]:
    return dict((*service.settings, *service.sandbox))


def start_files(service: DesiredService) -> tuple[StartFile, ...]:
    """Its program first, if its path is known; each path once per role."""
    return tuple(each for each in _start_files(service) if each.path.startswith("/") and "%" not in each.path)


def _start_files(service: DesiredService) -> Iterator[StartFile]:
    program = find_program(service)
    yield StartFile("program", program, (Permission.EXECUTE,))
    for command in service.commands:
        if command.directive in _BEFORE_ITSELF and command.argv and "-" not in command.prefixes:
            as_root = "+" in command.prefixes or "!" in command.prefixes
            yield StartFile(command.directive, command.argv[0], (Permission.EXECUTE,), as_root=as_root)
    where = service.working_directory
    if where:
        plain = where.removeprefix("-")
        yield StartFile(
            "working directory", plain, (Permission.EXECUTE,), where != plain or is_made_at_start(service, plain)
        )
    if service.entry_point not in ("", program):
        yield StartFile("code", service.entry_point, (Permission.READ,), optional=True)
    if service.venv:
        yield StartFile("venv", f"{service.venv}/pyvenv.cfg", (Permission.READ,), optional=True)


def is_made_at_start(service: DesiredService, path: str) -> bool:
    """Whether systemd makes the folder when the service starts."""
    made = [
        f"{base}/{name.partition(':')[0]}"
        for key, names in service.settings
        if (base := _MADE_AT_START.get(key))
        for name in names.split()
    ]
    return any(is_in(path, each) for each in made)


def find_program(service: DesiredService) -> str:
    """As systemd has it loaded; '' for a service without one."""
    if service.loaded and service.loaded[0]:
        return service.loaded[0][0]
    return service.argv[0] if service.argv else ""


def is_venv_python(service: DesiredService) -> bool:
    """Whether its program is the interpreter of its declared venv, which QT401 and QT402 judge."""
    return bool(service.venv) and find_program(service).startswith(f"{service.venv}/bin/python")


def list_user_needs(service: DesiredService) -> tuple[Need, ...]:
    """The facts that `find_identity` needs."""
    groups = tuple(Need(Group.FACT, name) for name in _list_groups(service))
    user = () if service.user in ("", "root", "0") else (Need(UserIds.FACT, service.user),)
    return (*user, *groups)


def _list_groups(service: DesiredService) -> tuple[str, ...]:
    more = dict(service.settings).get("SupplementaryGroups", "").split()
    own = (service.group,) if service.group not in ("", "root", service.user) else ()
    return tuple(name for name in dict.fromkeys((*own, *more)) if "%" not in name)


def find_identity(facts: Facts, service: DesiredService) -> Identity | None:
    """Who its process is; None if the host knows no such user."""
    groups = (facts.read(Group, name) for name in _list_groups(service))
    more = frozenset(group.gid for group in groups if group)
    if service.user in ("", "root", "0"):
        return Identity(ROOT, more | {ROOT})
    user = facts.read(UserIds, service.user)
    if user is None:
        return None
    own = make_identity(user)
    return Identity(own.uid, own.groups | more)


def list_judged_services(desired: Desired) -> tuple[DesiredService, ...]:
    return tuple(service for service in desired.services if is_judged(service))
