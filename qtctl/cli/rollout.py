"""qtctl deploy and qtctl plan of several hosts: what is shown, asked and told."""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from qtctl.cli.deploy_output import ask_before_change, check_plan_choices
from qtctl.cli.exits import Exit, choose_host_exit, choose_host_plan_exit, choose_rollout_exit, decide
from qtctl.cli.interrupt import Interrupts, raise_on_interrupt
from qtctl.cli.output import complain, complain_of, present, show, show_progress, withhold
from qtctl.model.rollout import HostEnd, OnFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtctl.api.rollout import HostPlan, HostTask
    from qtctl.cli.output import ProgressLine
    from qtctl.engines.changing import Changing
    from qtctl.fleet.rollout import Ended, HostRun
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Choices, Plan
    from qtctl.plan.outcome import DeployOutcome, Reason
    from qtctl.reports.plan_fleet import FleetPlanReport
    from qtctl.reports.rollout import RolledHost


@dataclass(frozen=True, slots=True)
class RolloutOptions:
    """What the command line says about the rollout; None: as policy.toml says."""

    batch: str | None = None
    on_failure: OnFailure | None = None
    at_once: int | None = None
    skip_refused: bool = False


@dataclass(frozen=True, slots=True)
class FleetDeploy:
    """A deploy, or a plan, of several hosts."""

    hosts: tuple[str, ...]
    registry: Path
    user: str | None
    templates: Path | None
    choices: "Choices"
    format_: str | None
    verbose: bool = False
    planned: Path | None = None
    clones: Path | None = None
    wheels: Path | None = None
    deadline: int = 120
    steady: float | None = None
    yes: bool = False


@dataclass
class _Ground:
    """The registry, what a worker gets for each host, and how the hosts are gone through."""

    declared: Mapping[str, "Declared"]
    tasks: Mapping[str, "HostTask"]
    sizes: tuple[str, ...]
    on_failure: OnFailure
    at_once: int
    agreed: "FleetPlanReport | None" = None
    plans: "tuple[HostPlan, ...]" = field(default=())

    @property
    def fleet(self) -> str:
        return next(iter(self.declared.values())).desired.fleet

    @property
    def batches(self) -> tuple[tuple[str, ...], ...]:
        from qtctl.plan.batches import split_batches

        return split_batches([each.target for each in self.plans if each.changes], self.sizes)

    @property
    def refused(self) -> "tuple[HostPlan, ...]":
        return tuple(each for each in self.plans if each.refused)


def show_plans(given: FleetDeploy, options: RolloutOptions, out: Path | None) -> Exit:
    """Ask all hosts, and show what a deploy would change. Nothing is changed."""
    from qtctl.adapters.saved_file import check_saved, save
    from qtctl.cli.output import make_safe
    from qtctl.reports.plan_fleet import to_json
    from qtctl.reports.plan_fleet_view import build_view

    if out is not None:
        check_saved(out)
    with _planned(given, options) as (ground, _engine, _say):
        pass
    report = _report_plans(ground, given.choices)
    if out is not None:
        save(out, make_safe(to_json(report)).encode())
    present(build_view(report, _map_plans(ground), verbose=given.verbose), given.format_)
    _complain_of_refused(ground, "a deploy would be refused")
    return Exit(report.exit_code)


def deploy_hosts(given: FleetDeploy, options: RolloutOptions) -> Exit:
    """Plan all hosts, show the plans and the batches, ask, deploy batch by batch, and report every host."""
    from qtctl.api.rollout import make_rollout_id, roll_out

    with _planned(given, options) as (ground, engine, say):
        if ground.refused and not options.skip_refused:
            code = _end(given, ground, _make_runs(ground, HostEnd.REFUSED), rollout="", interrupted=False)
            _complain_of_refused(ground, "nothing was changed on any host", "--skip-refused leaves them out")
            return code
        _complain_of_refused(ground, "left out")
        say.clear()
        if not _is_agreed(given, ground):
            runs = _make_runs(ground, HostEnd.LEFT_OUT)
            return _end(given, ground, runs, rollout="", interrupted=False)
        interrupts = Interrupts.count()
        rollout = make_rollout_id()
        begun = roll_out(
            engine,
            ground.tasks,
            [each for each in ground.plans if not each.refused],
            ground.batches,
            rollout=rollout,
            at_once=ground.at_once,
            on_failure=ground.on_failure,
            interrupts=interrupts,
            progress=say,
        )
    left_out = tuple(run for run in _make_runs(ground, HostEnd.LEFT_OUT) if run.end is HostEnd.LEFT_OUT)
    return _end(given, ground, (*begun, *left_out), rollout=rollout, interrupted=bool(interrupts()))


@contextmanager
def _planned(given: FleetDeploy, options: RolloutOptions) -> "Iterator[tuple[_Ground, Changing, ProgressLine]]":
    """All hosts, planned at the same time. The engine ends with the block."""
    from qtctl.api.rollout import plan_hosts, start_engine
    from qtctl.engines.relay import watch
    from qtctl.model.events import Stage, begun

    ground = _prepare(given, options)
    engine = start_engine(ground.at_once, given.deadline)
    try:
        with show_progress(named=True) as say:
            watch(engine, say)
            raise_on_interrupt()
            say(begun("", Stage.CONNECT, f"planning {len(given.hosts)} hosts"))
            ground.plans = plan_hosts(engine, ground.tasks.values(), say)
            yield ground, engine, say
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _prepare(given: FleetDeploy, options: RolloutOptions) -> _Ground:
    """InputErrors for whatever is wrong, before any host is connected to."""
    from qtctl.api.registry import load
    from qtctl.api.rollout import HostTask, declare_hosts
    from qtctl.engines.connect import read_passwords
    from qtctl.plan.batches import parse_sizes

    registry = load(given.registry)
    policy = registry.registry.policy.rollout
    sizes = tuple(map(str, policy.batches)) if options.batch is None else parse_sizes(options.batch)
    declared = declare_hosts(registry, given.hosts, templates=given.templates)
    agreed = _read_plans(given.planned, given.choices) if given.planned is not None else None
    tasks = {}
    for target, each in declared.items():
        withhold(*read_passwords(each.desired).values())
        choices = given.choices if agreed is None else _find_choices(agreed, target, each, str(given.planned))
        tasks[target] = HostTask(
            target,
            each.desired,
            given.registry,
            user=given.user,
            choices=choices,
            deadline_s=given.deadline,
            steady_s=given.steady,
            clones=given.clones,
            wheels=given.wheels,
        )
    on_failure = options.on_failure or OnFailure(policy.on_failure)
    return _Ground(declared, tasks, sizes, on_failure, options.at_once or policy.at_once, agreed)


def _read_plans(file: Path, choices: "Choices") -> "FleetPlanReport":
    from qtctl.adapters.files import read_text
    from qtctl.reports.plan_fleet import read

    check_plan_choices(choices)
    return read(read_text(file), str(file))


def _find_choices(agreed: "FleetPlanReport", target: str, declared: "Declared", file: str) -> "Choices":
    """InputError if the saved plans do not have this host, or were made from another registry."""
    from qtctl.api.plan import find_choices

    return find_choices(agreed, target, declared.desired, file)


def _is_agreed(given: FleetDeploy, ground: _Ground) -> bool:
    """Shows the plans and the batches, and asks. Nobody is asked if nothing changes."""
    from qtctl.reports.host_names import fold_names
    from qtctl.reports.phrases import format_count
    from qtctl.reports.plan_fleet_page import build_screen

    changing = [each.target for each in ground.plans if each.changes]
    if given.format_ == "table":
        report = _report_plans(ground, given.choices)
        show(tuple(build_screen(report, _map_plans(ground), verbose=given.verbose)))
    if not changing:
        return True
    question = f"Change {format_count(len(changing), 'host')}: {fold_names(changing)}?"
    return ask_before_change(question, given.format_, yes=given.yes)


def _map_plans(ground: _Ground) -> "dict[str, Plan]":
    return {each.target: each.plan for each in ground.plans if each.plan is not None}


def _report_plans(ground: _Ground, choices: "Choices") -> "FleetPlanReport":
    from qtctl.meaning.registry_digest import digest_registry
    from qtctl.reports.plan_fleet import build_report

    found: dict[str, Plan | Reason] = {}
    for each in ground.plans:
        if each.plan is not None:
            found[each.target] = each.plan
        elif each.error is not None:
            found[each.target] = each.error
    return build_report(
        found,
        choices,
        ground.batches,
        fleet=ground.fleet,
        hosts={target: each.desired.host for target, each in ground.declared.items()},
        registries={target: digest_registry(each.desired) for target, each in ground.declared.items()},
        nonce=token_hex(16),
        exit_code=decide(map(choose_host_plan_exit, ground.plans)),
    )


def _complain_of_refused(ground: _Ground, what: str, hint: str = "") -> None:
    """A line for each host that cannot be deployed, below one that counts them."""
    from qtctl.reports.deploy_text import describe_refusals
    from qtctl.reports.phrases import add_hint

    if not ground.refused:
        return
    lines = [f"{len(ground.refused)} of {len(ground.plans)} hosts cannot be deployed: {what}"]
    for each in ground.refused:
        if each.error is not None:
            lines.append(f"{each.target}: {add_hint(each.error.what, each.error.hint)}")
        elif each.plan is not None:
            lines += [f"{each.target}: {line}" for line in describe_refusals(each.plan.refusals, each.plan.host)]
    complain_of((*lines, hint) if hint else lines)


def _make_runs(ground: _Ground, end: HostEnd) -> "tuple[HostRun, ...]":
    """Hosts of which none was begun. `end`: of those that cannot be deployed."""
    from qtctl.api.rollout import decline, refuse
    from qtctl.fleet.rollout import HostRun

    numbers = {host: number for number, batch in enumerate(ground.batches, 1) for host in batch}
    return tuple(
        HostRun(each.target, numbers.get(each.target, 0), refuse(each, end) if each.refused else decline(each))
        for each in ground.plans
    )


def _end(given: FleetDeploy, ground: _Ground, runs: "Sequence[HostRun]", *, rollout: str, interrupted: bool) -> Exit:
    """The report on stdout; on stderr, in every format, why hosts are not as declared."""
    from qtctl.reports import rollout as reports
    from qtctl.reports.rollout_page import build_screen
    from qtctl.reports.rollout_view import build_view
    from qtctl.reports.view import name_under

    codes = {run.host: choose_host_exit(run) for run in runs}
    code = choose_rollout_exit(codes.values(), interrupted=interrupted)
    report = reports.build_report(
        [_make_row(ground.declared[run.host], run, codes[run.host]) for run in runs],
        ground.batches,
        fleet=ground.fleet,
        rollout=rollout,
        on_failure=ground.on_failure,
        interrupted=interrupted,
        exit_code=code,
    )
    if given.format_ == "table":
        show(build_screen(report))
    else:
        placed = {run.host: _add_places(ground.declared[run.host], run.deploy) for run in runs}
        outstanding = {host: outcome.outstanding for host, outcome in placed.items() if outcome is not None}
        homes = {target: each.host_place for target, each in ground.declared.items()}
        present(build_view(report, outstanding, name_under(given.registry, given.templates), homes), given.format_)
    for run in runs if rollout else ():
        _complain_of_host(run)
    if interrupted:
        complain("interrupted")
    return code


def _complain_of_host(run: "HostRun") -> None:
    """Why it is not as declared. What is left out was named before."""
    from qtctl.reports.deploy_text import describe_problems
    from qtctl.reports.phrases import add_hint

    for each in (run.deploy, run.rollback):
        if each is None or run.end is HostEnd.LEFT_OUT:
            continue
        if each.outcome is None:
            if each.error is not None:
                complain_of((f"{run.host}: {add_hint(each.error.what, each.error.hint)}",))
            continue
        complain_of(describe_problems(each.outcome))
        for warning in each.outcome.warnings:
            complain(f"warning: {run.host}: {warning}")


def _make_row(declared: "Declared", run: "HostRun", code: Exit) -> "RolledHost":
    from qtctl.reports.rollout import RolledHost

    ended = run.rollback if run.rollback is not None and not run.rollback.good else run.deploy
    return RolledHost(
        host=declared.desired.host,
        address=run.host,
        batch=run.batch,
        end=run.end,
        exit_code=code,
        reason=ended.reason if ended is not None else None,
        deploy=_add_places(declared, run.deploy),
        rollback=_add_places(declared, run.rollback),
    )


def _add_places(declared: "Declared", ended: "Ended | None") -> "DeployOutcome | None":
    from qtctl.flows.audit import add_place

    if ended is None or ended.outcome is None:
        return None
    placed = tuple(add_place(declared, each) for each in ended.outcome.outstanding)
    return replace(ended.outcome, outstanding=placed)
