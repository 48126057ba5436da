"""A command on a host that talks with its caller, and goes on as long as the caller listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qtctl.interfaces.host import Bus, Host


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of systemd's. Variants in `body` are unwrapped."""

    path: str
    member: str
    body: tuple[object, ...]


class SignalBus(Bus, Protocol):
    """The host's system bus, listened to."""

    def subscribe(self, matches: Sequence[str], deadline_s: float) -> None:
        """Ask systemd for signals, and keep those that match, from now on. HostError if that is refused."""
        ...

    def wait_signals(self, wait_s: float) -> list[Signal]:
        """The signals that came since; if there are none, those that come in time. HostError if the bus is gone."""
        ...

    def close(self) -> None: ...


class Stream(Protocol):
    def send(self, data: bytes, deadline_s: float) -> None:
        """To its standard input. HostError if the connection is lost, or it does not read in time."""
        ...

    def read(self, wait_s: float) -> bytes | None:
        """What it printed since; None if nothing comes in time, b"" at its end. HostError if the connection is lost."""
        ...

    def close(self) -> None:
        """End it, and everything that it has started."""
        ...


class StreamingHost(Host, Protocol):
    def stream(self, script: str) -> Stream:
        """Run a POSIX sh script, whose standard input goes on with what is sent. It prints `qtctl: begins` first.

        HostError if it cannot be started. What it prints on standard error is dropped.
        """
        ...

    def signal_bus(self) -> SignalBus:
        """As `bus`, for listening. Refused or HostError if there is none."""
        ...
