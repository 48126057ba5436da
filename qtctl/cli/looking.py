"""A look at a live host, in a process beside this one: it connects, is told what to ask, and answers with evidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from qtctl.cli.beside import Beside, Receive, Send
from qtctl.cli.connect import Way
from qtctl.cli.task import Task
from qtctl.errors import Unreachable

if TYPE_CHECKING:
    from qtctl.model.desired import Desired
    from qtctl.model.evidence import Evidence, Need
    from qtctl.ports.host import Host
    from qtctl.ports.progress import Progress


SHARED = ("qtctl.model.desired", "qtctl.model.evidence", "qtctl.model.facts")
"""What both processes need: loaded once, before they part."""

ASKING = ("qtctl.collect.collect", "qtctl.adapters.bridge", "qtctl.adapters.store_redis")
"""What asking needs: loaded while the host opens a session, which takes the longest of all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a live host."""

    target: str
    desired: "Desired"
    needs: "tuple[Need, ...]"
    passwords: Mapping[str, str]

    def of(self, connect: "Callable[[], Host]", say: "Callable[[str], None]") -> "Evidence":
        """Its evidence: all of it refused where there is no connection."""
        from qtctl.adapters.clock import SystemClock
        from qtctl.collect.collect import collect, unreachable

        clock = SystemClock()
        try:
            with connect() as host:
                say(f"asking {self.target}")
                return collect(host, self.desired, self.needs, clock, passwords=self.passwords)
        except Unreachable as error:
            return unreachable(self.desired, self.needs, error, clock, self.target)


class Looking:
    """Begins to connect at once."""

    def __init__(self, way: Way) -> None:
        _load(SHARED)
        self._child = Beside(lambda receive, send: _look(way, receive, send))

    def ask(self, asked: Asked) -> None:
        self._child.send(asked)

    def answer(self, say: "Progress") -> "Evidence":
        """The evidence, once it is there. `say` tells what the child says of its progress."""
        while isinstance(said := self._child.receive(), str):
            say(said)
        evidence: Evidence = said
        return evidence

    def close(self) -> None:
        self._child.close()


def _look(way: Way, receive: Receive, send: Send) -> None:
    connecting = Task(lambda: way.connect_ahead(lambda: _load(ASKING)))
    asked: Asked = receive()
    send(asked.of(connecting.result, send))


def _load(modules: tuple[str, ...]) -> None:
    for name in modules:
        import_module(name)
