"""What flows need of a host. Adapters implement these; transport is dumb: run, put, bus, store."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from qtctl.model.desired_store import StoreTls
from qtctl.model.inquiry import HealthQuestion
from qtctl.model.secret import Secret
from qtctl.model.tree import TreeFile
from qtctl.probes.health import HttpReply
from qtctl.remote.request import Request

_SIGNALLED = 128


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished command. `exit` is None if it ended by a signal. Times in seconds, `started_at` since the epoch.

    `late`: it had not ended at the deadline; the output is what had come by then.
    """

    exit: int | None
    stdout: bytes
    stderr: bytes
    started_at: float
    took_s: float
    late: bool = False

    @property
    def killed(self) -> bool:
        """Whether a signal ended it, or what its shell ran: the exit status of a shell is above 128 then."""
        return self.exit is None or self.exit > _SIGNALLED


class Running(Protocol):
    """A command under way on the host."""

    def finish(self, deadline_s: float, *, keep: bool = False) -> Completed:
        """Wait for its end. HostError if the deadline passes or the connection breaks.

        `keep`: what has come by the deadline is a result, too.
        """
        ...


@dataclass(frozen=True, slots=True)
class BusCall:
    """A method call on the system bus, for org.freedesktop.systemd1 unless `destination` says otherwise."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[object, ...] = ()
    destination: str = "org.freedesktop.systemd1"


UNREADABLE = "org.freedesktop.DBus.Error.InconsistentMessage"
"""The error for a reply that D-Bus does not allow, or that is larger than what is read."""


@dataclass(frozen=True, slots=True)
class BusReply:
    """`error` is the D-Bus error name ('' for a good answer), `message` its text. Variants in `body` are unwrapped."""

    body: tuple[object, ...]
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a queued job ended: done, failed, timeout, dependency, canceled, skipped; or why it was not queued."""

    unit: str
    result: str
    message: str = ""

    @property
    def ok(self) -> bool:
        return self.result in ("done", "skipped")


Ended = Callable[[int], object]


def ignore_count(_count: int) -> None:
    """The callback of a caller that does not follow the jobs."""


class Bus(Protocol):
    """The host's system bus."""

    def call(self, calls: Sequence[BusCall], deadline_s: float) -> list[BusReply]:
        """Replies in the order of `calls`; at most 120 are in flight at once. HostError if the bus is gone."""
        ...

    def jobs(self, calls: Sequence[BusCall], deadline_s: float, ended: Ended = ignore_count) -> list[JobResult]:
        """Queue all jobs (StartUnit, RestartUnit …), subscribed before the first; wait for each JobRemoved.

        `ended` is told how many have ended so far.
        """
        ...

    def follow_jobs(self, queue: "QueueJobs", deadline_s: float) -> dict[str, tuple[str, str]]:
        """Wait for jobs that someone else queues: object path → its unit, and systemd's word for how it ended.

        Subscribed before `queue` is called. A job that has not ended by the deadline is left out.
        """
        ...


class QueueJobs(Protocol):
    def __call__(self) -> Collection[str]:
        """Queue jobs; returns their object paths."""
        ...


@dataclass(frozen=True, slots=True)
class StoreReply:
    """`error` is Redis's own error text ('' for a good answer): NOAUTH …, NOPERM …, ERR no such key."""

    value: object
    error: str = ""


class Store(Protocol):
    """A Redis server, seen from the host."""

    def ask(self, commands: Sequence[tuple[str, ...]], deadline_s: float) -> list[StoreReply]:
        """Pipelined; replies in order, bytes decoded as UTF-8. Refused or HostError if Redis is not reached."""
        ...


class Gets(Protocol):
    """GET requests under way, all at the same time."""

    def finish(self, deadline_s: float) -> list[HttpReply]:
        """The replies in order. A reply that did not come in time, or could not be asked for, says so itself."""
        ...


class Host(Protocol):
    """One connection to one host, and everything that goes through it."""

    @property
    def address(self) -> str:
        """What it was asked for as: a name of the registry, of ssh config or of the lab; or local."""
        ...

    @property
    def user(self) -> str: ...

    @property
    def transport(self) -> str:
        """ssh or local."""
        ...

    def start(self, script: str | Request, *, root: bool = False, attached: bool = False) -> Running:
        """Run a POSIX sh script in a clean environment (as root: directly, or through `sudo -n`).

        A request is always for root: the helper of a prepared host carries it out, a shell of root's on any other.

        `attached`: it only reads, and ends with everything that it started when nobody waits for it any more. Otherwise
        it runs to its end even if the connection breaks.
        """
        ...

    def put(self, directory: str, files: Sequence[TreeFile]) -> None:
        """Write files below a new directory of mode 0700 owned by the login user; paths relative to it."""
        ...

    def bus(self, *, root: bool = False, deadline_s: float = 10.0) -> Bus:
        """Refused or HostError if there is no bus, or none that answers in time."""
        ...

    def store(
        self,
        address: str,
        port: int,
        password: Secret | None,
        user: str = "",
        db: int = 0,
        *,
        tls: StoreTls | None = None,
    ) -> Store:
        """A Redis server, as the host reaches it. An address with a / is the path of a unix socket, without a port."""
        ...

    def get(self, questions: Sequence[HealthQuestion]) -> Gets:
        """Begin to ask for health URLs, from the host itself. Nothing is raised: each reply says why there is none."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Connector(Protocol):
    """A way to one host; it can make a connection whenever one is needed."""

    def __call__(self) -> Host:
        """A new connection, closed by its caller. Unreachable if there is none."""
        ...
