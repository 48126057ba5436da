"""The process that asks a live host: forked early, so that it loads its libraries while the registry is checked.

It connects to nothing of its own accord. It is sent a route once the registry that names it has been checked, and then
what to ask; it answers with evidence.
"""

import resource
import threading
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.beside import Beside, Receive, Send
from qtctl.cli.task import Task
from qtctl.dialects.endpoints import LOCAL

if TYPE_CHECKING:
    from pathlib import Path

    from qtctl.cli.asked import Asked
    from qtctl.cli.connect import Way
    from qtctl.model.evidence import Evidence
    from qtctl.ports.progress import Progress


ASKING = ("qtctl.cli.asked", "qtctl.collect.collect", "qtctl.adapters.bridge", "qtctl.adapters.store_redis")
"""What asking needs: loaded while the registry is checked, else while the host opens a session."""


LONGEST_S = 90.0
"""A look ends by its own deadlines, 30 s for connecting and 40 for asking; this one holds whatever it hangs in."""
MEMORY = 256 * 1024 * 1024
"""Bytes that a look may take beside what it begins with. A host is read within far less; this holds in any case."""


class Target(NamedTuple):
    """A host, and the registry that says what it must have."""

    registry: "Path"
    host: str
    as_name: str | None = None
    user: str | None = None
    templates: "Path | None" = None


class Looking:
    """Loads what it needs, connects when it is sent a route, and asks when it is sent what."""

    def __init__(self, target: Target) -> None:
        remote = target.host != LOCAL
        self._child = Beside(lambda receive, send: _look(receive, send, remote=remote))

    def ask(self, asked: "Asked") -> None:
        """`asked` is made of a registry that has been checked: only now is there a connection."""
        # The route first and alone: it is read at once, and the connection made while the rest is unpacked.
        self._child.send(asked.way)
        self._child.send(asked)
        self._asked = asked

    def answer(self, say: "Progress") -> "Evidence":
        """The evidence, once it is there. `say` tells what the child says of its progress."""
        try:
            with self._child.within(LONGEST_S):
                while isinstance(said := self._child.receive(), str):
                    say(said)
        except TimeoutError:
            return self._asked.lost(f"no end in {LONGEST_S:g} s")
        evidence: Evidence = said
        return evidence

    def close(self) -> None:
        self._child.close()


def _hold_memory() -> None:
    """Beyond the limit Python raises MemoryError, and the machine goes on as if nothing were."""
    from pathlib import Path

    with suppress(OSError, ValueError, LookupError):  # no Linux, or a lower limit already
        most = int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _look(receive: Receive, send: Send, *, remote: bool) -> None:
    _hold_memory()
    routed = threading.Event()
    if remote:
        Task(lambda: _load_until(routed))
    way: Way = receive()
    routed.set()
    connecting = Task(lambda: way.connect_ahead(_load))
    asked: Asked = receive()
    send(asked.of(connecting.result, send))


def _load_until(routed: threading.Event) -> None:
    """Load paramiko, then the rest, for as long as there is no route: after that, connecting comes first."""
    import_module("qtctl.adapters.ssh").load()
    for name in ASKING:
        if routed.is_set():
            return
        import_module(name)


def _load() -> None:
    for name in ASKING:
        import_module(name)
