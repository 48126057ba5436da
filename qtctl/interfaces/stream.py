"""A command on a host that talks with its caller, and goes on as long as the caller listens."""

from typing import Protocol

from qtctl.interfaces.host import Host


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
