"""A host whose bus and stores are opened once: a deploy needs them often, and sshd limits sessions per connection."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from qtctl.errors import HostError
from qtctl.interfaces.closing import Closing
from qtctl.interfaces.host import (
    Bus,
    BusCall,
    BusReply,
    Connector,
    Ended,
    Gets,
    Host,
    JobResult,
    QueueJobs,
    Running,
    Store,
    ignore_count,
)
from qtctl.model.desired_store import StoreTls
from qtctl.model.inquiry import HealthQuestion
from qtctl.model.secret import Secret
from qtctl.model.tree import TreeFile
from qtctl.remote.request import Request


class SharedHost(Closing):
    """Wraps a qtctl.interfaces.host.Host, which it does not close, and reuses its open buses and stores.

    A bus that broke is reopened the next time it is needed.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._buses: dict[bool, Bus] = {}
        self._stores: dict[tuple[str, int, Secret | None, str, int, StoreTls | None], Store] = {}

    @property
    def address(self) -> str:
        return self._host.address

    @property
    def user(self) -> str:
        return self._host.user

    @property
    def transport(self) -> str:
        return self._host.transport

    def start(self, script: str | Request, *, root: bool = False, attached: bool = False) -> Running:
        return self._host.start(script, root=root, attached=attached)

    def put(self, directory: str, files: Sequence[TreeFile]) -> None:
        self._host.put(directory, files)

    def bus(self, *, root: bool = False, deadline_s: float = 10.0) -> Bus:
        if root not in self._buses:
            bus = self._host.bus(root=root, deadline_s=deadline_s)
            self._buses[root] = _WatchedBus(bus, lambda: self._buses.pop(root, None))
        return self._buses[root]

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
        key = (address, port, password, user, db, tls)
        if key not in self._stores:
            self._stores[key] = self._host.store(address, port, password, user, db, tls=tls)
        return self._stores[key]

    def get(self, questions: Sequence[HealthQuestion]) -> Gets:
        return self._host.get(questions)

    def close(self) -> None:
        self._buses.clear()
        self._stores.clear()


class _WatchedBus:
    """Calls `broke` when the bus connection fails."""

    def __init__(self, bus: Bus, broke: Callable[[], object]) -> None:
        self._bus = bus
        self._broke = broke

    def call(self, calls: Sequence[BusCall], deadline_s: float) -> list[BusReply]:
        try:
            return self._bus.call(calls, deadline_s)
        except HostError:
            self._broke()
            raise

    def jobs(self, calls: Sequence[BusCall], deadline_s: float, ended: Ended = ignore_count) -> list[JobResult]:
        try:
            return self._bus.jobs(calls, deadline_s, ended)
        except HostError:
            self._broke()
            raise

    def follow_jobs(self, queue: QueueJobs, deadline_s: float) -> dict[str, tuple[str, str]]:
        try:
            return self._bus.follow_jobs(queue, deadline_s)
        except HostError:
            self._broke()
            raise


@contextmanager
def share_connection(connect: Connector) -> Iterator[SharedHost]:
    """Open a new connection and close it at the end. HostError if it cannot be opened."""
    with connect() as host, SharedHost(host) as shared:
        yield shared
