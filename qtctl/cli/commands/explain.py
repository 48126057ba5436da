"""qtctl explain: what a finding means, why it matters, how to fix it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import RegistryOption, locate_registry
from qtctl.cli.output import tell
from qtctl.dialects.lines import split_lines

if TYPE_CHECKING:
    from qtctl.rules.rule import Rule


def explain(
    id_: Annotated[
        str | None, typer.Argument(metavar="ID", help="For example QT505; without it, all are listed.")
    ] = None,
    registry: RegistryOption = None,
) -> None:
    """Explain what a finding is, why it matters and how to fix it; for QT9xx, what the registry says about it."""
    from qtctl.rules.explain import explain as text_of
    from qtctl.rules.explain import write_catalogue

    own = _load_own_rules(registry) if id_ is not None and id_.upper().startswith("QT9") else ()
    for line in split_lines(write_catalogue() if id_ is None else text_of(id_, own)):
        tell(line)


def _load_own_rules(registry: Path | None) -> "tuple[Rule, ...]":
    from qtctl.adapters.files import read_registry
    from qtctl.contained.looking import is_folder
    from qtctl.errors import InputError, Place
    from qtctl.registry.load import load
    from qtctl.resolve.checks import resolve_checks
    from qtctl.rules.custom import list_custom_rules

    folder = locate_registry(registry)
    if not is_folder(folder):
        what = "QT9xx are a registry's own checks, and there is no registry here"
        raise InputError(
            what,
            hint="say where it is: --registry DIR or QTCTL_REGISTRY; `qtctl init` makes one",
            place=Place(str(folder)),
        )
    found = load(read_registry(folder))
    return list_custom_rules(
        {check.id: check for host in found.hosts for check in resolve_checks(found, host)}.values()
    )


EXAMPLES = (
    "qtctl explain QT505",
    "qtctl explain",
)
COMMAND = Command("explain", 140, Panel.LOOK, explain, {"": EXAMPLES})
