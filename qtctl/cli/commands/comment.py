"""qtctl comment: puts the comment that a gate wrote on its pull request."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.output import tell, withhold

FILE_HELP = "What qtctl gate --comment FILE wrote."
DONE = {"updated": "replaced the comment", "created": "posted a comment", "nothing": "the registry does not change"}


def comment(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP, show_default=False)],
) -> None:
    """Put a comment on the pull request that this CI job is about, in place of the one it put there before.

    Where, and as whom, is in the variables of the GitHub or GitLab job. docs/gates.md lists them.
    """
    import os

    from qtctl.adapters.files import read_text
    from qtctl.adapters.forge import find_forge, put_comment
    from qtctl.reports.change_view import read_mark

    text = read_text(file)
    mark, is_unchanged = read_mark(text, str(file))
    forge = find_forge(os.environ)
    withhold(forge.token)
    tell(f"{forge.name}: {DONE[put_comment(forge, text, mark, make=not is_unchanged)]}")


EXAMPLES = ("qtctl comment comment.md",)
COMMAND = Command("comment", 169, Panel.LOOK, comment, {"": EXAMPLES})
