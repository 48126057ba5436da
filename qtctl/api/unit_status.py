"""How the units of one host or several are: states, processes, memory, restarts, last lines of the journal."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.connect import connect, make_declared_route
from qtctl.engines.events import tell
from qtctl.errors import HostError
from qtctl.flows import in_worker
from qtctl.flows.reaching import Reaching
from qtctl.flows.units_question import UnitsQuestion, make_question
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun, done, failed
from qtctl.model.unit_status import HostLook
from qtctl.plan.control_units import choose_on_hosts, choose_units
from qtctl.plan.identity import allow_stand_in

if TYPE_CHECKING:
    from qtctl.engines.processes import Processes

AT_ONCE = 8
DEADLINE_S = 30.0
SPARE_S = 30.0


@dataclass(frozen=True, slots=True)
class StatusTask:
    """What a worker needs for one host. `units`: whole names. `lines`: of each unit's journal, 0 for none."""

    target: str
    desired: Desired
    units: tuple[str, ...]
    lines: int
    user: str | None = None


def select(desired: Desired, words: Iterable[str], categories: Iterable[str] = ()) -> tuple[str, ...]:
    """Whole names of the units; all of the host if nothing is named. InputError for a word that means none."""
    return tuple(each.unit for each in choose_units(desired, words, categories, changing=False))


def select_on_hosts(
    hosts: Mapping[str, Desired], words: Iterable[str], categories: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """As `select`, of each host; a host that has nothing of what is named is left out."""
    chosen = choose_on_hosts(hosts, words, categories, changing=False)
    return {target: tuple(each.unit for each in units) for target, units in chosen.items()}


def begin(task: StatusTask, reaching: Reaching) -> None:
    """Have the host asked for what `look` will wait for."""
    reaching.begin_look(task.desired, task.units, task.lines)


def look(task: StatusTask, reaching: Reaching | None = None) -> HostLook:
    """One host. If it cannot be reached, the result says why. `reaching`: asks it, if that has begun already."""
    question = _make_question(task)
    try:
        if reaching is not None:
            return reaching.run(in_worker.look, reaching.connect(), question)
        from qtctl.adapters.clock import SystemClock
        from qtctl.flows.unit_status import look_at_units

        with connect(make_declared_route(task.target, task.desired, task.user, "audit")) as host:
            return look_at_units(host, question, SystemClock())
    except HostError as error:
        return HostLook(task.target, task.units, why=error.describe_beside(task.target), hint=error.hint)


def _make_question(task: StatusTask) -> UnitsQuestion:
    return make_question(allow_stand_in(task.desired, task.target), task.units, task.lines)


def start_engine(at_once: int = AT_ONCE, deadline_s: float = DEADLINE_S) -> "Processes":
    """A process for each host, `at_once` at a time. Make it before starting threads."""
    from qtctl.engines.processes import ASKING, Processes

    return Processes(at_once, longest_s=deadline_s + SPARE_S, preload=(*ASKING, "qtctl.api.unit_status"))


def look_at_hosts(engine: Executor, tasks: Sequence[StatusTask], progress: Progress = silent) -> tuple[HostLook, ...]:
    """All hosts, asked at the same time, in the order of `tasks`."""
    futures = {engine.submit(look_in_worker, task): number for number, task in enumerate(tasks)}
    found: dict[int, HostLook] = {}
    for future in as_completed(futures):
        task = tasks[futures[future]]
        try:
            result = future.result()
        except (WorkerEnded, TimeoutError) as error:
            result = HostLook(task.target, task.units, why=str(error) or "no answer in time")
        found[futures[future]] = result
        told = failed if result.facts is None else done
        progress(told(task.target, Stage.COLLECT, f"asked; {len(found)} of {len(tasks)} hosts"))
    return tuple(found[number] for number in range(len(tasks)))


def look_in_worker(task: StatusTask) -> HostLook:
    tell(begun(task.target, Stage.CONNECT))
    return look(task)
