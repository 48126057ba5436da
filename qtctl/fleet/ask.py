"""Collect evidence from many hosts of one registry in parallel. A host that fails does not affect the others."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass

from qtctl.engines.worker import answer, await_evidence, make_lost_evidence
from qtctl.flows.declare import Loaded, render_files, resolve_host
from qtctl.flows.questions import make_inquiry
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry
from qtctl.model.registry import Registry
from qtctl.model.secret import Secret

BUG = "audit it by itself with --debug, and report what that shows"


@dataclass(frozen=True, slots=True)
class Asked:
    """One host: its name as given, what the registry declares for it, and its evidence.

    If the host could not be reached, every fact in the evidence is refused. `number`: its position in the list of
    hosts, from 0.
    """

    number: int
    target: str
    declared: Loaded
    evidence: Evidence


class FleetQuestion:
    """What to ask each host. The constructor makes no connection: input errors are raised before any host is asked."""

    def __init__(
        self,
        registry: Registry,
        files: Mapping[str, bytes],
        targets: Sequence[str],
        user: str | None = None,
        *,
        become: bool = False,
    ) -> None:
        self._loaded = {target: resolve_host(registry, files, target) for target in targets}
        self.inquiries = {
            target: make_inquiry(each.desired, target, user, become=become) for target, each in self._loaded.items()
        }

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The store passwords that are used on the hosts. No output may show them."""
        return tuple({secret for each in self.inquiries.values() for secret in each.passwords.values()})

    def ask(self, engine: Executor, templates: Mapping[str, str]) -> Iterator[Asked]:
        """Yield each host as soon as it has answered. The registry is rendered while the hosts are being asked."""
        submitted = ((engine.submit(answer, each), target) for target, each in self.inquiries.items())
        futures = {future: (number, target) for number, (future, target) in enumerate(submitted)}
        declared = self._render_all(templates)
        for future in as_completed(futures):
            number, target = futures.pop(future)
            yield Asked(number, target, declared[target], _await_evidence(future, self.inquiries[target]))

    def _render_all(self, templates: Mapping[str, str]) -> dict[str, Loaded]:
        by_host: dict[str, Loaded] = {}
        for loaded in self._loaded.values():
            if loaded.desired.host not in by_host:
                by_host[loaded.desired.host] = render_files(loaded, templates)
        return {target: by_host[loaded.desired.host] for target, loaded in self._loaded.items()}


def _await_evidence(future: "Future[Evidence]", asked: Inquiry) -> Evidence:
    try:
        return await_evidence(future, asked)
    except Exception as error:  # noqa: BLE001 - only this host loses its evidence, which gives the reason
        return make_lost_evidence(asked, f"internal error: {type(error).__name__}: {error}", hint=BUG)
