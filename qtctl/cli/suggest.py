"""Suggest what was meant by a word that a command does not take: `audit lab1` is `audit --host lab1`."""

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from qtctl.cli.command import NEEDS_HOST, TAKES_ONE
from qtctl.contained.looking import is_file, is_folder
from qtctl.dialects.endpoints import is_host_glob, is_target
from qtctl.dialects.nearest import Known
from qtctl.dialects.shell import quote


class Stray(NamedTuple):
    """A word, and the option that it was most likely the value of ("" if none is likely)."""

    word: str
    option: str

    @property
    def message(self) -> str:
        what = f"unexpected argument {self.word!r}"
        return f"{what} (did you mean {self.option} {quote(self.word)}?)" if self.option else what


LIKELY: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("--compose", lambda word: word.endswith((".yml", ".yaml"))),
    ("--from", lambda word: word.endswith(".json")),
    ("--registry", lambda word: is_file(Path(word) / "fleet.toml")),
    ("--host", lambda word: is_target(word) or is_host_glob(word)),
    ("--hosts", str.isdecimal),
    ("--out", bool),
    ("--registry", is_folder),
)
"""Options with what their values look like, the surest first."""


def find_stray_word(context: Any, argv: Sequence[str]) -> Stray | None:  # noqa: ANN401 - typer's click has no name of its own
    """The first word of `argv` that the command of `context` has no place for; None if there is none.

    Leftover words of a wrong command line are found even if it fails for another reason first.
    """
    command = context.command
    words = _strip_command(context.command_path.split()[1:], argv)
    if words is None or hasattr(command, "commands"):
        return None
    try:
        given, left, _ = command.make_parser(context).parse_args(list(words))
    except Exception:  # noqa: BLE001 - another mistake in the line, which is reported as what it is
        return None
    return Stray(left[0], _suggest_option(command, left[0], given) if left[0] else "") if left else None


def list_missing(context: Any, argv: Sequence[str]) -> list[str]:  # noqa: ANN401 - see find_stray_word
    """Everything that the command of `context` needs and the line lacks; click reports only the first."""
    command = context.command
    words = _strip_command(context.command_path.split()[1:], argv)
    try:
        given, _, _ = command.make_parser(context).parse_args(list(words or ()))
    except Exception:  # noqa: BLE001 - see find_stray_word
        return []
    needed = (each for each in command.params if each.required or _is_needed_host(command, each.name, given))
    missing = [each for each in needed if not _is_given(given.get(each.name))]
    return [
        each.opts[0] if each.param_type_name == "option" else str(each.metavar or each.name).upper() for each in missing
    ]


def _is_needed_host(command: Any, name: str, given: Collection[str]) -> bool:  # noqa: ANN401 - see find_stray_word
    """Whether it is --host of a command that needs a host, and no other option selects one."""
    needed = getattr(command.callback, TAKES_ONE, "") == "needed" or hasattr(command.callback, NEEDS_HOST)
    return needed and name == "host" and not {"tag", "all_hosts", "exclude"} & {*given}


def _is_given(value: object) -> bool:
    return isinstance(value, str | list | tuple) and bool(value)


def _strip_command(path: Sequence[str], argv: Sequence[str]) -> Sequence[str] | None:
    """What follows the words of the command."""
    words = list(argv)
    for each in path:
        if each not in words:
            return None
        words = words[words.index(each) + 1 :]
    return words


def _suggest_option(command: Any, word: str, given: Collection[str]) -> str:  # noqa: ANN401
    """`given`: names of parameters that have their value already."""
    options = {
        name: each
        for each in command.params
        for name in each.opts
        if each.param_type_name == "option" and (_is_repeatable(command, each) or each.name not in given)
    }
    for name, option in options.items():
        if word in _list_choices(option):
            return str(name)
    return next((name for name, fits in LIKELY if name in options and fits(word)), "")


def _is_repeatable(command: Any, option: Any) -> bool:  # noqa: ANN401
    return bool(option.multiple) and not (option.name == "host" and hasattr(command.callback, TAKES_ONE))


def _list_choices(option: Any) -> Sequence[str]:  # noqa: ANN401
    kind = option.type_descriptor.annotation
    return [each.value for each in kind] if isinstance(kind, type) and issubclass(kind, Enum) else ()


def describe_unknown_option(name: str, alike: Iterable[str]) -> str:
    """A message about an option that a command does not have. `alike`: options that it has."""
    near = Known(alike).suggest(name)
    return f"no such option: {name} ({near})" if near else f"no such option: {name}"
