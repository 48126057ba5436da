"""The facts by kind, as typed values, and the view of an evidence that rules read.

Each class is the `value` of the items of one fact: `FACT` is the kind, the docstring says what the subject is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, cast

from qtctl.model.account_facts import Account, Auditor, Group, Hosts
from qtctl.model.check_facts import CommandResult, FileLine, Health, UnitProperty
from qtctl.model.code_facts import Checkout, EntryPoint, Folders, VenvCheck, VenvPackages
from qtctl.model.container_facts import Containers
from qtctl.model.deploy_facts import HostDeploys, KeptGenerations
from qtctl.model.evidence import Evidence, Item, Need, State
from qtctl.model.fact import F, Fact, make_fact
from qtctl.model.fact_help import (
    ASK_REDIS,
    ASK_RIGHTS,
    INSTALL_GETENT,
    LET_READ,
    REACH_HEALTH,
    REACH_REDIS,
    SCAN_REDIS,
    SEE_BUS,
)
from qtctl.model.generated_facts import GeneratedFiles
from qtctl.model.host_facts import FileSystem, FrozenGroups, HostState, OomKills, Resolved, SharedIds
from qtctl.model.json import JsonObject
from qtctl.model.library_facts import LibraryWriters
from qtctl.model.moments import parse_microseconds, shift_time
from qtctl.model.mount_facts import BootMounts, LateMounts
from qtctl.model.preflight_facts import EnvKeys, Jobs, Writable
from qtctl.model.process_facts import EnvText, Processes, ProcessPlaces, ProgramCopies
from qtctl.model.setting_facts import ManagerSettings, UnitCallers, UnitFiles, UnitOverrides
from qtctl.model.store_facts import (
    KeyExpiry,
    KeyFact,
    StoreClients,
    StoreClock,
    StoreHealth,
    StoreKeys,
    StoreRight,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
)
from qtctl.model.user_unit_facts import UserUnits
from qtctl.model.way_facts import OpenPaths, PathWay, UnitWriters, UserIds


@dataclass(frozen=True, slots=True)
class Reach:
    """Subject: `ssh`, `bus`, `exec`. Whether the host can be reached by that route."""

    FACT: ClassVar[str] = "reach"
    user: str = ""


@dataclass(frozen=True, slots=True)
class HostBaseline:
    """Subject: `host`. Memory and disk in bytes, uptime in seconds, load over 1, 5 and 15 minutes."""

    FACT: ClassVar[str] = "host"
    hostname: str
    os: str
    kernel: str
    uptime_s: int
    load: list[float]
    cpus: int
    memory_total: int
    memory_available: int
    disk_total: int
    disk_free: int
    systemd: str
    timezone: str
    boot_id: str
    machine: str = ""
    """Says which machine it is: a keyed digest of its machine id, which machine-id(5) wants kept; '' if it has none."""


ABSENT_STATES = ("not-found", "inactive", "dead")
"""Load, active and sub state of a unit that does not exist, as systemd answers."""


@dataclass(frozen=True, slots=True)
class UnitListing:
    """Subject: `*`. Every unit that is loaded or has a file. units: name → [load, active, sub]; files: name → state."""

    FACT: ClassVar[str] = "unit.listing"
    units: dict[str, list[str]]
    files: dict[str, str]

    def read_states(self, name: str) -> Sequence[str]:
        """Load, active and sub state; those of a unit that does not exist if it is not listed."""
        return self.units.get(name, ABSENT_STATES)


@dataclass(frozen=True, slots=True)
class Unit:
    """Subject: a unit name. Properties of org.freedesktop.systemd1 under their own names in snake case.

    Timestamps are microseconds since the epoch, 0 for never. Service-only fields have their defaults for other types.
    `exec_start` is a list of argvs; for an undeclared unit, only the executable is kept.
    """

    FACT: ClassVar[str] = "unit"
    load_state: str
    active_state: str
    sub_state: str
    unit_file_state: str
    description: str = ""
    fragment_path: str = ""
    drop_in_paths: list[str] | None = None
    need_daemon_reload: bool = False
    wants: list[str] | None = None
    requires: list[str] | None = None
    binds_to: list[str] | None = None
    upholds: list[str] | None = None
    after: list[str] | None = None
    active_enter_timestamp: int = 0
    state_change_timestamp: int = 0
    freezer_state: str = ""
    condition_result: bool = True
    condition_timestamp: int = 0
    result: str = ""
    main_pid: int = 0
    exec_main_code: int = 0
    exec_main_status: int = 0
    exec_main_start_timestamp: int = 0
    n_restarts: int = 0
    memory_current: int | None = None
    """Bytes; None if nothing runs, systemd does not count them, or an earlier qtctl did not ask."""
    user: str = ""
    working_directory: str = ""
    exec_start: list[list[str]] | None = None
    next_elapse_usec_realtime: int = 0
    next_elapse_usec_monotonic: int = 0
    last_trigger_usec: int = 0
    wanted_by: list[str] | None = None
    required_by: list[str] | None = None
    """Which units pull it in, as systemd has them loaded; None if that was not reported."""
    conflicted_by: list[str] | None = None
    stop_propagated_from: list[str] | None = None
    triggered_by: list[str] | None = None
    upheld_by: list[str] | None = None
    on_failure_of: list[str] | None = None
    on_success_of: list[str] | None = None
    """Which units stop or start it, as systemd has them loaded; None if that was not said."""
    loaded: JsonObject | None = None
    """Of a declared unit: the properties that show how its directives are loaded, by name."""


@dataclass(frozen=True, slots=True)
class File:
    """Subject: an absolute path; links are not followed.

    `kind`: file, dir, link, socket or other. `mode`: four octal digits. `mtime`: microseconds since the epoch.
    `sha256`: for a regular file that could be read. `ours`: whether its first line is qtctl's mark.
    """

    FACT: ClassVar[str] = "file"
    kind: str
    mode: str
    owner: str
    group: str
    size: int
    mtime: int
    target: str = ""
    sha256: str | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Listeners:
    """Subject: `tcp` or `udp`. rows: [address, port, owning unit ('' if the kernel names none), the line of ss]."""

    FACT: ClassVar[str] = "listeners"
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """Subject: an absolute path. What listens there, as far as the host's own network namespace shows it.

    `listening`: the kinds of sockets that are bound to it: stream, datagram, seqpacket. `alike`: whether a socket is
    bound to another path that ends in the same name, since programs may bind it by a different path.
    """

    FACT: ClassVar[str] = "unix.socket"
    listening: list[str]
    alike: bool = False


class Channel(StrEnum):
    """The channel that a fact is asked through. If it is closed, facts are unknown for that reason."""

    SSH = "ssh"
    """The connection itself, and what is tunnelled through it."""
    BUS = "bus"
    EXEC = "exec"
    STORE = "store"
    """A Redis server that answers."""
    ROOT = "root"
    """Commands as root: under `--become`, or where the account that audits is root."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of fact: the class of its values, its channel, and what to do if it is unknown. `help_of`: subjects with
    other advice.
    """

    model: type[Fact]
    channel: Channel
    help: str = LET_READ
    help_of: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return self.model.FACT

    def find_help(self, subject: str) -> str:
        return dict(self.help_of).get(subject, self.help)


FACT_KINDS: dict[str, FactKind] = {
    kind.name: kind
    for kind in (
        FactKind(Reach, Channel.SSH, "see the reason; qtctl explain QT701", (("bus", SEE_BUS),)),
        FactKind(HostState, Channel.EXEC),
        FactKind(HostBaseline, Channel.EXEC),
        FactKind(UnitListing, Channel.BUS, SEE_BUS),
        FactKind(Unit, Channel.BUS, SEE_BUS),
        FactKind(Listeners, Channel.EXEC),
        FactKind(UnixSocket, Channel.EXEC),
        FactKind(File, Channel.EXEC),
        FactKind(GeneratedFiles, Channel.EXEC),
        FactKind(Writable, Channel.EXEC),
        FactKind(EnvKeys, Channel.EXEC),
        FactKind(Jobs, Channel.EXEC),
        FactKind(VenvCheck, Channel.EXEC),
        FactKind(PathWay, Channel.EXEC),
        FactKind(UserIds, Channel.EXEC),
        FactKind(UnitWriters, Channel.EXEC),
        FactKind(OpenPaths, Channel.EXEC),
        FactKind(LibraryWriters, Channel.EXEC),
        FactKind(UserUnits, Channel.EXEC, INSTALL_GETENT),
        FactKind(ManagerSettings, Channel.EXEC),
        FactKind(UnitOverrides, Channel.EXEC),
        FactKind(UnitFiles, Channel.EXEC),
        FactKind(UnitCallers, Channel.EXEC),
        FactKind(EntryPoint, Channel.EXEC),
        FactKind(Folders, Channel.EXEC),
        FactKind(Checkout, Channel.EXEC),
        FactKind(VenvPackages, Channel.EXEC),
        FactKind(Containers, Channel.EXEC),
        FactKind(Account, Channel.EXEC),
        FactKind(Group, Channel.EXEC),
        FactKind(Auditor, Channel.EXEC),
        FactKind(Hosts, Channel.EXEC),
        FactKind(SharedIds, Channel.EXEC, INSTALL_GETENT),
        FactKind(OomKills, Channel.EXEC),
        FactKind(FrozenGroups, Channel.EXEC),
        FactKind(BootMounts, Channel.EXEC),
        FactKind(LateMounts, Channel.EXEC),
        FactKind(FileSystem, Channel.EXEC),
        FactKind(Resolved, Channel.EXEC, "see what the name servers of the host answer, then audit again"),
        FactKind(UnitProperty, Channel.EXEC),
        FactKind(FileLine, Channel.EXEC),
        FactKind(Processes, Channel.EXEC),
        FactKind(ProgramCopies, Channel.EXEC),
        FactKind(EnvText, Channel.ROOT),
        FactKind(ProcessPlaces, Channel.ROOT),
        FactKind(HostDeploys, Channel.EXEC),
        FactKind(KeptGenerations, Channel.ROOT),
        FactKind(CommandResult, Channel.EXEC, "see the reason; the command is in checks.toml"),
        FactKind(Health, Channel.SSH, REACH_HEALTH),
        FactKind(StoreServer, Channel.SSH, REACH_REDIS),
        FactKind(KeyFact, Channel.STORE, ASK_REDIS),
        FactKind(KeyExpiry, Channel.STORE, ASK_REDIS),
        FactKind(Stream, Channel.STORE, ASK_REDIS),
        FactKind(StreamGroup, Channel.STORE, ASK_REDIS),
        FactKind(StreamGroups, Channel.STORE, ASK_REDIS),
        FactKind(StreamConsumers, Channel.STORE, ASK_REDIS),
        FactKind(StreamPending, Channel.STORE, ASK_REDIS),
        FactKind(StoreKeys, Channel.STORE, SCAN_REDIS),
        FactKind(StoreClock, Channel.STORE, ASK_REDIS),
        FactKind(StoreHealth, Channel.STORE, ASK_REDIS),
        FactKind(StoreClients, Channel.STORE, ASK_REDIS),
        FactKind(StoreRight, Channel.STORE, ASK_RIGHTS),
    )
}
"""Every kind of fact, by name: what asks, reads back, judges and documents facts looks here, and nowhere else.

The probe that answers it is the one in `probes/` whose FAMILY names its class; exec families are asked in this order.
"""


class Facts:
    """The items of an evidence by need. Asking for an item nobody collected gives `not asked`, never a default.

    `taken_at` is the only clock that rules have: UTC, ISO 8601; the host's own, which stamped all that is compared with
    it. `target`: the name that --host gave. `earlier`: of an earlier look at the same host, or None.
    """

    def __init__(
        self, items: Iterable[Item], taken_at: str = "", asked: Mapping[int, str] | None = None, target: str = ""
    ) -> None:
        """`taken_at`, and `asked`: number of a question → when it was put, by the auditor's clock, in ISO 8601."""
        self._items = {item.need: item for item in items}
        self._read: dict[Need, Any] = {}
        self._skew_us = self._measure_skew()
        self.taken_at = shift_time(taken_at, self._skew_us) if self._skew_us else taken_at
        self._asked = asked or {}
        self.target = target
        self.earlier: Facts | None = None

    @classmethod
    def of(cls, evidence: Evidence, earlier: Evidence | None = None) -> "Facts":
        """`earlier`: evidence of the same host, which counts only if it is older. InputError if one has no time."""
        target = "local" if evidence.transport == "local" else evidence.address
        found = cls(evidence.items, evidence.taken_at, {ask.n: ask.at for ask in evidence.asks}, target)
        if earlier is not None and parse_microseconds(earlier.taken_at) < parse_microseconds(evidence.taken_at):
            found.earlier = cls.of(earlier)
        return found

    def asked_us(self, need: Need) -> int:
        """When the fact was asked for, by the host's clock, in microseconds since the epoch. If that was not recorded,
        when the evidence was taken. InputError if it is not a time.
        """
        asked = self._asked.get(self.find_item(need).ask)
        return parse_microseconds(asked) + self._skew_us if asked else parse_microseconds(self.taken_at)

    def _measure_skew(self) -> int:
        """How far the host's clock is ahead of the auditor's, in microseconds; 0 if unknown."""
        state = self._items.get(Need(HostState.FACT, "host"))
        return make_fact(HostState, state.value).skew_us if state is not None and state.value is not None else 0

    def find_item(self, need: Need) -> Item:
        return self._items.get(need) or Item(
            need.fact, need.subject, State.NOT_ASKED, None, "not in the evidence", 0, store=need.store
        )

    def was_asked(self, need: Need) -> bool:
        """Whether it was asked for, answered or not."""
        return need in self._items

    def merge(self, other: "Facts") -> "Facts":
        """These facts and those of `other`, a later look at the same host, which win where both were asked."""
        whole = Facts((*self.items(), *other.items()), self.taken_at, self._asked, self.target)
        whole.taken_at = self.taken_at
        return whole

    def items(self) -> Iterable[Item]:
        return self._items.values()

    @property
    def why_unreachable(self) -> str | None:
        """The one reason why nothing is known about the host; None if anything is, or if there are several reasons."""
        reasons = {None if item.state.known else item.reason for item in self.items()}
        return reasons.pop() if len(self._items) > 1 and len(reasons) == 1 else None

    def read(self, kind: type[F], subject: str, store: str = "") -> F | None:
        """The observed value, or None if the thing is absent. LookupError if neither is known."""
        need = Need(kind.FACT, subject, store)
        known = self._read.get(need)
        if known is not None:
            return cast(F, known)
        item = self.find_item(need)
        if item.state is State.ABSENT:
            return None
        if item.state is not State.OBSERVED or item.value is None:
            raise LookupError(f"{kind.FACT} {subject}: {item.state}")
        found = self._read[need] = make_fact(kind, item.value)
        return found

    def find(self, kind: type[F], subject: str, store: str = "") -> F | None:
        """The observed value, or None if the thing is absent or nothing is known of it."""
        return self.read(kind, subject, store) if self.find_item(Need(kind.FACT, subject, store)).state.known else None

    def list_subjects(self, fact: str) -> list[str]:
        return sorted(need.subject for need in self._items if need.fact == fact)
