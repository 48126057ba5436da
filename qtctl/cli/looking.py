"""A look at a live host, in a process beside this one: it connects, is told what to ask, and answers with evidence.

Little is loaded here: the sooner the two part, the longer both work at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.beside import Beside, Receive, Send

if TYPE_CHECKING:
    from pathlib import Path

    from qtctl.cli.asked import Asked
    from qtctl.model.evidence import Evidence
    from qtctl.ports.progress import Progress


ASKING = ("qtctl.cli.asked", "qtctl.collect.collect", "qtctl.adapters.bridge", "qtctl.adapters.store_redis")
"""What asking needs: loaded while the host opens a session, which takes the longest of all."""


class Target(NamedTuple):
    """A host, and the registry that says what it must have."""

    registry: "Path"
    host: str
    as_name: str | None = None
    user: str | None = None
    templates: "Path | None" = None


class Looking:
    """Begins to connect at once, by a guess. Where the registry turns out to say something else, it connects again."""

    def __init__(self, target: Target) -> None:
        self._child = Beside(lambda receive, send: _look(target, receive, send))

    def ask(self, asked: "Asked") -> None:
        self._child.send(asked)

    def answer(self, say: "Progress") -> "Evidence":
        """The evidence, once it is there. `say` tells what the child says of its progress."""
        while isinstance(said := self._child.receive(), str):
            say(said)
        evidence: Evidence = said
        return evidence

    def close(self) -> None:
        self._child.close()


def _look(target: Target, receive: Receive, send: Send) -> None:
    from qtctl.cli.guess import guess
    from qtctl.cli.task import Task

    guessed = guess(target)
    connecting = Task(lambda: guessed.connect_ahead(_load)) if guessed is not None else None
    asked: Asked = receive()
    send(asked.of(connecting.result if connecting and asked.way == guessed else asked.way.connect, send))


def _load() -> None:
    for name in ASKING:
        import_module(name)
