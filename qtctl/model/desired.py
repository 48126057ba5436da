"""What one host must have: the registry resolved for it, defaults merged, names completed. Later stages take this."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.dialects.systemd.unit_name import get_prefix
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder, DesiredHosts
from qtctl.model.desired_checks import DesiredCheck
from qtctl.model.desired_code import DesiredCode
from qtctl.model.desired_container import LeftContainer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_host import DEFAULT_LIMITS, HostLimits
from qtctl.model.desired_install import DesiredInstall
from qtctl.model.desired_loaded import LoadedUnit
from qtctl.model.desired_lock import DesiredPackage
from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.desired_questions import Questions
from qtctl.model.desired_store import DesiredStore
from qtctl.model.desired_unit import DEFAULT_PART, STATE_WORDS, DesiredUnit, Pairs
from qtctl.model.names import ENDINGS
from qtctl.model.origin import Origin
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.unit_kinds import UnitKind
from qtctl.model.waiver import Waived


@dataclass(frozen=True, slots=True)
class Membership:
    """A consumer group through which a service reads a stream."""

    store: str
    stream: str
    group: str
    max_lag: int
    max_pending: int | None
    service: str
    origin: Origin
    max_idle_us: int | None = None
    """How long an entry may stay delivered and not acknowledged."""


@dataclass(frozen=True, slots=True)
class DesiredCommand:
    """An additional command of a service: prefixes (`-`, `+`, `!`) and the argv that its process gets; or a `line`."""

    directive: str
    prefixes: str
    argv: tuple[str, ...]
    line: str = ""
    """As systemd reads it; then the other fields have only what can be read from it."""


@dataclass(frozen=True, slots=True)
class DesiredService(DesiredUnit):
    """A service that must run, must exist but be stopped, or runs on a timer. Retired ones are `RetiredUnit`s.

    `argv` is what the process must get, before any systemd escaping. `env` and `secrets_file` go to EnvironmentFile=;
    `env_file` is the generated one. `reads`: keys that it reads and is no consumer group of. Times in microseconds.
    """

    category: str
    state: ServiceState
    why: str
    type: str
    user: str
    group: str
    argv: tuple[str, ...]
    working_directory: str
    venv: str
    entry_point: str
    env_file: str
    env: tuple[tuple[str, str], ...]
    secrets_file: str
    secrets_keys: tuple[str, ...]
    target: str
    limits: tuple[tuple[str, str], ...]
    """Directive and value, for example ("MemoryMax", "1G")."""
    restart: tuple[tuple[str, str], ...]
    start_limit: tuple[tuple[str, str], ...]
    sandbox: tuple[tuple[str, str], ...]
    publishes: tuple[str, ...]
    writes: tuple[str, ...]
    consumes: tuple[Membership, ...]
    store: str
    commands: tuple[DesiredCommand, ...] = ()
    settings: Pairs = ()
    """Further directives of [Service]."""
    syslog_identifier: str = ""
    """'' for none: systemd uses the program's name."""
    lines: tuple[str, ...] = ()
    """ExecStart= as systemd reads it; then `argv` is only what can be told from it."""
    loaded: tuple[tuple[str, ...], ...] = ()
    """The commands as systemd shows them once it has loaded the unit."""
    unit_env: tuple[tuple[str, str], ...] = ()
    env_files: tuple[str, ...] = ()
    """Further env files, as systemd reads them."""
    code: str = ""
    """The folder of its code."""
    reads: tuple[str, ...] = ()
    max_unavailable: str = DEFAULT_PART
    """Of an instance: how many of them may be down at once while a deploy restarts them: `2`, `25%`."""
    silent_us: int | None = None
    """How old the newest entry in all streams that it publishes may be; None if not declared."""

    @property
    def must_be_active(self) -> bool | None:
        return {ServiceState.RUNNING: True, ServiceState.STOPPED: False}.get(self.state)

    @property
    def declared(self) -> str:
        return self.state.value

    @property
    def credentials(self) -> tuple[tuple[str, str], ...]:
        """Name and file of each, including encrypted ones."""
        return (*self.list_credentials("LoadCredential"), *self.list_credentials("LoadCredentialEncrypted"))

    def list_credentials(self, directive: str) -> tuple[tuple[str, str], ...]:
        """Name and file of each that this directive loads from a path known before the start."""
        loaded = [value.partition(":") for key, value in self.settings if key == directive]
        return tuple((name, path) for name, _, path in loaded if path.startswith("/") and "%" not in path)


@dataclass(frozen=True, slots=True)
class DesiredTarget(DesiredUnit):
    """A target. `active`: whether it must be active; None if something else starts it."""

    active: bool | None = True

    @property
    def must_be_active(self) -> bool | None:
        return self.active


@dataclass(frozen=True, slots=True)
class DesiredTimer(DesiredUnit):
    """`schedule`: (directive, value) in file order. `active`: whether it must be; None if something else starts it."""

    schedule: tuple[tuple[str, str], ...]
    active: bool | None

    @property
    def service_unit(self) -> str:
        """The unit that it starts, under the name that templates use."""
        return self.starts

    @property
    def must_be_active(self) -> bool | None:
        return self.active


@dataclass(frozen=True, slots=True)
class DesiredOther(DesiredUnit):
    """A socket, path, slice, mount, automount or swap. `section` is its own section, with `settings`."""

    section: str
    settings: Pairs
    active: bool | None

    @property
    def must_be_active(self) -> bool | None:
        # A slice is active while something is in it.
        return None if self.kind is UnitKind.SLICE else self.active

    @property
    def declared(self) -> str:
        return STATE_WORDS[self.active]

    @property
    def triggers(self) -> str:
        accepts = dict(self.settings).get("Accept", "").lower() in _YES
        if accepts and not self.starts:
            return f"{get_prefix(self.unit)}@.service"
        return super(DesiredOther, self).triggers


_YES = ("yes", "y", "true", "t", "on", "1")


@dataclass(frozen=True, slots=True)
class DesiredDropin:
    """A file that adds to a unit that qtctl does not generate."""

    name: str
    unit: str
    path: str
    sections: tuple[tuple[str, Pairs], ...]
    unit_env: tuple[tuple[str, str], ...]
    origin: Origin
    specifiers: bool = False


@dataclass(frozen=True, slots=True)
class DesiredVenv:
    name: str
    path: str
    interpreter: str
    used_by: tuple[str, ...]
    origin: Origin
    packages: tuple[DesiredPackage, ...] | None = None
    """The packages in its lock file; None if none is declared."""


@dataclass(frozen=True, slots=True)
class DesiredKey:
    """A Redis key that must exist. `max_age_us` and `max_length` only for streams."""

    store: str
    name: str
    type: KeyType
    summary: str
    max_age_us: int | None
    max_length: int | None
    publishers: tuple[str, ...]
    consumers: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredExternal(DesiredUnit):
    """A unit that the fleet needs and qtctl does not generate."""

    aliases: tuple[str, ...]
    running: bool

    @property
    def generated(self) -> bool:
        return False

    @property
    def must_be_active(self) -> bool | None:
        return self.running

    @property
    def declared(self) -> str:
        return "running" if self.running else "stopped"

    @property
    def names(self) -> tuple[str, ...]:
        aliases = (alias if alias.endswith(ENDINGS) else f"{alias}.service" for alias in self.aliases)
        return tuple(dict.fromkeys((self.unit, *aliases)))


@dataclass(frozen=True, slots=True)
class RetiredUnit:
    """A unit that is declared retired: if it still exists, that is a finding."""

    name: str
    unit: str
    why: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Login:
    """How the registry says a host is reached, and as which user."""

    address: str
    port: int
    audit_user: str
    deploy_user: str


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything one host must have, sorted by name. `files` is empty until render has run."""

    fleet: str
    host: str
    login: Login
    unit_patterns: tuple[str, ...]
    loop_restarts: int
    loop_up_us: int
    timezone: str
    memory: int
    services: tuple[DesiredService, ...]
    targets: tuple[DesiredTarget, ...]
    timers: tuple[DesiredTimer, ...]
    venvs: tuple[DesiredVenv, ...]
    keys: tuple[DesiredKey, ...]
    stores: tuple[DesiredStore, ...]
    externals: tuple[DesiredExternal, ...]
    retired_units: tuple[RetiredUnit, ...]
    severities: tuple[tuple[str, str], ...]
    fail_on: str
    tags: tuple[str, ...] = ()
    retired_externals: tuple[RetiredUnit, ...] = ()
    """Their packages may stay; only running is a finding."""
    retired_venvs: tuple[DesiredVenv, ...] = ()
    templates: tuple[DesiredService, ...] = ()
    """Rendered, but run only as instances, which are among the services."""
    waivers: tuple[Waived, ...] = ()
    other_units: tuple[DesiredOther, ...] = ()
    """Sockets, paths, slices, mounts, automounts, swaps; templates and their instances, as with timers and targets."""
    dropins: tuple[DesiredDropin, ...] = ()
    originals: tuple[DesiredOriginal, ...] = ()
    files: tuple[DesiredFile, ...] = ()
    accounts: tuple[DesiredAccount, ...] = ()
    folders: tuple[DesiredFolder, ...] = ()
    hosts_file: DesiredHosts | None = None
    stuck_us: int = 3_600_000_000
    """How long a unit without a timeout may stay activating or deactivating."""
    steady_s: float = 10.0
    """How long every service must be up before a deploy is confirmed."""
    loaded: tuple[LoadedUnit, ...] = ()
    """What systemd must have loaded, if that was derived from `files`."""
    systemd: int = 252
    """The version that is declared for the host, or the newest known one if that was guessed."""
    limits: HostLimits = DEFAULT_LIMITS
    checks: tuple[DesiredCheck, ...] = ()
    code: tuple[DesiredCode, ...] = ()
    installs: tuple[DesiredInstall, ...] = ()
    """Code and virtual environments that a deploy installs. They are among `code` and `venvs` too."""
    left_containers: tuple[LeftContainer, ...] = ()
    evidence: str = "user"
    """Who must have asked a host: `user`, or `root` for everything."""
    os: str = ""
    """'' if nobody has checked it."""
    zone_guessed: bool = False
    expected_hostname: str = ""
    """The host's own name, and `machine` as in HostBaseline; '' if any will do."""
    machine: str = ""
    host_tables: tuple[tuple[str, str], ...] = ()
    """Key of hosts.toml → the table of defaults that the host's value comes from."""
    env_dir: str = ""
    """The fleet's folder of env files; '' before it is known."""
    needs_systemd: int | None = None
    """The first version that may know every directive in `files`, if that was derived from them."""
    questions: Questions | None = None
    """What an audit asks the host, if that was derived."""

    def units(self) -> tuple[DesiredUnit, ...]:
        """Every unit that systemd can load on the host, sorted by name; instances instead of their templates."""
        found = (*(each for each in self.generated_units() if not each.is_template), *self._list_instances())
        return tuple(sorted((*found, *self.externals), key=lambda each: each.unit))

    def generated_units(self) -> Iterator[DesiredUnit]:
        """Every unit with a file of its own: templates rather than instances."""
        every = (*self.services, *self.templates, *self.timers, *self.targets, *self.other_units)
        yield from (each for each in every if not each.template)

    def _list_instances(self) -> Iterator[DesiredUnit]:
        every = (*self.services, *self.timers, *self.targets, *self.other_units)
        return (each for each in every if each.template)

    def list_instances(self, template: str) -> tuple[DesiredUnit, ...]:
        """The units made from `template`, a unit, on this host."""
        return tuple(each for each in self._list_instances() if each.template == template)

    def map_starters(self) -> dict[str, tuple[DesiredUnit, ...]]:
        """Unit → the timers, sockets, paths and automounts that start it."""
        found: dict[str, tuple[DesiredUnit, ...]] = {}
        for each in self.units():
            if each.triggers:
                found[each.triggers] = (*found.get(each.triggers, ()), each)
        return found

    def unit_names(self) -> frozenset[str]:
        """Every unit name that the registry mentions, including retired ones."""
        nodes = (*self.units(), *self.generated_units())
        retired = (each.unit for each in self.retired_units)
        return frozenset((*(name for node in nodes for name in node.names), *retired))

    def env_services(self) -> Iterator[DesiredService]:
        """One service per env file: a template stands for its instances unless they have their own."""
        shared = {each.unit: each.env_file for each in self.templates}
        yield from (each for each in self.services if each.env_file != shared.get(each.template))
        instances = (each for each in self.services if each.template)
        own = {each.template for each in instances if each.env_file != shared[each.template]}
        yield from (each for each in self.templates if each.unit not in own)

    def find_service(self, name: str) -> DesiredService | None:
        return next((service for service in self.services if service.name == name), None)
