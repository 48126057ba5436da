"""qtctl audit: a live host, or saved evidence, against the registry."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.exits import of_conclusion
from qtctl.cli.options import (
    AsOption,
    FormatOption,
    FromOption,
    OptionalHostOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    registry_folder,
)
from qtctl.cli.output import present


def audit(
    context: typer.Context,
    host: OptionalHostOption = None,
    saved: FromOption = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep the evidence.")] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    every: Annotated[bool, typer.Option("--all", metavar="", help="Show what holds, too.")] = False,
) -> None:
    """Compare a host with what the registry declares, read-only, with a proof for every line."""
    from qtctl.adapters.files import check_writable
    from qtctl.cli.evidence import Source, gather
    from qtctl.cli.evidence import save as keep

    if save is not None:
        check_writable(save)
    source = Source(registry_folder(registry), templates, host, saved, as_name, user)
    declared, evidence = gather(source, context.obj, lambda: import_module("qtctl.report.audit"))
    from qtctl.flows.audit import judged
    from qtctl.report.audit import build, to_json
    from qtctl.report.audit_markdown import to_markdown

    if save is not None:
        keep(evidence, save)
    checks = judged(declared, evidence)
    report = build(declared.desired, evidence, checks, every=every)

    def tables() -> None:
        from qtctl.cli.audit_table import show

        show(report)

    present(format_, lambda: to_json(report), lambda: to_markdown(report), tables)
    raise typer.Exit(of_conclusion(report.verdict))
