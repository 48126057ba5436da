"""Start, stop and restart units on one host or several, and return what came of it as values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.api.trail import CallerTrail, describe_caller
from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.connect import connect_as_root, connect_to_control, make_declared_route
from qtctl.engines.events import tell
from qtctl.errors import HostError, InputError, Refused
from qtctl.flows import in_worker
from qtctl.flows.control import READ_S, CarryOut, Look, refuse
from qtctl.flows.control import control as run
from qtctl.flows.control import plan_control as run_plan
from qtctl.flows.reaching import Reaching, WorkerLost
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.control import ControlOutcome, ControlPlan, ControlRequest, ControlStatus, ControlVerb
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun, done, failed
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry
from qtctl.model.trail import Action, CallerEvent
from qtctl.plan.control_units import choose_on_hosts
from qtctl.plan.identity import allow_stand_in
from qtctl.version import VERSION

if TYPE_CHECKING:
    from qtctl.engines.changing import Changing

DEADLINE_S = 120.0
"""For all jobs of one host."""
AT_ONCE = 8
SPARE_S = 120.0
"""What a host may take besides its deadline: to connect, to look and to queue, each with a limit of its own."""


@dataclass(frozen=True, slots=True)
class ControlTask:
    """What a worker needs for one host. `agreed`: the plan that was shown, without which nothing is done."""

    target: str
    desired: Desired
    request: ControlRequest
    user: str | None = None
    registry: Path | None = None
    deadline_s: float = DEADLINE_S
    agreed: ControlPlan | None = None


def make_request(
    desired: Desired,
    verb: ControlVerb,
    words: Iterable[str],
    categories: Iterable[str] = (),
    *,
    signal: int = 0,
    reason: str = "",
) -> ControlRequest:
    """InputError if nothing is named, or a word names no unit that qtctl may change on this host."""
    found = make_requests({"": desired}, verb, words, categories, signal=signal, reason=reason)
    return found[""]


def make_requests(
    hosts: Mapping[str, Desired],
    verb: ControlVerb,
    words: Iterable[str],
    categories: Iterable[str] = (),
    *,
    signal: int = 0,
    reason: str = "",
) -> dict[str, ControlRequest]:
    """As `make_request`, of each host; a host that has nothing of what is named is left out."""
    words, categories = tuple(words), tuple(categories)
    if not words and not categories:
        hint = "name services, units or targets, or give --category"
        raise InputError(f"nothing is named to {verb}", hint=hint)
    chosen = choose_on_hosts(hosts, words, categories, changing=True)
    return {
        target: ControlRequest(verb, tuple(each.unit for each in units), signal, reason)
        for target, units in chosen.items()
    }


def begin(task: ControlTask, reaching: Reaching) -> None:
    """Have the host asked for what `control` will plan with."""
    reaching.begin_control(task.desired, task.request.units)


def control(
    task: ControlTask, *, confirm: Callable[[ControlPlan], bool], reaching: Reaching | None = None
) -> ControlOutcome:
    """One host. `reaching`: asks it, if that has begun already. Never a HostError: that is an outcome.

    The caller's audit trail has a record of it if `confirm` agreed.
    """
    desired = allow_stand_in(task.desired, task.target)
    about = _describe(task)
    trail = CallerTrail(about)

    def agree(plan: ControlPlan) -> bool:
        agreed = confirm(plan)
        if agreed:
            trail.note(CallerEvent.BEGUN)
        return agreed

    try:
        with _reach(task, desired, about, reaching) as (look, carry_out):
            found = run(look, carry_out, desired, task.request, confirm=agree)
    except HostError as error:
        found = _explain(task, error)
    if found.status is not ControlStatus.DECLINED:
        trail.note(CallerEvent.ENDED, found.status.value, found.why)
    return found


@contextmanager
def _reach(
    task: ControlTask, desired: Desired, about: Mapping[str, str], reaching: Reaching | None
) -> Iterator[tuple[Look, CarryOut]]:
    """How the host is asked, and what is agreed is carried out. HostError if there is no connection."""
    if reaching is not None:
        route = reaching.connect()

        def look(inquiry: Inquiry) -> Evidence:
            return reaching.run(in_worker.answer, route, inquiry, READ_S)

        def carry_out(plan: ControlPlan) -> ControlOutcome:
            try:
                return reaching.run(in_worker.carry_out, route, plan, about, task.deadline_s)
            except (WorkerLost, KeyboardInterrupt) as error:
                from qtctl.control.carry_out import leave_unknown

                return leave_unknown(
                    plan, error.describe_beside(task.target) if isinstance(error, WorkerLost) else "interrupted"
                )

        yield look, carry_out
        return
    from qtctl.adapters.clock import SystemClock
    from qtctl.apply.shared import share_connection
    from qtctl.collect.collect import collect
    from qtctl.control.carry_out import carry_out as run_here

    connect = partial(connect_to_control, make_declared_route(task.target, desired, task.user, "deploy"))
    with share_connection(connect) as host:
        yield (
            lambda inquiry: collect(host, inquiry, SystemClock(), deadline_s=READ_S),
            lambda plan: run_here(host, plan, about, deadline_s=task.deadline_s),
        )


def _explain(task: ControlTask, error: HostError) -> ControlOutcome:
    """Nothing was done: the host said no, or nobody could ask it."""
    status = ControlStatus.REFUSED if isinstance(error, Refused) else ControlStatus.NOT_REACHED
    return ControlOutcome(task.desired.host, status, why=error.describe_beside(task.target), hint=error.hint)


def _describe(task: ControlTask) -> Mapping[str, str]:
    request = task.request
    return {
        "fleet": task.desired.fleet,
        "host": task.desired.host,
        "target": task.target,
        "version": VERSION,
        "verb": request.verb.value,
        **({"reason": request.reason} if request.reason else {}),
        **describe_caller(Action.CONTROL, task.registry),
    }


def start_engine(at_once: int = AT_ONCE, deadline_s: float = DEADLINE_S) -> "Changing":
    """A process for each host, `at_once` at a time. Make it before starting threads."""
    from qtctl.engines.changing import Changing

    return Changing(
        at_once,
        longest_s=deadline_s + SPARE_S,
        preload=("qtctl.adapters.ssh", "qtctl.api.control", "qtctl.collect.collect"),
    )


def plan_hosts(
    engine: Executor, tasks: Sequence[ControlTask], progress: Progress = silent
) -> tuple[ControlPlan | ControlOutcome, ...]:
    """The plan of each host in order, or why it has none: refused, or not reached. Nothing is changed."""
    return _run_all(engine, plan_host, tasks, progress, "looked at")


def control_hosts(
    engine: "Changing", tasks: Sequence[ControlTask], progress: Progress = silent
) -> tuple[ControlOutcome, ...]:
    """Carry out the agreed plans, at the same time; the outcomes in order.

    After a KeyboardInterrupt no further host is begun, and nobody waits for jobs: what had been queued goes on there,
    and its outcome is unknown. A second one is raised.
    """
    found = _run_all(engine, control_host, tasks, progress, "done", interrupt=engine.interrupt)
    return tuple(each for each in found if isinstance(each, ControlOutcome))


def _run_all(
    engine: Executor,
    work: Callable[[ControlTask], ControlPlan | ControlOutcome],
    tasks: Sequence[ControlTask],
    progress: Progress,
    said: str,
    *,
    interrupt: Callable[[], None] | None = None,
) -> tuple[ControlPlan | ControlOutcome, ...]:
    """`interrupt`: ends in good order what is under way, if the operator does not want to wait."""
    futures = {engine.submit(work, task): number for number, task in enumerate(tasks)}
    found: dict[int, ControlPlan | ControlOutcome] = {}
    try:
        _take_results(futures, tasks, found, progress, said)
    except KeyboardInterrupt:
        if interrupt is None:
            raise
        for future in futures:
            future.cancel()
        interrupt()
        _take_results(futures, tasks, found, progress, said)
    return tuple(found[number] for number in range(len(tasks)))


def _take_results(
    futures: Mapping[Future[ControlPlan | ControlOutcome], int],
    tasks: Sequence[ControlTask],
    found: dict[int, ControlPlan | ControlOutcome],
    progress: Progress,
    said: str,
) -> None:
    """Add to `found` what is not in it yet."""
    for future in as_completed(each for each, number in futures.items() if number not in found):
        task = tasks[futures[future]]
        try:
            result = future.result()
        except CancelledError:
            result = ControlOutcome(task.desired.host, ControlStatus.INTERRUPTED, task.agreed, why="nothing was done")
        except (WorkerEnded, TimeoutError) as error:
            status = ControlStatus.NOT_REACHED if task.agreed is None else ControlStatus.UNKNOWN
            result = ControlOutcome(task.desired.host, status, task.agreed, why=str(error) or "no answer in time")
        found[futures[future]] = result
        good = isinstance(result, ControlPlan) or result.status is ControlStatus.DONE
        told = done if good else failed
        progress(told(task.target, Stage.CHANGE, f"{said}; {len(found)} of {len(tasks)} hosts"))


def plan_host(task: ControlTask) -> ControlPlan | ControlOutcome:
    """Runs in a worker."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.collect import collect
    from qtctl.engines.changing import interruptible

    with interruptible():
        tell(begun(task.target, Stage.CONNECT))
        desired = allow_stand_in(task.desired, task.target)
        route = make_declared_route(task.target, desired, task.user, "deploy")
        try:
            with connect_as_root(route) as host:
                look = partial(collect, host, clock=SystemClock(), deadline_s=READ_S)
                plan = run_plan(look, desired, task.request)
        except HostError as error:
            return _explain(task, error)
        return refuse(plan) if plan.refusals else plan


def control_host(task: ControlTask) -> ControlOutcome:
    """Runs in a worker. Refused if the host has changed so much that something else would go along."""
    from qtctl.engines.changing import interruptible

    with interruptible():
        tell(begun(task.target, Stage.CONNECT))
        try:
            found = control(task, confirm=partial(_is_as_agreed, task.agreed))
        except KeyboardInterrupt:
            return ControlOutcome(task.desired.host, ControlStatus.INTERRUPTED, why="nothing was done")
    if found.status is ControlStatus.DECLINED:
        why = "nothing was done: other units would go along than were shown"
        return ControlOutcome(found.host, ControlStatus.REFUSED, found.plan, why=why, hint="try again")
    return found


def _is_as_agreed(agreed: ControlPlan | None, plan: ControlPlan) -> bool:
    """States may differ from what was shown; what is done, what goes along, and what contradicts the registry not."""
    return agreed is not None and (agreed.stages, {*agreed.drags}, agreed.contradictions) == (
        plan.stages,
        {*plan.drags},
        plan.contradictions,
    )
