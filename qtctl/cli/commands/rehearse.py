"""qtctl rehearse: what a deploy to a host would do, tried on a throwaway host that is modelled on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import (
    FormatOption,
    OutFileOption,
    PruneOption,
    RegistryOption,
    TakeOverOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present, show_progress
from qtctl.cli.selecting import selects_one_host
from qtctl.errors import InputError

if TYPE_CHECKING:
    from qtctl.flows.declare import Loaded

EVIDENCE_HELP = "Evidence of the host (qtctl audit --save), or a snapshot. Default: the host is asked now, read-only."
FAILURE_HELP = (
    "Only this failure: kill, redis, reboot or disk-full; may be repeated. Default: those of policy.toml, else all."
)
SUITE_HELP = (
    "What the throwaway host runs: bookworm, trixie, bullseye or noble. Default: the host's release if it is built."
)


@selects_one_host
def rehearse(
    host: str,
    evidence: Annotated[Path | None, typer.Option("--evidence", metavar="FILE", help=EVIDENCE_HELP)] = None,
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    user: UserOption = None,
    failure: Annotated[list[str] | None, typer.Option("--failure", metavar="NAME", help=FAILURE_HELP)] = None,
    suite: Annotated[str | None, typer.Option("--suite", metavar="SUITE", help=SUITE_HELP)] = None,
    take_over: TakeOverOption = False,
    prune: PruneOption = False,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Try a deploy and what comes after it on a throwaway host made like the real one, and leave nothing behind.

    It deploys what the host has now, then the registry, kills every service, restarts Redis, reboots, fills the disk,
    audits after each, and rolls back. The report says how each step went and what was not modelled. Needs root.
    """
    from qtctl.api import rehearsal as api
    from qtctl.model.plan import Choices
    from qtctl.reports.rehearsal import build_report
    from qtctl.reports.rehearsal_findings import judge_rehearsal
    from qtctl.reports.rehearsal_view import build_view

    declared = _declare(locate_registry(registry), host, templates)
    failures = api.read_failures(failure, declared)
    api.check_machine(suite)
    raise_on_interrupt()
    with show_progress() as say:
        saved = api.read_saved(evidence) if evidence is not None else api.ask(declared, host, user=user, progress=say)
        api.check(saved, declared, str(evidence) if evidence is not None else "")
        done = api.rehearse(
            declared, saved, failures=failures, registry=locate_registry(registry), templates=templates,
            choices=Choices(take_over, prune), suite=suite, progress=say,
        )  # fmt: skip
    policy = api.make_policy(declared)
    findings = judge_rehearsal(done, policy)
    report = build_report(done, findings, policy.gate)
    present(build_view(report, findings), format_, out)
    raise typer.Exit(choose_exit(report.conclusion))


def _declare(folder: Path, host: str, templates: Path | None) -> "Loaded":
    """InputError for a host that the registry does not declare: what stands in for one is rehearsed as itself."""
    from qtctl.api.registry import declare_loadable, load
    from qtctl.dialects.nearest import Known

    hosts = load(folder).registry.hosts
    if host not in hosts:
        near = Known(hosts).suggest(host)
        hint = f"{near} hosts.toml has {', '.join(sorted(hosts))}".strip()
        raise InputError(f"{host} is not a host of the registry", hint=hint)
    return declare_loadable(folder, host, templates=templates)


EXAMPLES = (
    "qtctl rehearse --host web-1",
    "qtctl rehearse --host web-1 --evidence web-1.json",
    "qtctl rehearse --host web-1 --evidence web-1.json --failure reboot",
    "qtctl rehearse --host web-1 --evidence web-1.json --format junit --out r.xml",
)
COMMAND = Command("rehearse", 112, Panel.REHEARSE, rehearse, {"": EXAMPLES})
