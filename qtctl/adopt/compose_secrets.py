"""Secrets of compose services, in environments and commands. Each becomes the name of a variable."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qtctl.adopt.suspect import find_known, list_distinct, looks_secret, settle_spans
from qtctl.dialects.arguments import find_argument_spans
from qtctl.dialects.compose.load import Project
from qtctl.dialects.secrets import split_apart
from qtctl.dialects.systemd.quoting import write_exec_argument
from qtctl.errors import InputError

_NOT_IN_NAME = re.compile(r"[^A-Z0-9]+")
_MARK = "QTCTLVARIABLE{}X"
"""A placeholder for a variable while a word is quoted."""


@dataclass(slots=True)
class Hiding:
    """What to hide of one service.

    `env`: variables that may be copied; `names`: those that may not, and those made for commands.
    """

    known: frozenset[str]
    env: dict[str, str] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    literal: list[str] = field(default_factory=list)

    def take(self, environment: Mapping[str, str | None], foreign: Collection[str] = ()) -> None:
        """`foreign`: variables whose names alone may be copied, whatever their values look like."""
        for name, value in environment.items():
            if name in foreign:
                self.names[name] = None
                continue
            if value is not None and not looks_secret(name, value) and not any(find_known(value, self.known)):
                self.env[name] = value
                continue
            self.names[name] = None
            self.literal += [name] if value is not None else []

    def make_line(self, argv: tuple[str, ...]) -> str | None:
        """The command as systemd reads it, with variables for its secrets; None if it has none."""
        spans = find_argument_spans(argv)
        spans[1:] = [
            split_apart([*those, *self._find_known(word)]) for word, those in zip(argv[1:], spans[1:], strict=True)
        ]
        if not any(spans):
            return None
        spans = settle_spans(argv, spans)
        return " ".join(self._hide_word(word, those) for word, those in zip(argv, spans, strict=True))

    def _find_known(self, word: str) -> list[tuple[int, int, str]]:
        return [(*span, "") for span in find_known(word, self.known)]

    def _hide_word(self, word: str, spans: Iterable[tuple[int, int, str]]) -> str:
        shown, at, variables = "", 0, []
        for start, end, name in spans:
            variables.append(self._name_variable(name))
            shown, at = shown + word[at:start] + _MARK.format(len(variables)), end
        quoted = quote_argument(shown + word[at:])
        for number, name in enumerate(variables, start=1):
            quoted = quoted.replace(_MARK.format(number), f"${{{name}}}")
        return quoted

    def _name_variable(self, option: str) -> str:
        base = _NOT_IN_NAME.sub("_", option.upper()).strip("_") or "SECRET"
        base = base if base[0].isalpha() else f"SECRET_{base}"
        name, number = base, 2
        while name in self.names or name in self.env:
            name, number = f"{base}_{number}", number + 1
        self.names[name] = None
        self.literal.append(name)
        return name


def quote_argument(word: str) -> str:
    try:
        return write_exec_argument(word)
    except InputError:
        return write_exec_argument(word.encode("ascii", "replace").decode())


def list_secrets(environment: Mapping[str, str | None], argv: tuple[str, ...]) -> Iterator[str]:
    """What looks like a secret there, and would be nothing else elsewhere."""
    for name, value in environment.items():
        if value is not None and looks_secret(name, value):
            yield from list_distinct(value)
    for word, spans in zip(argv, find_argument_spans(argv), strict=True):
        for start, end, _ in spans:
            yield from list_distinct(word[start:end])


def list_project_secrets(project: Project) -> Iterator[str]:
    """Secret values in environments and commands, and in variables from outside that were substituted in the files."""
    yield from list_secrets(project.used, ())
    for name, values in project.values.items():
        argv = (*(values.get("entrypoint") or ()), *(values.get("command") or ()))
        yield from list_secrets(project.environments[name], argv)
