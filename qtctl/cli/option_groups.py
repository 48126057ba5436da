"""Groups of options that several commands have: each is declared once, and a command takes it as one parameter."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, get_type_hints

import typer

REQUIRED: Any = inspect.Parameter.empty
"""The default of an option that has none."""
_KEYWORD = inspect.Parameter.KEYWORD_ONLY

Options = Mapping[str, tuple[Any, Any]]
"""Parameter of a command → its option and its default."""


def replace_parameter(
    command: Callable[..., None],
    name: str,
    options: Options,
    run: Callable[[typer.Context, dict[str, Any]], None],
) -> Callable[..., None]:
    """`run` as a command with the parameters of `command`, but with `options` in place of the parameter `name`.

    `run` gets the values of all of them, and calls `command`.
    """
    hints = get_type_hints(command, include_extras=True)
    own = [
        each.replace(annotation=hints[each.name], kind=_KEYWORD)
        for each in inspect.signature(command).parameters.values()
    ]
    with_context = any(each.annotation is typer.Context for each in own)
    added = [
        inspect.Parameter(option, _KEYWORD, default=default, annotation=kind)
        for option, (kind, default) in options.items()
    ]
    at = next(number for number, each in enumerate(own) if each.name == name)
    context = inspect.Parameter("context", _KEYWORD, annotation=typer.Context)
    shape = [*(() if with_context else (context,)), *own[:at], *added, *own[at + 1 :]]

    @wraps(command)
    def wrapped(**given: Any) -> None:  # noqa: ANN401 - whatever the options of the command are
        run(given["context"] if with_context else given.pop("context"), given)

    wrapped.__signature__ = inspect.Signature(shape)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in shape}
    return wrapped


def takes_group(
    command: Callable[..., None], name: str, options: Options, make: Callable[..., Any]
) -> Callable[..., None]:
    """`command` with `options` in place of its parameter `name`, which `make` builds from their values."""

    def run(context: typer.Context, given: dict[str, Any]) -> None:
        command(**{name: make(context, **{option: given.pop(option) for option in options})}, **given)

    return replace_parameter(command, name, options, run)
