"""Asks a live host as soon as the registry says what to ask, while the rest is rendered here."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, NamedTuple

from qtctl.engines.relay import watch
from qtctl.flows.target import Target
from qtctl.interfaces.closing import Closing
from qtctl.interfaces.progress import Progress

if TYPE_CHECKING:
    from qtctl.flows.cached_desired import CachedDesired
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence
    from qtctl.model.inquiry import Inquiry
    from qtctl.model.secret import Secret


class _Begun(NamedTuple):
    desired: "CachedDesired"
    inquiry: "Inquiry"
    evidence: "Future[Evidence]"


class Asking(Closing):
    """One look at one host. `engine` does the asking and is shut down at the end; any engine will do."""

    def __init__(self, target: Target, engine: Executor) -> None:
        self.target = target
        self.engine = engine
        self._begun: _Begun | None = None

    @property
    def begun(self) -> bool:
        return self._begun is not None

    def begin(self) -> _Begun:
        """Check the registry, then ask, unless that was already done. InputErrors if the registry is wrong."""
        if self._begun is None:
            self._begun = self._ask()
        return self._begun

    @property
    def passwords(self) -> "Mapping[str, Secret]":
        """The passwords used on the host, by store: no output may show them."""
        return self._begun.inquiry.passwords if self._begun is not None else {}

    def watch(self, progress: Progress) -> None:
        watch(self.engine, progress)

    def await_declared(self) -> "Declared":
        """What the host must have, rendered. InputErrors if that fails."""
        return self.begin().desired.load()

    def await_evidence(self) -> "Evidence":
        """Wait for the evidence."""
        from qtctl.engines.worker import await_evidence

        begun = self.begin()
        return await_evidence(begun.evidence, begun.inquiry)

    def close(self) -> None:
        """Whatever the engine is doing."""
        self.engine.shutdown(wait=False, cancel_futures=True)

    def _ask(self) -> _Begun:
        from qtctl.engines.worker import answer
        from qtctl.flows.cached_desired import CachedDesired
        from qtctl.flows.questions import make_inquiry

        desired = CachedDesired(self.target)
        asked = make_inquiry(desired.load_unrendered(), self.target.host, self.target.user, become=self.target.become)
        return _Begun(desired, asked, self.engine.submit(answer, asked))
