"""The commands that start, stop and restart units: what they share."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.deploy_output import ask_before_change
from qtctl.cli.exits import Exit, choose_control_exit, decide
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.option_groups import REQUIRED, Options, takes_group
from qtctl.cli.options import (
    AsOption,
    ControlFormatOption,
    RegistryOption,
    UserOption,
    YesOption,
    locate_registry,
)
from qtctl.cli.output import complain, present, show, show_progress
from qtctl.cli.selecting import Selected, selects_hosts_to_change
from qtctl.errors import InputError
from qtctl.flows.target import Target
from qtctl.model.control import ControlVerb
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.api.control import ControlTask
    from qtctl.cli.early_start import Started
    from qtctl.model.control import ControlOutcome, ControlPlan
    from qtctl.model.desired import Desired

UNITS_HELP = "Services, instances, units or targets, by name or pattern; a target stands for all that is in it."
UnitsArgument = Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help=UNITS_HELP)]
CategoryOption = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="NAME", help="All services of this category. Several: repeat it."),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why you do this: the host's journal records it.")
]
ControlAtOnceOption = Annotated[
    int | None, typer.Option("--at-once", metavar="N", min=1, max=100, help="Hosts at the same time (default: 8).")
]
ControlDeadlineOption = Annotated[
    float,
    typer.Option("--deadline", metavar="SECONDS", min=1, max=86400, help="How long the jobs of a host may take."),
]


@dataclass(frozen=True, slots=True)
class ControlOptions:
    """What the command line says besides the verb."""

    hosts: Selected
    units: Sequence[str]
    categories: Sequence[str]
    registry: Path
    as_name: str | None
    user: str | None
    reason: str
    at_once: int | None
    deadline: float
    format_: str
    yes: bool
    started: "Started | None" = None


_OPTIONS: Options = {
    "hosts": (Selected, REQUIRED),
    "units": (UnitsArgument, None),
    "category": (CategoryOption, None),
    "registry": (RegistryOption, None),
    "as_name": (AsOption, None),
    "user": (UserOption, None),
    "reason": (ReasonOption, ""),
    "at_once": (ControlAtOnceOption, None),
    "deadline": (ControlDeadlineOption, 120),
    "yes": (YesOption, False),
    "format_": (ControlFormatOption, "table"),
}


def takes_control_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of every action instead of its parameter `given`, which is a ControlOptions."""
    return selects_hosts_to_change(takes_group(command, "given", _OPTIONS, _make_options))


def _make_options(
    context: typer.Context,
    *,
    units: list[str] | None,
    category: list[str] | None,
    registry: Path | None,
    **others: Any,  # noqa: ANN401 - fields of ControlOptions, as they are
) -> ControlOptions:
    folder, started = locate_registry(registry), context.obj
    return ControlOptions(units=units or (), categories=category or (), registry=folder, started=started, **others)


def make_control_command(verb: ControlVerb, place: int, summary: str) -> Command:
    """The command of a verb that takes no options besides those of every action. `summary` is its help."""

    def control(given: ControlOptions) -> None:
        raise typer.Exit(run_control(verb, given))

    control.__name__, control.__doc__ = verb.replace("-", "_"), summary
    return Command(verb, place, Panel.OPERATE, takes_control_options(control), {"": list_examples(verb)})


def list_examples(verb: ControlVerb) -> tuple[str, ...]:
    return (
        f"qtctl {verb} ai-engine --host lab1",
        f"qtctl {verb} quantum-core.target --host lab1 --yes",
        f"qtctl {verb} --category api --tag web",
    )


def run_control(verb: ControlVerb, given: ControlOptions, signal: int = 0) -> Exit:
    """Show what would be done, ask, do it, and show how it ended."""
    if not given.yes and given.format_ != "table":
        raise InputError(f"--format {given.format_} cannot ask, so nothing was done", hint="give --yes")
    found = _control_one(verb, given, signal) if given.hosts.alone else _control_several(verb, given, signal)
    return _end(verb, given, found)


def _make_tasks(
    verb: ControlVerb, given: ControlOptions, hosts: "Mapping[str, Desired]", signal: int
) -> "list[ControlTask]":
    from qtctl.api.control import ControlTask, make_requests

    found = make_requests(hosts, verb, given.units, given.categories, signal=signal, reason=given.reason)
    return [
        ControlTask(target, hosts[target], request, given.user, given.registry, given.deadline)
        for target, request in found.items()
    ]


def tell_left_out(hosts: Iterable[str], asked: Collection[str]) -> None:
    """Of the selected hosts, those that have nothing of what is named."""
    from qtctl.reports.host_names import fold_names

    if left_out := tuple(name for name in hosts if name not in asked):
        complain(f"nothing of that is declared for {fold_names(left_out)}: left out")


def _control_one(verb: ControlVerb, given: ControlOptions, signal: int) -> "list[tuple[str, ControlOutcome]]":
    from qtctl.cli.early_start import reuse_reaching

    target = given.hosts.names[0]
    wanted = Target(given.registry, target, given.as_name, given.user)
    with reuse_reaching(given.started, wanted, "deploy", given.deadline) as reaching:
        desired = reaching.declare().desired
        from qtctl.api.control import begin, control

        (task,) = _make_tasks(verb, given, {target: desired}, signal)
        begin(task, reaching)
        with show_progress() as say:
            say(begun(target, Stage.CONNECT))
            import_module("qtctl.reports.control_view")

            begun_on: list[str] = []

            def confirm(plan: "ControlPlan") -> bool:
                say.clear()
                agreed = _confirm([(target, plan)], given)
                begun_on.extend([target] if agreed else [])
                return agreed

            raise_on_interrupt()
            with _telling_what_goes_on(begun_on):
                return [(target, control(task, confirm=confirm, reaching=reaching))]


@contextmanager
def _telling_what_goes_on(hosts: Sequence[str]) -> Iterator[None]:
    """An interrupt ends qtctl, and none of the jobs that it had queued on these hosts."""
    try:
        yield
    except KeyboardInterrupt:
        if not hosts:
            raise
        from qtctl.reports.host_names import fold_names

        queued = f"jobs that were queued on {fold_names(hosts)} go on there (`qtctl status` shows them)"
        raise KeyboardInterrupt(f"interrupted: {queued}") from None


def _confirm(plans: "Sequence[tuple[str, ControlPlan]]", given: ControlOptions) -> bool:
    from qtctl.reports.control_view import build_plan
    from qtctl.reports.phrases import fold_names, format_count

    if given.format_ == "table":
        show(tuple(block for target, plan in plans for block in build_plan(target, plan)))
    names = [target for target, _ in plans]
    what = names[0] if len(names) == 1 else f"{format_count(len(names), 'host')}: {fold_names(names)}"
    against = " This contradicts the registry." if any(plan.contradictions for _, plan in plans) else ""
    verb = plans[0][1].request.verb
    return ask_before_change(f"Do that ({verb}) on {what}?{against}", given.format_, yes=given.yes)


def _control_several(verb: ControlVerb, given: ControlOptions, signal: int) -> "list[tuple[str, ControlOutcome]]":
    from qtctl.api import control as api
    from qtctl.api.registry import load
    from qtctl.api.rollout import declare_hosts
    from qtctl.engines.relay import watch
    from qtctl.model.control import ControlOutcome, ControlPlan, ControlStatus

    declared = declare_hosts(load(given.registry), given.hosts.names)
    tasks = _make_tasks(verb, given, {target: each.desired for target, each in declared.items()}, signal)
    tell_left_out(declared, [task.target for task in tasks])
    engine = api.start_engine(given.at_once or api.AT_ONCE, given.deadline)
    try:
        with show_progress(named=True) as say:
            watch(engine, say)
            raise_on_interrupt()
            say(begun("", Stage.CONNECT, f"looking at {len(tasks)} hosts"))
            planned = api.plan_hosts(engine, tasks, say)
            say.clear()
            plans = [
                (task.target, plan) for task, plan in zip(tasks, planned, strict=True) if isinstance(plan, ControlPlan)
            ]
            ends: dict[str, ControlOutcome] = {
                task.target: end for task, end in zip(tasks, planned, strict=True) if isinstance(end, ControlOutcome)
            }
            agreed = bool(plans) and _confirm(plans, given)
            shown = dict(plans)
            going = [replace(task, agreed=shown[task.target]) for task in tasks if task.target in shown]
            if agreed:
                with _telling_what_goes_on([task.target for task in going]):
                    done = api.control_hosts(engine, going, say)
                ends |= {task.target: end for task, end in zip(going, done, strict=True)}
            else:
                ends |= {target: ControlOutcome(plan.host, ControlStatus.DECLINED, plan) for target, plan in plans}
    finally:
        engine.shutdown(wait=False, cancel_futures=True)
    return [(task.target, ends[task.target]) for task in tasks]


def _end(verb: ControlVerb, given: ControlOptions, found: "list[tuple[str, ControlOutcome]]") -> Exit:
    """The results on stdout; on stderr, in every format, what did not go well."""
    from qtctl.reports.blocks import Section
    from qtctl.reports.control import build_report
    from qtctl.reports.control_view import build_results, build_view

    code = decide(choose_control_exit(end) for _, end in found)
    report = build_report(found, verb, given.reason, exit_code=code)
    if given.format_ != "table":
        present(build_view(report), given.format_)
    elif len(report.hosts) == 1:
        show(tuple(build_results(verb, report.hosts[0])))
    else:
        show(tuple(Section(host.address, tuple(build_results(verb, host))) for host in report.hosts))
    for target, end in found:
        for each in (*end.warnings, *_list_problems(end)):
            complain(f"{target}: {each}")
    return code


def _list_problems(end: "ControlOutcome") -> list[str]:
    from qtctl.reports.phrases import add_hint

    said = [add_hint(end.why, end.hint)] if end.why else []
    return said + [f"{each.unit}: {each.end}{': ' + each.detail if each.detail else ''}" for each in end.list_bad()]
