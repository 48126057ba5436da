"""The process that asks a live host: forked early, so that it loads its libraries while the registry is checked.

It connects to nothing of its own accord. It is sent a route once the registry that names it has been checked, and then
what to ask; it answers with evidence.
"""

import threading
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

    def answer(self, say: "Progress") -> "Evidence":
        """The evidence, once it is there. `say` tells what the child says of its progress."""
        while isinstance(said := self._child.receive(), str):
            say(said)
        evidence: Evidence = said
        return evidence

    def close(self) -> None:
        self._child.close()


def _look(receive: Receive, send: Send, *, remote: bool) -> None:
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
