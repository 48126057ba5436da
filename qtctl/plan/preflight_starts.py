"""Whether systemd could start the services of a plan: users, groups, folders, env files, keys and credentials."""

from collections.abc import Iterable, Iterator

from qtctl.dialects.paths import is_in
from qtctl.meaning.starts import is_judged, is_made_at_start
from qtctl.model.account_facts import Group
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.plan import Refusal
from qtctl.model.preflight_facts import EnvKeys
from qtctl.model.way_facts import PathWay, UserIds
from qtctl.plan.installs import list_used_paths

_CREDENTIALS = ("LoadCredential", "LoadCredentialEncrypted")
_BOUND = ("ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths")
_MADE = ("/dev", "/proc", "/sys", "/run", "/tmp", "/var/tmp")  # noqa: S108 - systemd mounts there what it needs
_DIRECTORIES = {"StateDirectory": "/var/lib", "CacheDirectory": "/var/cache", "LogsDirectory": "/var/log"}
_ROOT = ("", "root", "0")
_DECLARE_USER = "declare it in users.toml, or make it on the host"


def list_needs(few: Desired) -> tuple[Need, ...]:
    """The facts that must be known about every service in `few`."""
    found: list[Need] = []
    for service in few.services:
        found += [Need(UserIds.FACT, name) for name in _list_users(service)]
        found += [Need(Group.FACT, name) for name in _list_groups(service)]
        found += [Need(PathWay.FACT, path) for path, _ in (*_list_files(service), *_list_folders(service, few))]
        if service.secrets_file and service.secrets_keys:
            found.append(Need(EnvKeys.FACT, service.secrets_file))
    return tuple(dict.fromkeys(found))


def find_obstacles(desired: Desired, services: Iterable[DesiredService], facts: Facts) -> Iterator[Refusal]:
    users = {account.name for account in desired.accounts}
    groups = {name for account in desired.accounts for name in (account.group, *account.groups)}
    written = {file.path for file in desired.files}
    for service in services:
        for name in _list_users(service):
            if name not in users and facts.read(UserIds, name) is None:
                yield Refusal(service.unit, f"there is no user {name}: systemd would end with 217/USER", _DECLARE_USER)
        for name in _list_groups(service):
            if name not in groups | users and facts.read(Group, name) is None:
                yield Refusal(
                    service.unit, f"there is no group {name}: systemd would end with 216/GROUP", _DECLARE_USER
                )
        for path, why in (*_list_files(service), *_list_folders(service, desired)):
            way = facts.read(PathWay, path)
            if path not in written and (way is None or way.missing):
                missing = way.missing if way else path
                yield Refusal(service.unit, f"{missing} is not there: {why}", "make it on the host, or declare another")
        yield from _find_keys(service, facts)


def _list_users(service: DesiredService) -> tuple[str, ...]:
    if not is_judged(service) or service.user in _ROOT or service.user.isdecimal() or "%" in service.user:
        return ()
    return (service.user,)


def _list_groups(service: DesiredService) -> tuple[str, ...]:
    if not is_judged(service):
        return ()
    more = dict(service.settings).get("SupplementaryGroups", "").split()
    own = (service.group,) if service.group not in (*_ROOT, service.user) else ()
    return tuple(name for name in (*own, *more) if "%" not in name and not name.isdecimal())


def _list_files(service: DesiredService) -> Iterator[tuple[str, str]]:
    """Path, and what systemd does if it is missing."""
    if not is_judged(service):
        return
    for path in service.env_files:
        if _is_plain(path):
            yield path, "systemd would not read the env file that the unit names"
    for directive, value in (*service.settings, *service.sandbox):
        if directive in _CREDENTIALS and _is_plain(path := value.partition(":")[2]):
            yield path, "systemd would end with 243/CREDENTIALS"
        if directive in _BOUND:
            named = (path for path in value.split() if _is_plain(path) and not _is_made(service, path))
            yield from ((path, f"{directive}= names it: systemd would end with 226/NAMESPACE") for path in named)


def _list_folders(service: DesiredService, desired: Desired) -> Iterator[tuple[str, str]]:
    """The working directory of a service that runs from an installation, if it is outside of that.

    Other services are judged with everything that they start with.
    """
    path = service.working_directory
    installed = any(is_in(path, each.path) for each in desired.installs)
    if installed or not is_judged(service) or not list_used_paths(service, desired) or not _is_plain(path):
        return
    if not is_made_at_start(service, path):
        yield path, "systemd would end with 200/CHDIR"


def _is_plain(path: str) -> bool:
    """Whether it must exist and is known before the start: `-` lets it be missing, `%` is a specifier."""
    return path.startswith("/") and not set("%*?[") & set(path)


def _is_made(service: DesiredService, path: str) -> bool:
    """Whether systemd may create it when the service starts."""
    made = [*_MADE]
    for key, names in (*service.settings, *service.sandbox):
        if key in _DIRECTORIES:
            made += [f"{_DIRECTORIES[key]}/{name.partition(':')[0]}" for name in names.split()]
    return any(is_in(path, each) for each in made)


def _find_keys(service: DesiredService, facts: Facts) -> Iterator[Refusal]:
    """A secrets file that is missing altogether is QT601's."""
    file = service.secrets_file
    found = facts.read(EnvKeys, file) if file and service.secrets_keys else None
    if found is None:
        return
    for what, names in (("not in it", set(service.secrets_keys) - set(found.names)),
                        ("empty", set(service.secrets_keys) & set(found.empty))):  # fmt: skip
        if names:
            are = "is" if len(names) == 1 else "are"
            hint = f"set {'it' if len(names) == 1 else 'them'} in {file} on the host: root's, mode 0600"
            yield Refusal(file, f"{', '.join(sorted(names))} {are} {what}, declared for {service.unit}", hint)
