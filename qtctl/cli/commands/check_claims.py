"""qtctl check-claims: what a hand-written document says, line by line: true, false or unknown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import (
    AsOption,
    FormatOption,
    FromOption,
    OutFileOption,
    RegistryOption,
    TemplatesOption,
    locate_registry,
)
from qtctl.cli.output import present

if TYPE_CHECKING:
    from qtctl.findings.policy import Policy
    from qtctl.model.claims import Known

FILE_HELP = "A document: Markdown, or JSON if its name ends in .json."


def check_claims(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP, show_default=False)],
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Check counts, sums, percentages, ports and states of a hand-written document, with a proof for each line.

    What contradicts the document itself needs nothing else. Give --registry, or --from, to compare it with a host.
    """
    from qtctl.api.claims import NO_POLICY, check, read
    from qtctl.reports.claims import build_report
    from qtctl.reports.claims_view import build_view

    document = read(file)
    alone = all(option is None for option in (registry, saved, as_name, templates))
    known, policy = (None, NO_POLICY) if alone else _make_known(registry, saved, as_name, templates)
    examined, findings = check(document, known, policy)
    report = build_report(examined, findings, known, policy.gate)
    present(build_view(report, findings), format_, out)
    raise typer.Exit(choose_exit(report.conclusion))


def _make_known(
    registry: Path | None, saved: Path | None, as_name: str | None, templates: Path | None
) -> "tuple[Known, Policy]":
    from qtctl.adapters.clock import SystemClock
    from qtctl.api import evidence
    from qtctl.api.claims import make_known, make_policy
    from qtctl.api.registry import declare
    from qtctl.collect.ledger import format_time

    declared = declare(locate_registry(registry), templates=templates, as_name=as_name)
    known = make_known(declared, evidence.read(saved, declared) if saved is not None else None)
    return known, make_policy(declared, format_time(SystemClock().now()))


EXAMPLES = (
    "qtctl check-claims inventory.md",
    "qtctl check-claims inventory.md --registry registry",
    "qtctl check-claims modules.json --from evidence.json --format github",
)
COMMAND = Command("check-claims", 165, Panel.LOOK, check_claims, {"": EXAMPLES})
