"""qtctl explain: what a finding means, why it matters, how to fix it."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.output import tell
from qtctl.dialects.lines import lines


def explain(
    id_: Annotated[str | None, typer.Argument(metavar="ID", help="For example QT505; none lists all.")] = None,
) -> None:
    """Tell what a finding is, why it matters and how to fix it."""
    from qtctl.rules.explain import catalogue_markdown
    from qtctl.rules.explain import explain as text_of

    for line in lines(catalogue_markdown() if id_ is None else text_of(id_.upper())):
        tell(line)


EXAMPLES = (
    "qtctl explain QT505",
    "qtctl explain",
)
COMMAND = Command("explain", 140, Panel.LOOK, explain, {"": EXAMPLES})
