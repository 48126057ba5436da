"""qtctl notify: tell channels what is new, worse and recovered, each thing once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.audit_fleet import FleetSource, open_hosts
from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, choose_whole_exit
from qtctl.cli.options import (
    AtOnceOption,
    EngineOption,
    HostDeadlineOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    choose_engine,
    locate_registry,
)
from qtctl.cli.output import complain, make_harmless, tell, withhold
from qtctl.cli.selecting import selects_hosts
from qtctl.errors import InputError
from qtctl.model.selection import HostSelection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtctl.api.notify import Delivery
    from qtctl.findings.finding import Finding
    from qtctl.reports.audit import AuditReport

CHANNELS_HELP = (
    "The file that says where notifications go, when and how many. Only you and root may be able to change it."
)
STATE_HELP = "What channels have been sent so far. Default: qtctl/notify.json in XDG_STATE_HOME."
SAVED_HELP = "Saved evidence of a host, instead of asking hosts; may be repeated."


@selects_hosts
def notify(
    wanted: HostSelection,
    channels: Annotated[Path, typer.Option("--channels", metavar="FILE", help=CHANNELS_HELP)] = Path(
        "/etc/qtctl/notify.toml"
    ),
    state: Annotated[Path | None, typer.Option("--state", metavar="FILE", help=STATE_HELP)] = None,
    saved: Annotated[list[Path] | None, typer.Option("--from", metavar="FILE", help=SAVED_HELP)] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Show what would be sent. Nothing is sent or written.")
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
) -> None:
    """Audit hosts, and notify channels of what is new, worse or recovered since the last time.

    Findings with one cause are one notification. Exit 0 if everything that is due was delivered, whatever was found.
    """
    from time import time

    from qtctl.api import notify as api
    from qtctl.api.registry import load

    if bool(saved) == wanted.given:
        what = "hosts and --from are both given" if saved else "say which hosts are audited"
        raise InputError(what, hint="--host, --tag or --all-hosts, or --from FILE")
    folder = locate_registry(registry)
    found = api.read_channels(channels, os.environ)
    withhold(*(secret for channel in found.channels for secret in channel.secrets))
    loaded = load(folder).registry
    with api.open_state(api.locate_state(state, dict(os.environ))) as known:
        chosen = FleetSource(folder, wanted, user, templates, become, at_once, deadline, choose_engine(engine))
        reports, compared = _read(folder, saved, templates) if saved else _ask(chosen)
        problems = api.find_problems(reports, compared, loaded.hosts)
        now_s = time()
        if dry_run:
            raise typer.Exit(_report(api.preview(found, known, problems, now_s), would=True))
        run = api.Run(loaded.fleet.name, now_s, _format_now(now_s), make_harmless)
        raise typer.Exit(_report(api.notify(found, known, problems, run), would=False))


def _format_now(now_s: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(now_s), UTC).isoformat().replace("+00:00", "Z")


def _read(
    folder: Path, saved: "list[Path]", templates: Path | None
) -> "tuple[list[AuditReport], tuple[Finding, ...] | None]":
    from qtctl.api.metrics import judge_saved

    return [judge_saved(folder, each, templates).report for each in saved], None


def _ask(chosen: FleetSource) -> "tuple[list[AuditReport], tuple[Finding, ...] | None]":
    from qtctl.api import fleet
    from qtctl.fleet.examine import Judging

    with open_hosts(chosen, Judging()) as hosts:
        results = sorted(hosts.results, key=lambda each: each.number)
        latest = max(each.report.taken_at for each in results)
        compared = fleet.compare(hosts.basis, [each.traits for each in results], latest)
    return [each.report for each in results], compared


def _report(deliveries: "Iterable[Delivery]", *, would: bool) -> Exit:
    """A line for each notification; exit 3 if one did not go out, or may not have."""
    from qtctl.api.notify import Sent

    good = True
    for each in deliveries:
        if each.waiting:
            tell(f"{each.channel}: {each.waiting} waiting (limit of the hour, or quiet hours)")
        elif would:
            tell(f"{each.channel}: would send: {each.said}")
        elif each.sent is Sent.DELIVERED:
            tell(f"{each.channel}: sent: {each.said}")
        else:
            good = False
            again = (
                "it will be tried again"
                if each.sent is Sent.NOT_SENT
                else "it may not have arrived, and is not sent again"
            )
            complain(f"{each.channel}: {each.why}: {again}: {each.said}")
    return choose_whole_exit(good)


EXAMPLES = (
    "qtctl notify --all-hosts",
    "qtctl notify --all-hosts --dry-run",
    "qtctl notify --tag web --channels notify.toml --state told.json",
    "qtctl notify --from evidence.json --channels notify.toml",
)
COMMAND = Command("notify", 159, Panel.LOOK, notify, {"": EXAMPLES})
