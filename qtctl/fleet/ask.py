"""Many hosts of one registry, asked at the same time: what happens to one of them costs the others nothing."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass

from qtctl.engines.worker import answer, awaited, lost
from qtctl.flows.audit import inquiry
from qtctl.flows.declare import Loaded, of_host, rendered
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry
from qtctl.model.registry import Registry
from qtctl.model.secret import Secret

BUG = "audit it by itself with --debug, and report what that shows"


@dataclass(frozen=True, slots=True)
class Asked:
    """A host as it was named, what it must have, and its evidence: all of it refused where it could not be asked.

    `number`: its place among the hosts that were named, from 0.
    """

    number: int
    target: str
    declared: Loaded
    evidence: Evidence


class FleetQuestion:
    """What to ask of each host. Making it connects to nothing: InputErrors for what is wrong come first."""

    def __init__(
        self,
        registry: Registry,
        files: Mapping[str, bytes],
        targets: Sequence[str],
        user: str | None = None,
    ) -> None:
        self._loaded = {target: of_host(registry, files, target) for target in targets}
        self.inquiries = {target: inquiry(each.desired, target, user) for target, each in self._loaded.items()}

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Those that hosts are asked with: no output may show them."""
        return tuple({secret for each in self.inquiries.values() for secret in each.passwords.values()})

    def ask(self, engine: Executor, templates: Mapping[str, str]) -> Iterator[Asked]:
        """Each host as soon as it has answered. What hosts must have is rendered while they are asked."""
        submitted = ((engine.submit(answer, each), target) for target, each in self.inquiries.items())
        futures = {future: (number, target) for number, (future, target) in enumerate(submitted)}
        declared = self._rendered(templates)
        for future in as_completed(futures):
            number, target = futures.pop(future)
            yield Asked(number, target, declared[target], _evidence(future, self.inquiries[target]))

    def _rendered(self, templates: Mapping[str, str]) -> dict[str, Loaded]:
        made: dict[str, Loaded] = {}
        for loaded in self._loaded.values():
            if loaded.desired.host not in made:
                made[loaded.desired.host] = rendered(loaded, templates)
        return {target: made[loaded.desired.host] for target, loaded in self._loaded.items()}


def _evidence(future: "Future[Evidence]", asked: Inquiry) -> Evidence:
    try:
        return awaited(future, asked)
    except Exception as error:  # noqa: BLE001 - it costs this host its evidence, which says why, and no other
        return lost(asked, f"internal error: {type(error).__name__}: {error}", hint=BUG)
