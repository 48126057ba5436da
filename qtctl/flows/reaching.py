"""Connects to one host as soon as the registry says how it is reached, for commands that ask it several things."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.connect import make_declared_route
from qtctl.engines.work import Purpose
from qtctl.engines.worker import LONGEST_S
from qtctl.errors import HostError
from qtctl.flows.target import Target
from qtctl.interfaces.closing import Closing

if TYPE_CHECKING:
    from qtctl.engines.early_connection import EarlyConnection
    from qtctl.flows.cached_desired import CachedDesired
    from qtctl.flows.declared import Declared
    from qtctl.model.desired import Desired
    from qtctl.model.route import Route


class WorkerLost(HostError):
    """The process that asks the host ended, or took too long: what it has done there is not known."""


T = TypeVar("T")
_Begun = tuple[Callable[..., object], tuple[object, ...], "Future[Any]"]
Role = Literal["audit", "deploy"]


class Reaching(Closing):
    """One host, and the worker that asks it. `engine` is shut down at the end.

    `role`: whose account logs in, unless the target says which; the one that deploys is about to become root.
    """

    def __init__(self, target: Target, role: Role, engine: "EarlyConnection") -> None:
        self.target = target
        self.role = role
        self._engine = engine
        self._desired: CachedDesired | None = None
        self._declared: Declared | None = None
        self._route: Route | None = None
        self.begun: list[_Begun] = []

    @property
    def connecting(self) -> bool:
        """Whether it has begun to."""
        return self._route is not None

    def find_known(self) -> "Declared | None":
        """What the host must have, if that is cached. InputErrors if the registry is wrong."""
        if self._declared is None:
            self._declared = self._find().get_cached()
        return self._declared

    def declare(self) -> "Declared":
        """What the host must have, from the cache or into it. InputErrors if the registry is wrong."""
        if self._declared is None:
            self._declared = self._find().load()
        return self._declared

    def _find(self) -> "CachedDesired":
        if self._desired is None:
            from qtctl.flows.cached_desired import CachedDesired  # noqa: PLC0415 - while the worker loads

            self._desired = CachedDesired(self.target)
        return self._desired

    def connect(self) -> "Route":
        """Begin to connect, unless that was done already. InputErrors as `declare`."""
        if self._route is None:
            self._route = make_declared_route(self.target.host, self.declare().desired, self.target.user, self.role)
            self._engine.announce(self._route, Purpose.CONTROL if self.role == "deploy" else Purpose.LOOK)
        return self._route

    def begin_look(self, desired: "Desired", units: Sequence[str], lines: int) -> None:
        """Have the host asked how these units are. `lines`: of each unit's journal."""
        from qtctl.flows import in_worker  # noqa: PLC0415 - as in _find
        from qtctl.flows.units_question import make_question  # noqa: PLC0415
        from qtctl.plan.identity import allow_stand_in  # noqa: PLC0415

        route = self.connect()
        self.begin(in_worker.look, route, make_question(allow_stand_in(desired, self.target.host), units, lines))

    def begin_control(self, desired: "Desired", units: Sequence[str]) -> None:
        """Have the host asked for what an action on these units is planned with."""
        from qtctl.flows import in_worker  # noqa: PLC0415 - as in _find
        from qtctl.flows.control import READ_S, make_first_inquiry  # noqa: PLC0415
        from qtctl.plan.identity import allow_stand_in  # noqa: PLC0415

        route = self.connect()
        inquiry = make_first_inquiry(allow_stand_in(desired, self.target.host), units)
        self.begin(in_worker.answer, route, inquiry, READ_S)

    def allow(self, seconds: float) -> None:
        """For the work that takes longest, besides what it may take to connect and to look."""
        self._engine.longest_s = LONGEST_S + seconds

    def begin(self, work: Callable[..., object], *args: object) -> None:
        """Have the worker do what `run` will be called for, unless that was begun already."""
        if not any(self._is_begun(each, work, args) for each in self.begun):
            self.begun.append((work, args, self._engine.submit(work, *args)))

    def run(self, work: Callable[..., T], *args: object) -> T:
        """Have the worker do it, once; what was begun is waited for. Raises what it raised."""
        self.begin(work, *args)
        begun = next(each for each in self.begun if self._is_begun(each, work, args))
        self.begun.remove(begun)
        found: Future[T] = begun[2]
        try:
            return found.result()
        except (TimeoutError, WorkerEnded) as error:
            raise WorkerLost(str(error) or "no end in time", host=self.target.host) from error

    def _is_begun(self, begun: "_Begun", work: Callable[..., object], args: tuple[object, ...]) -> bool:
        return begun[0] is work and begun[1] == args

    def close(self) -> None:
        """Whatever the worker is doing."""
        self._engine.shutdown(wait=False, cancel_futures=True)
