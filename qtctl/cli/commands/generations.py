"""qtctl generations: what a host keeps of its deploys."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import AsOption, DeclaredFormatOption, RegistryOption, UserOption, locate_registry
from qtctl.cli.output import present, show_progress
from qtctl.cli.selecting import selects_one_host
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.flows.rollback import EarlierGeneration, FoundGeneration
    from qtctl.model.generation import GenerationRecord
    from qtctl.reports.view import View


class Verb(StrEnum):
    LIST = "list"
    SHOW = "show"
    DIFF = "diff"


_NUMBERS = {Verb.LIST: 0, Verb.SHOW: 1, Verb.DIFF: 2}


@selects_one_host
def generations(
    host: str,
    verb: Annotated[Verb, typer.Argument(help="List all, show one, or diff two.")] = Verb.LIST,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[N]...", help="One for show, two for diff.")] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """List the generations of a host: what each deploy changed, when, and by whom.

    A host keeps the ten newest, and the ten newest that were rolled back. 0 is what was there before the first.
    """
    from qtctl.api.registry import declare
    from qtctl.api.rollback import list_generations as read
    from qtctl.api.rollback import show_generation

    given = numbers or []
    if len(given) != _NUMBERS[verb]:
        wanted = ("no number", "the number of one generation", "the numbers of two generations")[_NUMBERS[verb]]
        raise InputError(f"{verb.value} takes {wanted}", hint="qtctl generations --host HOST lists them")
    declared = declare(locate_registry(registry), host, as_name=as_name)
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        if verb is Verb.LIST:
            shown = _build_list_view(host, declared.desired.host, read(declared, host, user=user))
        else:
            shown = _build_differences_view(
                host, [show_generation(declared, host, number, user=user) for number in given]
            )
    present(shown, format_)


def _build_list_view(target: str, host: str, found: "tuple[GenerationRecord, ...]") -> "View":
    from qtctl.reports.generations import build_report
    from qtctl.reports.generations_view import build_view

    return build_view(build_report(found, host=host, address=target))


def _build_differences_view(target: str, found: "list[EarlierGeneration | FoundGeneration]") -> "View":
    from qtctl.reports.generation import build_report
    from qtctl.reports.generation_view import build_view

    return build_view(build_report(found, address=target))


EXAMPLES = (
    "qtctl generations --host lab1",
    "qtctl generations --host web-1 show 12",
    "qtctl generations --host web-1 diff 11 12",
)
COMMAND = Command("generations", 124, Panel.CHANGE, generations, {"": EXAMPLES})
