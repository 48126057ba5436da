"""qtctl logs: what services of one host or of many wrote to their journals, by time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, choose_whole_exit
from qtctl.cli.options import (
    AsOption,
    AtOnceOption,
    HostDeadlineOption,
    RegistryOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import check_reader, complain, show_progress, write_lines, write_pieces
from qtctl.cli.selecting import selects_hosts
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun
from qtctl.model.log_line import PRIORITIES, HostLog, LogLine, LogRequest, LogState
from qtctl.model.selection import HostSelection

if TYPE_CHECKING:
    from pathlib import Path

    from qtctl.api.registry import LoadedRegistry
    from qtctl.cli.log_lines import LinePrinter
    from qtctl.fleet.logs import Followed, LogTask

T = TypeVar("T")

FORMATS = ("text", "json", "jsonl")
NEWEST, NEWEST_FOLLOWED = 200, 10
"""Lines that are shown if neither a time nor a number is given."""
MOST_LINES = 100_000
"""For -n: of all hosts together."""
LONGEST_PATTERN = 1000
AT_A_TIME = 500
WANTED_HELP = (
    "Services, instances, targets (for their services), other units, or @TAG (for the services of its hosts). "
    "Default: all services."
)
GREP_HELP = "Only messages that match this pattern (PCRE2, as journalctl has it; without capitals, case is ignored)."
FORMAT_HELP = "text, json, or jsonl (one object per line). Default: text."


def _check_priority(given: str | None) -> str | None:
    if given is None or given in PRIORITIES or (given.isdecimal() and given in map(str, range(len(PRIORITIES)))):
        return given
    raise typer.BadParameter(f"{given!r} is not one of {', '.join(PRIORITIES)}, and no number from 0 to 7")


def _check_pattern(given: str) -> str:
    if len(given) > LONGEST_PATTERN or not given.isprintable():
        raise typer.BadParameter(f"a pattern is printable, and has at most {LONGEST_PATTERN} characters")
    return given


def _check_format(given: str) -> str:
    if given not in FORMATS:
        raise typer.BadParameter(f"{given!r} is not one of {', '.join(map(repr, FORMATS))}")
    return given


@selects_hosts
def logs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE|TARGET|@TAG]", help=WANTED_HELP, show_default=False)
    ] = None,
    *,
    wanted: HostSelection,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", metavar="", help="Go on with new lines until interrupted.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Start time, by this machine's clock: -1h, 08:30, yesterday."),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="End time, as for --since.")] = None,
    priority: Annotated[
        str | None,
        typer.Option(
            "--priority",
            "-p",
            metavar="LEVEL",
            callback=_check_priority,
            help="Only this urgent, or more: err, warning.",
        ),
    ] = None,
    grep: Annotated[str, typer.Option("--grep", "-g", metavar="PATTERN", callback=_check_pattern, help=GREP_HELP)] = "",
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            "-n",
            metavar="N",
            min=0,
            max=MOST_LINES,
            help="Only the newest N lines of all hosts together. Default: 200 (with -f: 10), unless --since is given.",
        ),
    ] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    at_once: AtOnceOption = None,
    deadline: HostDeadlineOption = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", callback=_check_format, help=FORMAT_HELP)
    ] = "text",
) -> None:
    """Show what services wrote to their journals, merged by time across services and hosts.

    The clock of each host is compared with this machine's in the same run, so that lines are in the right order even if
    a clock is wrong.
    """
    from qtctl.api import logs as api

    if follow and format_ == "json":
        raise InputError("--follow has no format json: it never ends", hint="use --format jsonl")
    if follow and until is not None:
        raise InputError("--follow and --until are both given", hint="give one of the two")
    request = _make_request(since, until, priority, grep, lines, follow=follow)
    loaded, targets = select_targets(locate_registry(registry), wanted, as_name)
    tasks = api.plan_tasks(loaded, targets, tuple(names or ()), user=user, as_name=as_name)
    at_once = at_once or api.AT_ONCE
    if follow:
        raise typer.Exit(_follow(tasks, request, format_, at_once))
    with show_progress() as say:
        say(begun("", Stage.COLLECT, f"reading {_count(tasks)}"))
        answers = api.read(tasks, request, at_once=at_once, deadline_s=deadline or api.DEADLINE_S)
    _print(tasks, api.merge(answers, request), answers, format_)
    for each in answers:
        _complain_of(each)
    raise typer.Exit(choose_whole_exit(all(map(_is_whole, answers))))


def select_targets(
    registry: "Path", wanted: HostSelection, as_name: str | None
) -> "tuple[LoadedRegistry, tuple[str, ...]]":
    """The registry, and the selected hosts as they were named. InputError if none is selected, or one is unknown."""
    from qtctl.api import fleet
    from qtctl.api.registry import load

    if not wanted.given:
        raise InputError("no host is selected", hint="name hosts with --host, --tag or --all-hosts")
    if as_name is not None and wanted.single is None:
        raise InputError("--as is for a host that --host names", hint="name the one host that stands in for it")
    loaded = load(registry)
    return loaded, (wanted.single,) if wanted.single is not None else fleet.select_hosts(loaded, wanted)


def _make_request(
    since: str | None, until: str | None, priority: str | None, grep: str, lines: int | None, *, follow: bool
) -> LogRequest:
    from qtctl.dialects.moments import parse_moment

    now = datetime.now().astimezone()
    if lines is None and since is None:
        lines = NEWEST_FOLLOWED if follow else NEWEST
    level = None if priority is None else (int(priority) if priority.isdecimal() else PRIORITIES.index(priority))
    begin = None if since is None else parse_moment(since, now)
    end = None if until is None else parse_moment(until, now)
    if begin is not None and end is not None and begin > end:
        raise InputError(f"--since {since} is later than --until {until}", hint="exchange them")
    return LogRequest(begin, end, level, grep, lines, follow)


def _print(tasks: "tuple[LogTask, ...]", lines: list[LogLine], answers: tuple[HostLog, ...], format_: str) -> None:
    from qtctl.reports.log_lines import write_array, write_object

    if format_ == "text":
        printer = _make_printer(tasks)
        for some in _split(lines):
            printer.print(some)
    elif format_ == "json":
        write_pieces(write_array((*lines, *answers)))
    else:
        every: list[Followed] = [*lines, *answers]
        for objects in _split(every):
            write_lines(map(write_object, objects))


def _follow(tasks: "tuple[LogTask, ...]", request: LogRequest, format_: str, at_once: int) -> Exit:
    from qtctl.api import logs as api

    show = _show_objects if format_ == "jsonl" else _make_printer(tasks).print
    known: dict[str, LogState] = {}
    for each in api.follow(tasks, request, at_once=at_once, stopped=check_reader):
        if isinstance(each, HostLog):
            _tell_change(each, known)
        if isinstance(each, LogLine) or format_ == "jsonl":
            show([each])  # type: ignore[list-item]
    return choose_whole_exit(False)


def _tell_change(host: HostLog, known: dict[str, LogState]) -> None:
    """On stderr: why no lines of a host come, and that they come again."""
    before = known.get(host.host)
    known[host.host] = host.state
    if host.state is LogState.UNKNOWN:
        _complain_of(host)
    elif before is LogState.UNKNOWN:
        complain(f"{host.host}: connected again")


def _show_objects(each: "Iterable[Followed]") -> None:
    from qtctl.reports.log_lines import write_object

    write_lines(map(write_object, each))


def _make_printer(tasks: "tuple[LogTask, ...]") -> "LinePrinter":
    from qtctl.cli.log_lines import LinePrinter

    return LinePrinter((each.route.target for each in tasks), (name for each in tasks for name in each.units.values()))


def _split(every: Sequence[T]) -> Iterator[Sequence[T]]:
    return (every[at : at + AT_A_TIME] for at in range(0, len(every), AT_A_TIME))


def _complain_of(host: HostLog) -> None:
    hint = f" ({host.hint})" if host.hint else ""
    if host.state is not LogState.COMPLETE:
        complain(f"{host.host}: {host.state.value.upper()}: {host.why}{hint}")
    if host.left_out:
        complain(f"{host.host}: {host.left_out} lines were left out: too long, or not as journalctl writes them")


def _is_whole(host: HostLog) -> bool:
    return host.state is LogState.COMPLETE and not host.left_out


def _count(tasks: "tuple[LogTask, ...]") -> str:
    return f"the journal of {tasks[0].route.target}" if len(tasks) == 1 else f"the journals of {len(tasks)} hosts"


EXAMPLES = (
    "qtctl logs ai-engine --host web-1 --since -1h --priority warning",
    "qtctl logs --all-hosts --since 08:30 --until 08:45 --grep timeout",
    "qtctl logs @workers --tag workers -f",
)
COMMAND = Command("logs", 166, Panel.LOOK, logs, {"": EXAMPLES})
