"""qtctl render: the files that a host must have, written to a folder."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import AsOption, RegistryOption, TemplatesOption, locate_registry
from qtctl.cli.output import tell


def render(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to write; below it, paths are as on the host.")
    ],
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    as_name: AsOption = None,
) -> None:
    """Write every generated file of a host below DIR. The same registry gives the same bytes.

    Nothing is written if the host's systemd would refuse one of the units (QT118).

    Files from an earlier run that are no longer declared are removed and listed. qtctl knows them by its mark.
    """
    from qtctl.adapters.files import is_aside, remove_marked, write_tree
    from qtctl.api.registry import declare_loadable, list_files
    from qtctl.probes.files import MARK
    from qtctl.reports.phrases import format_count

    declared = declare_loadable(locate_registry(registry), templates=templates, as_name=as_name)
    files = list_files(declared)
    contents = {file.path.lstrip("/"): (file.content, int(file.mode, 8)) for file in files}
    write_tree(out, contents)
    tops = {"etc", *(path.partition("/")[0] for path in contents)}
    for gone in remove_marked(out, tops, MARK, contents):
        why = "an interrupted run left it" if is_aside(gone) else "it is no longer declared"
        tell(f"removed {gone}: {why}")
    units = sum(file.of_unit for file in files)
    envs = sum(file.kind == "env" for file in files)
    others = len(files) - units - envs
    counts = [
        format_count(units, "unit"),
        format_count(envs, "env file"),
        *([format_count(others, "other file")] if others else []),
    ]
    made = f"{', '.join(counts[:-1])} and {counts[-1]}"
    tell(f"{declared.desired.host}: {made} in {out}")


EXAMPLES = (
    "qtctl render --out rendered",
    "qtctl render --as web-2 --out rendered",
)
COMMAND = Command("render", 90, Panel.DECLARE, render, {"": EXAMPLES})
