"""Progress of many hosts on stderr: how many are in which stage, and how many are done."""

import threading
from collections import Counter
from typing import TYPE_CHECKING

from qtctl.cli.output import ProgressLine
from qtctl.model.events import Event, Stage, begun, waiting

if TYPE_CHECKING:
    from qtctl.fleet.examine import HostResult

DOING = {Stage.CONNECT: "connecting", Stage.COLLECT: "asking"}


class FleetProgress:
    """Takes the events of hosts, from any thread, and their results."""

    def __init__(self, say: ProgressLine, hosts: int) -> None:
        self._say = say
        self._hosts = hosts
        self._lock = threading.Lock()
        self._stages: dict[str, Stage] = {}
        self._judged = self._failed = 0

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.stage in DOING:
                self._stages[event.host] = event.stage
                self._show()

    def add(self, result: "HostResult") -> None:
        with self._lock:
            self._stages.pop(result.target, None)
            self._judged += 1
            self._failed += not result.reached
            self._show()

    def close(self) -> None:
        """How far it came, as a line of its own."""
        with self._lock:
            self._stages.clear()
            self._say(begun("", Stage.COLLECT, self._describe()))

    def _show(self) -> None:
        self._say(waiting("", Stage.COLLECT, self._describe()))

    def _describe(self) -> str:
        """connecting 12 · asking 8 · judged 80 of 1,000, failed 3."""
        count = Counter(self._stages.values())
        doing = [f"{verb} {count[stage]:,} · " for stage, verb in DOING.items() if count[stage]]
        failed = f", failed {self._failed:,}" if self._failed else ""
        return f"{''.join(doing)}judged {self._judged:,} of {self._hosts:,}{failed}"
