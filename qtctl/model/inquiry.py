"""What to ask one host: small and picklable, all that a worker in another process or on another machine needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qtctl.dialects.http import make_url_subject
from qtctl.dialects.systemd.quoting import list_loaded_prefixed
from qtctl.model.desired_checks import CommandWanted, FileWanted, HttpWanted
from qtctl.model.desired_store import DesiredStore
from qtctl.model.entry_questions import EntryQuestion, make_entry_question
from qtctl.model.evidence import Need
from qtctl.model.route import Route
from qtctl.model.secret import Secret

if TYPE_CHECKING:  # a worker that gets an inquiry does without it
    from qtctl.model.desired import Desired, DesiredService
    from qtctl.model.desired_unit import Listener

Argvs = tuple[tuple[str, ...], ...]
OWN_NETWORK = ("PrivateNetwork", "NetworkNamespacePath")
"""Properties of a service, and directives, that give it its own network namespace."""
TRIGGERED_BY, LISTEN = ("Unit", "TriggeredBy"), ("Socket", "Listen")
"""Interface and name of the properties that say what starts a service, and where a socket listens."""
SLICE_LIMITS = tuple(
    ("Slice", name)
    for name in (
        *("MemoryMax", "MemoryHigh", "MemorySwapMax", "MemoryLimit", "TasksMax", "CPUQuotaPerSecUSec", "AllowedCPUs"),
        *("IPAddressDeny", "IOReadBandwidthMax", "IOWriteBandwidthMax"),
    )
)
"""Interface and name of the properties by which a slice limits everything in it."""


@dataclass(frozen=True, slots=True)
class HealthQuestion:
    """A declared health URL, and what to check in its answer: status, a text, JSON keys."""

    subject: str
    address: str
    port: int
    path: str
    within_us: int
    text: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandQuestion:
    """A command declared as a check, and how long it may take."""

    id: str
    argv: tuple[str, ...]
    within_us: int


@dataclass(frozen=True, slots=True)
class LineQuestion:
    """A line that a check looks for in a file."""

    id: str
    path: str
    line: str


@dataclass(frozen=True, slots=True)
class EnvQuestion:
    """An env file, and what to look at in it: for `keys` a digest of the value, for `secrets` whether it is empty."""

    path: str
    keys: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """The facts to ask `host` for, and the parts of the registry that the questions depend on.

    `host` is the registry's name. `route` leads there; None if the caller is already connected.
    """

    fleet: str
    host: str
    needs: tuple[Need, ...]
    unit_patterns: tuple[str, ...] = ()
    """Loaded units and unit files that match one of these are asked for even if nothing declares them."""
    unit_names: tuple[str, ...] = ()
    """Every unit that the registry names, with aliases: files of these names are listed."""
    retired_units: frozenset[str] = frozenset()
    """Units that should be gone: their properties are read only if they are there."""
    properties: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Unit → interface and name of the properties that show how its directives are loaded."""
    argvs: Mapping[str, Argvs] = field(default_factory=dict)
    """Service unit → its declared commands. Arguments of other commands are left out of the evidence."""
    stores: tuple[DesiredStore, ...] = ()
    passwords: Mapping[str, Secret] = field(default_factory=dict)
    """By store."""
    protected_paths: frozenset[str] = frozenset()
    """Files that hold secrets: their content is never read, not even for a digest."""
    names_in_hosts_file: tuple[str, ...] = ()
    """Names whose lines in /etc/hosts are read."""
    health: tuple[HealthQuestion, ...] = ()
    commands: tuple[CommandQuestion, ...] = ()
    """No other command is run for the registry's own checks."""
    lines: tuple[LineQuestion, ...] = ()
    entries: tuple[EntryQuestion, ...] = ()
    """Where Python would look for what each service runs."""
    env: tuple[EnvQuestion, ...] = ()
    """The env files to read, which only root can do."""
    route: Route | None = None
    become: bool = False
    """Whether root is asked, through `sudo -n`, for what only root can tell."""
    named_only: bool = False
    """Whether only the units in `needs` are asked for, and briefly: how they are, not what they were started with.

    The host lists neither all units nor all unit files, and the state of a unit's file is what systemd remembers.
    """
    nonce: str = ""
    """Random; the caller makes one for each collection."""

    @property
    def env_paths(self) -> frozenset[str]:
        return frozenset(each.path for each in self.env)


def build_inquiry(
    desired: "Desired",
    needs: Iterable[Need],
    *,
    passwords: Mapping[str, Secret] | None = None,
    properties: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    route: Route | None = None,
    become: bool = False,
) -> Inquiry:
    """What to ask the host of `desired`. `passwords`: store name → password; `properties`, `become`: see Inquiry."""
    needs = tuple(needs)
    return Inquiry(
        fleet=desired.fleet,
        host=desired.host,
        needs=needs,
        unit_patterns=desired.unit_patterns,
        unit_names=tuple(sorted(desired.unit_names())),
        retired_units=frozenset(each.unit for each in (*desired.retired_units, *desired.retired_externals)),
        properties=_add_slices(needs, _add_sockets(desired, properties or {})),
        argvs={service.unit: argvs for service in desired.services if (argvs := _list_argvs(service))},
        stores=desired.stores,
        passwords=dict(passwords or {}),
        protected_paths=_list_protected(desired),
        names_in_hosts_file=desired.hosts_file.names if desired.hosts_file else (),
        commands=tuple(
            CommandQuestion(check.id, check.wanted.argv, check.wanted.within_us)
            for check in desired.checks
            if isinstance(check.wanted, CommandWanted)
        ),
        lines=tuple(
            LineQuestion(check.id, check.wanted.path, check.wanted.line)
            for check in desired.checks
            if isinstance(check.wanted, FileWanted) and check.wanted.line is not None
        ),
        env=_list_env_questions(desired),
        health=tuple(sorted(_list_health_questions(desired), key=lambda each: each.subject)),
        entries=tuple(question for service in desired.services if (question := make_entry_question(service))),
        route=route,
        become=become,
    )


def _list_protected(desired: "Desired") -> frozenset[str]:
    files = (each.secrets_file for each in desired.services if each.secrets_file)
    return frozenset(files) | {path for each in desired.services for _, path in each.credentials}


def list_secret_keys(desired: "Desired") -> dict[str, tuple[str, ...]]:
    """Secrets file → its keys. Keys of several services in the same file are joined."""
    found: dict[str, dict[str, None]] = {}
    for each in desired.services:
        if each.secrets_file:
            found.setdefault(each.secrets_file, {}).update(dict.fromkeys(each.secrets_keys))
    return {path: tuple(keys) for path, keys in found.items()}


def _list_env_questions(desired: "Desired") -> tuple[EnvQuestion, ...]:
    """Each file once."""
    keys = {each.env_file: tuple(name for name, _ in each.env) for each in desired.env_services() if each.env_file}
    secrets = list_secret_keys(desired)
    return tuple(EnvQuestion(path, keys.get(path, ()), secrets.get(path, ())) for path in sorted(keys.keys() | secrets))


def _list_health_questions(desired: "Desired") -> tuple[HealthQuestion, ...]:
    """Every declared health URL once; those of checks by the id of the check."""
    ports = (port for unit in desired.units() for port in unit.ports if port.health_path)
    found = {
        subject: port for port in ports if (subject := make_url_subject(port.address, port.port, port.health_path))
    }
    found |= {check.id: check.wanted.url for check in desired.checks if isinstance(check.wanted, HttpWanted)}
    return tuple(_make_question(subject, port) for subject, port in found.items())


def _make_question(subject: str, port: "Listener") -> HealthQuestion:
    keys = tuple(key for key, _ in port.health_values)
    return HealthQuestion(
        subject, port.address, port.port, port.health_path, port.health_within_us, port.health_text, keys
    )


def _add_sockets(
    desired: "Desired", properties: Mapping[str, tuple[tuple[str, str], ...]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """`properties`, plus which sockets start a service that qtctl does not generate."""
    found = dict(properties)
    for each in desired.externals:
        if each.unit.endswith(".service"):
            network = [("Service", name) for name in OWN_NETWORK] if each.unix_sockets else []
            found[each.unit] = (*found.get(each.unit, ()), TRIGGERED_BY, *network)
    return found


def _add_slices(
    needs: Iterable[Need], properties: Mapping[str, tuple[tuple[str, str], ...]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """`properties`, plus the limits of slices that are asked for but not declared."""
    slices = (need.subject for need in needs if need.fact == "unit" and need.subject.endswith(".slice"))
    return {**dict.fromkeys((name for name in slices if not properties.get(name)), SLICE_LIMITS), **properties}


def _list_argvs(service: "DesiredService") -> Argvs:
    """Its commands as systemd shows them, including the additional ones."""
    around = (each for each in service.commands if each.argv)
    return (*service.loaded, *(each.argv if each.line else list_loaded_prefixed(each.argv) for each in around))
