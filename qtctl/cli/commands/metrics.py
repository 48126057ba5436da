"""qtctl metrics: what an audit finds as metrics for Prometheus, with alert rules and a dashboard for them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.audit_fleet import FleetSource, open_hosts
from qtctl.cli.command import Command, Panel
from qtctl.cli.interrupt import Interrupts
from qtctl.cli.options import (
    AtOnceOption,
    EngineOption,
    HostDeadlineOption,
    OutFileOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    choose_engine,
    locate_registry,
)
from qtctl.cli.output import complain, make_safe, write
from qtctl.cli.selecting import selects_hosts
from qtctl.errors import InputError, QtctlError
from qtctl.model.selection import HostSelection

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.api.metrics import Endpoint
    from qtctl.model.measures import Measure

EVERY_S = 60
POLL_S = 0.2
SAVED_HELP = "Saved evidence of a host, instead of asking hosts; may be repeated."
TEXTFILE_HELP = "Write the metrics to FILE, atomically, for the textfile collector of the node exporter."
LISTEN_HELP = "Audit at regular intervals, and serve the metrics at http://ADDR:PORT/metrics."
REMOTE_HELP = "Let --listen take an address that other machines can reach; all of them can read the metrics."
EVERY_HELP = (
    f"How often hosts are audited: with --listen it decides, for --rules it says what is late. Default: {EVERY_S}."
)


@selects_hosts
def metrics(
    wanted: HostSelection,
    saved: Annotated[list[Path] | None, typer.Option("--from", metavar="FILE", help=SAVED_HELP)] = None,
    textfile: Annotated[Path | None, typer.Option("--textfile", metavar="FILE", help=TEXTFILE_HELP)] = None,
    listen: Annotated[str | None, typer.Option("--listen", metavar="ADDR:PORT", help=LISTEN_HELP)] = None,
    remote: Annotated[bool, typer.Option("--allow-remote", metavar="", help=REMOTE_HELP)] = False,
    every: Annotated[int | None, typer.Option("--every", metavar="SECONDS", min=1, max=86400, help=EVERY_HELP)] = None,
    rules: Annotated[
        bool, typer.Option("--rules", metavar="", help="Write alert rules for Prometheus. No host is asked.")
    ] = False,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", metavar="", help="Write a dashboard for Grafana. No host is asked.")
    ] = False,
    registry: RegistryOption = None,
    user: UserOption = None,
    become: Annotated[
        bool, typer.Option("--become", metavar="", help="Also audit, through sudo -n, what only root can see.")
    ] = False,
    at_once: AtOnceOption = None,
    deadline: HostDeadlineOption = None,
    templates: TemplatesOption = None,
    engine: EngineOption = None,
    out: OutFileOption = None,
) -> None:
    """Audit hosts and write what was found as metrics for Prometheus, by default on stdout.

    Exit 0 once they are written, whatever the audit found: its verdict is one of them."""
    folder = locate_registry(registry)
    _check_one_way(textfile, listen, rules=rules, dashboard=dashboard, out=out)
    if every is not None and listen is None and not rules:
        raise InputError("--every is for --listen and --rules", hint="a timer runs it again: `qtctl schedule metrics`")
    if remote and listen is None:
        raise InputError("--allow-remote is for --listen", hint="leave it out")
    every = every or EVERY_S
    if rules or dashboard:
        _write_generated(folder, wanted, saved, every if rules else None, out)
        return
    _check_source(wanted, saved, listen)
    if textfile is not None:
        from qtctl.adapters.files import check_writable

        check_writable(textfile)
    chosen = FleetSource(folder, wanted, user, templates, become, at_once, deadline, choose_engine(engine))
    if listen is not None:
        _serve(chosen, listen, every, remote=remote)
        return
    _write_text(_measure_saved(folder, saved, templates) if saved else _measure_hosts(chosen), textfile or out)


def _check_source(wanted: HostSelection, saved: "list[Path] | None", listen: str | None) -> None:
    if bool(saved) == wanted.given:
        what = "hosts and --from are both given" if saved else "say which hosts are measured"
        raise InputError(what, hint="--host, --tag or --all-hosts, or --from FILE")
    if saved and listen is not None:
        raise InputError("--listen asks hosts, and --from names saved evidence", hint="use --textfile for it")


def _check_one_way(
    textfile: Path | None, listen: str | None, *, rules: bool, dashboard: bool, out: Path | None
) -> None:
    """InputError if the options name several outputs."""
    named = {
        "--textfile": textfile is not None,
        "--listen": listen is not None,
        "--rules": rules,
        "--dashboard": dashboard,
    }
    given = [name for name, is_given in named.items() if is_given]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} are both given", hint="give one of them")
    if out is not None and given and given[0] in ("--textfile", "--listen"):
        raise InputError(f"{given[0]} and --out are both given", hint="give one of them")


def _write_generated(
    folder: Path, wanted: HostSelection, saved: "list[Path] | None", every: int | None, out: Path | None
) -> None:
    """Alert rules if `every` is given, else a dashboard; for all hosts, unless some are selected."""
    from qtctl.api import fleet
    from qtctl.api import metrics as api
    from qtctl.api.registry import load

    if saved:
        raise InputError("--from is for metrics", hint="rules and dashboards come from the registry alone")
    loaded = load(folder)
    hosts = fleet.select_hosts(loaded, wanted if wanted.given else HostSelection((), every=True))
    text = api.build_dashboard(loaded, hosts) if every is None else api.build_rules(loaded, hosts, every)
    write(text, out)


def _measure_saved(folder: Path, saved: "list[Path]", templates: Path | None) -> "list[Measure]":
    from qtctl.api import metrics as api

    found: dict[str, tuple[Measure, ...]] = {}
    for each in saved:
        judged = api.judge_saved(folder, each, templates)
        if judged.report.address in found:
            hint = "give each host once"
            raise InputError(f"two files have evidence of {judged.report.address}", hint=hint)
        found[judged.report.address] = judged.measures
    return [each for measures in found.values() for each in measures]


def _measure_hosts(chosen: FleetSource, interrupted: "Callable[[], bool] | None" = None) -> "list[Measure]":
    """`interrupted`: whether to end, of a service; it shows no progress, which would fill its journal."""
    from qtctl.fleet.examine import Judging

    judging = Judging(with_measures=True)
    with open_hosts(
        chosen, judging, interrupted=interrupted or (lambda: False), quiet=interrupted is not None
    ) as hosts:
        return [each for result in hosts.results for each in result.measures]


def _write_text(found: "list[Measure]", to: Path | None) -> None:
    from qtctl.api.metrics import write_metrics

    write(write_metrics(found), to)


def _serve(chosen: FleetSource, listen: str, every: int, *, remote: bool) -> None:
    """Until it is ended by SIGTERM or Ctrl-C, which is how it is meant to end."""
    from qtctl.api import metrics as api

    address, port = api.check_place(listen, remote=remote)
    interrupts = Interrupts.count()
    with api.Endpoint(address, port) as endpoint:
        complain(f"metrics at http://{listen}/metrics, of an audit every {every} s")
        found = _measure_hosts(chosen, lambda: bool(interrupts()))
        endpoint.publish(make_safe(api.write_metrics(found)))
        while not interrupts():
            began = time.monotonic()
            while not interrupts() and time.monotonic() - began < every:
                time.sleep(POLL_S)
            if not interrupts():
                found = _measure_again(chosen, found, endpoint, lambda: bool(interrupts()))


def _measure_again(
    chosen: FleetSource, before: "list[Measure]", endpoint: "Endpoint", interrupted: "Callable[[], bool]"
) -> "list[Measure]":
    """A round that fails, as with a registry that somebody is editing, leaves the values of the last one."""
    from qtctl.api import metrics as api

    try:
        found = _measure_hosts(chosen, interrupted)
    except QtctlError as error:
        complain(f"this round failed: {error.lines[0]}")
        endpoint.publish(make_safe(api.write_metrics(before, failed=True)))
        return before
    if not interrupted():
        endpoint.publish(make_safe(api.write_metrics(found)))
    return found


EXAMPLES = (
    "qtctl metrics --host lab1",
    "qtctl metrics --all-hosts --textfile qtctl.prom",
    "qtctl metrics --all-hosts --listen 127.0.0.1:9810 --every 60",
    "qtctl metrics --from evidence.json",
    "qtctl metrics --rules --every 60 --out qtctl-rules.yml",
    "qtctl metrics --dashboard --out qtctl-dashboard.json",
)
COMMAND = Command("metrics", 158, Panel.LOOK, metrics, {"": EXAMPLES})
