"""Plan and deploy several hosts of one registry: all are planned first, then deployed batch by batch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from qtctl.adapters.supplies import LocalSupplies
from qtctl.adapters.templates import load_unit_templates
from qtctl.api import plan as planning
from qtctl.api.deploy import DEADLINE_S, deploy
from qtctl.api.registry import LoadedRegistry
from qtctl.api.rollback import find_before, rollback
from qtctl.engines.changing import Changing, interruptible
from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.connect import read_passwords
from qtctl.engines.events import tell
from qtctl.errors import DeployRefused, HostError
from qtctl.fleet.rollout import Ended, HostRun, Rollout
from qtctl.flows.declare import render_files, resolve_host
from qtctl.flows.declared import Declared
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun, done, failed
from qtctl.model.plan import NO_CHOICES, Choices, Plan, PlannedBefore, Step, list_not_run
from qtctl.model.rollout import HostEnd, OnFailure
from qtctl.plan.agreed import digest_steps
from qtctl.plan.identity import make_deployable
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind, explain_refusals
from qtctl.registry.places import Places
from qtctl.resolve.alike import make_for_hosts
from qtctl.resolve.resolve import stands_in

AT_ONCE = 8
SPARE_S = 1800.0
"""What a deploy may take besides its deadline: to connect, plan, install and go back, each with a limit of its own."""
_ID_BYTES = 3


@dataclass(frozen=True, slots=True)
class HostTask:
    """What a worker needs to plan or change one host. No password is in it: they come from the environment there.

    `deadline_s`, `steady_s`, `clones`, `wheels`, `registry`: as for a deploy of one host. `notes`: what the host and
    the audit trail record about it besides.
    """

    target: str
    desired: Desired
    registry: Path
    user: str | None = None
    choices: Choices = NO_CHOICES
    deadline_s: float = DEADLINE_S
    steady_s: float | None = None
    clones: Path | None = None
    wheels: Path | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def declared(self) -> Declared:
        """Without the texts of the registry, which no deploy reads."""
        return Declared({}, self.desired, Places({}))


@dataclass(frozen=True, slots=True)
class HostPlan:
    """The plan of one host, or why there is none."""

    target: str
    plan: Plan | None
    error: Reason | None = None

    @property
    def refused(self) -> bool:
        return self.plan is None or bool(self.plan.refusals)

    @property
    def changes(self) -> bool:
        return self.plan is not None and self.plan.changes


def make_rollout_id() -> str:
    """Unique, and it sorts by time: 20261129T210500Z-1f2e3d."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{token_hex(_ID_BYTES)}"


def start_engine(at_once: int, deadline_s: float = DEADLINE_S) -> Changing:
    """A process for each host, `at_once` at a time. Make it before starting threads."""
    return Changing(at_once, longest_s=deadline_s + SPARE_S)


def declare_hosts(
    registry: LoadedRegistry, targets: Sequence[str], *, templates: Path | None = None
) -> dict[str, Declared]:
    """What each target must have, rendered once for hosts that are alike.

    InputErrors if a file cannot be rendered, or nothing is declared for a host.
    """
    texts, known, files = load_unit_templates(templates), registry.registry, registry.files

    def render_host(host: str) -> Desired:
        return render_files(resolve_host(known, files, host), texts).desired

    hosts = {target: stands_in(known, target) for target in targets}
    wanted, places = make_for_hosts(known, hosts.values(), render_host), Places(files)
    found = {target: Declared(files, wanted[host], places) for target, host in hosts.items()}
    for target, declared in found.items():
        make_deployable(declared.desired, target)
    return found


def plan_hosts(engine: Executor, tasks: Iterable[HostTask], progress: Progress = silent) -> tuple[HostPlan, ...]:
    """The plans of all hosts, asked at the same time, in the order of `tasks`. Nothing is changed."""
    futures = {engine.submit(plan_host, task): task.target for task in tasks}
    found: dict[str, HostPlan] = {}
    for future in as_completed(futures):
        target = futures[future]
        try:
            found[target] = future.result()
        except (WorkerEnded, TimeoutError) as error:
            found[target] = HostPlan(target, None, Reason(ReasonKind.HOST_LOST, str(error) or "no answer in time"))
        told = failed if found[target].refused else done
        progress(told(target, Stage.COLLECT, f"planned; {len(found)} of {len(futures)} hosts"))
    return tuple(found[target] for target in futures.values())


def plan_host(task: HostTask) -> HostPlan:
    """Runs in a worker."""
    with interruptible():
        tell(begun(task.target, Stage.CONNECT))
        try:
            planned = planning.plan(task.declared, task.target, user=task.user, choices=task.choices)
        except HostError as error:
            return HostPlan(
                task.target, None, Reason(ReasonKind.HOST_LOST, error.describe_beside(task.target), error.hint)
            )
        except DeployRefused as error:
            return HostPlan(
                task.target, None, Reason(ReasonKind.IN_THE_WAY, error.describe_beside(task.target), error.hint)
            )
    return HostPlan(task.target, drop_contents(planned))


def drop_contents(plan: Plan) -> Plan:
    """Without the contents of files: their digests are enough to compare and to show it."""
    return replace(plan, steps=tuple(map(_drop_content, plan.steps)))


def _drop_content(step: Step) -> Step:
    return step if step.file is None else replace(step, file=replace(step.file, content=b""))


def refuse(planned: HostPlan, end: HostEnd) -> Ended:
    """The end of a host that cannot be deployed."""
    if planned.plan is None:
        return Ended(end, error=planned.error)
    reason = explain_refusals(planned.plan.host, planned.plan.refusals)
    return Ended(end, DeployOutcome(plan=planned.plan, status=DeployStatus.REFUSED, reason=reason))


def decline(planned: HostPlan) -> Ended:
    """The end of a host of which nothing was begun."""
    if planned.plan is None:
        return Ended(HostEnd.NOT_REACHED, error=planned.error)
    results = list_not_run(planned.plan.steps)
    return Ended.of(DeployOutcome(plan=planned.plan, status=DeployStatus.DECLINED, results=results))


def agree(plan: Plan, choices: Choices) -> Choices:
    """The choices with which a deploy carries out this plan and no other."""
    nonce = token_hex(16)
    return replace(choices, expected=PlannedBefore(digest_steps(plan, nonce), nonce, plan.machine))


def deploy_host(task: HostTask) -> Ended:
    """Runs in a worker: the deploy of a single host, whose plan was agreed to."""

    def run() -> DeployOutcome:
        return deploy(
            task.declared,
            task.target,
            confirm=_agree,
            user=task.user,
            choices=task.choices,
            progress=tell,
            deadline_s=task.deadline_s,
            passwords=read_passwords(task.desired),
            steady_s=task.desired.steady_s if task.steady_s is None else task.steady_s,
            supplies=LocalSupplies(task.clones, task.wheels),
            registry=task.registry,
            notes=task.notes,
        )

    return _end(task, run)


def roll_back_host(task: HostTask, number: int) -> Ended:
    """Runs in a worker: the rollback of a single host to what was there before generation `number`."""

    def run() -> DeployOutcome:
        earlier = find_before(task.declared, task.target, number, user=task.user)
        return rollback(
            task.declared,
            task.target,
            earlier.desired,
            confirm=_agree,
            user=task.user,
            progress=tell,
            deadline_s=task.deadline_s,
            passwords=read_passwords(task.desired),
            steady_s=task.desired.steady_s if task.steady_s is None else task.steady_s,
            registry=task.registry,
            notes=task.notes,
        )

    return _end(task, run)


def _agree(_plan: Plan) -> bool:
    """The operator has agreed to the whole rollout."""
    return True


def _end(task: HostTask, run: Callable[[], DeployOutcome]) -> Ended:
    with interruptible():
        tell(begun(task.target, Stage.CONNECT))
        try:
            outcome = run()
        except KeyboardInterrupt:
            return Ended(HostEnd.INTERRUPTED, error=Reason(ReasonKind.INTERRUPTED, "interrupted"))
        except (DeployRefused, HostError) as error:
            return Ended(
                HostEnd.REFUSED, error=Reason(ReasonKind.HOST_LOST, error.describe_beside(task.target), error.hint)
            )
    results = tuple(replace(each, step=_drop_content(each.step)) for each in outcome.results)
    return Ended.of(replace(outcome, plan=drop_contents(outcome.plan), results=results))


def roll_out(
    engine: Executor,
    tasks: Mapping[str, HostTask],
    plans: Sequence[HostPlan],
    batches: Sequence[Sequence[str]],
    *,
    rollout: str,
    at_once: int = AT_ONCE,
    on_failure: OnFailure = OnFailure.HOST,
    interrupts: Callable[[], int] = lambda: 0,
    progress: Progress = silent,
) -> tuple[HostRun, ...]:
    """Deploy the hosts of `plans`, none of which is refused. `batches`: those with changes. `tasks`: by target.

    Each host is held to its plan. `rollout`: its name in audit trails. `interrupts`: how often the operator has
    interrupted; after the second time, nobody waits.
    """
    numbers = {host: number for number, batch in enumerate(batches, 1) for host in batch}
    work = {
        each.target: _prepare(tasks[each.target], each.plan, rollout, numbers.get(each.target, 0), len(batches))
        for each in plans
        if each.plan is not None
    }
    unchanged = tuple(host for host in work if host not in numbers)
    runner = Rollout(engine, work, deploy_host, roll_back_host, at_once, on_failure, interrupts, progress)
    return runner.run(unchanged, batches)


def _prepare(task: HostTask, plan: Plan, rollout: str, batch: int, count: int) -> HostTask:
    notes = {"rollout": rollout, **({"batch": f"{batch}/{count}"} if batch else {})}
    choices = task.choices if task.choices.expected is not None else agree(plan, task.choices)
    return replace(task, choices=choices, notes=notes)
