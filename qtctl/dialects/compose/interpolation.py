"""Variables in compose files: `$NAME`, `${NAME:-default}` and the other five forms, `$$` for a dollar sign.

As in Compose's template package, but in time linear in the text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from qtctl.dialects.compose.values import ENTRY, Date, Path, Table, Text, find_place, make_rules
from qtctl.errors import InputError, Place

_NAME: Final = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_HOW: Final = re.compile(r":?[-+?]")
MAX_NESTED = 32
"""Defaults inside defaults."""
MAX_TEXT = 1 << 20
"""Characters of one value: a few lines of variables that refer to each other could otherwise produce any size."""


class Wrong(Exception):
    """Why a text cannot be read; the caller adds the place. What it quotes from the file has secrets masked."""

    def __init__(self, why: str) -> None:
        from qtctl.dialects.secrets import mask  # noqa: PLC0415 - 10 ms, and few files are wrong

        super().__init__(mask(why))


class NeedsValue(Wrong):
    """A required variable has none."""


@dataclass(slots=True)
class Variables:
    """Values of variables. `used`: those that were replaced; `unset`: those with neither a value nor a default."""

    values: Mapping[str, str]
    used: dict[str, None] = field(default_factory=dict)
    unset: dict[str, None] = field(default_factory=dict)

    def look_up(self, name: str) -> str | None:
        self.used[name] = None
        return self.values.get(name)

    def get_or_empty(self, name: str) -> str:
        value = self.look_up(name)
        if value is None:
            self.unset[name] = None
        return value or ""


def substitute(text: str, variables: Variables, nested: int = 0) -> str:
    """Wrong for an invalid `${`, a required variable without a value, or a text that is too long or nested too deep."""
    if "$" not in text:
        return text
    if nested > MAX_NESTED:
        raise Wrong(f"has defaults nested deeper than {MAX_NESTED} levels")
    found: list[str] = []
    at = size = 0
    last = _LastBrace(text)
    while (dollar := text.find("$", at)) >= 0:
        value, end = _replace_one(text, dollar, last, variables, nested)
        found += (text[at:dollar], value)
        size += dollar - at + len(value)
        if size > MAX_TEXT:
            raise Wrong(f"becomes longer than {MAX_TEXT} characters")
        at = end
    return "".join((*found, text[at:]))


@dataclass(slots=True)
class _LastBrace:
    """The position of the last `}` of a line; each line is searched once."""

    text: str
    end: int = -1
    brace: int = -1

    def find_after(self, start: int) -> int:
        if start > self.end:
            self.end = self.text.find("\n", start)
            self.end = len(self.text) if self.end < 0 else self.end
            self.brace = self.text.rfind("}", start, self.end)
        return self.brace


def _replace_one(text: str, dollar: int, last: _LastBrace, variables: Variables, nested: int) -> tuple[str, int]:
    """The value of the variable that begins at `dollar`, and where it ends."""
    following = text[dollar + 1 : dollar + 2]
    if following == "$":
        return "$", dollar + 2
    if following != "{":
        name = _NAME.match(text, dollar + 1)
        return (variables.get_or_empty(name[0]), name.end()) if name else ("$", dollar + 1)
    name = _NAME.match(text, dollar + 2)
    if name is None:
        raise Wrong("has a ${ without the name of a variable: write $$ for a dollar sign")
    if text[name.end() : name.end() + 1] == "}":
        return variables.get_or_empty(name[0]), name.end() + 1
    how = _HOW.match(text, name.end())
    brace = last.find_after(dollar)
    if how is None or brace < how.end():
        raise Wrong("has a ${ that is not closed, or is not a variable: write $$ for a dollar sign")
    variables.used[name[0]] = None
    end = _find_closing(text, dollar, brace)
    word = text[how.end() : end]
    return _apply_form(name[0], how[0], substitute(word, variables, nested + 1), variables), end + 1


def _find_closing(text: str, dollar: int, last: int) -> int:
    """The brace that ends the variable, counted as Compose does: text after an opening brace is not examined."""
    depth, at = 0, dollar
    while at <= last:
        if text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        elif text[at] == "{":
            depth += 1
            at += 1
        at += 1
    return last


def _apply_form(name: str, how: str, word: str, variables: Variables) -> str:
    value = variables.look_up(name)
    present = value is not None and (bool(value) or not how.startswith(":"))
    kind = how[-1]
    if kind == "-":
        return (value or "") if present else word
    if kind == "+":
        return word if present else (value or "")
    if not present:
        raise NeedsValue(f"needs the variable {name}, which has no value{f': {word}' if word else ''}")
    return value or ""


def interpolate(model: Table, values: Mapping[str, str], used: dict[str, bool]) -> Table:
    """The model with its variables replaced, and numbers instead of texts where Compose wants them. InputError.

    `used`: each replaced variable, and whether it had neither a value nor a default.
    """
    made = _walk(model, (), model.place, values, used)
    assert isinstance(made, Table)  # noqa: S101 - of a table
    return made


def _walk(value: Any, path: Path, place: Place, values: Mapping[str, str], used: dict[str, bool]) -> Any:  # noqa: ANN401 - as YAML has it
    if isinstance(value, Table):
        made = Table((), value.place)
        for key, each in value.items():
            line = value.line_of(key)
            made.take(key, _walk(each, (*path, key), line, values, used), line)
        return made
    if isinstance(value, list):
        return [_walk(each, (*path, ENTRY), place, values, used) for each in value]
    if not isinstance(value, str) or isinstance(value, Date):
        return value
    return _replace_text(value, path, find_place(value, place), values, used)


def _replace_text(value: str, path: Path, place: Place, values: Mapping[str, str], used: dict[str, bool]) -> Any:  # noqa: ANN401 - as the cast
    variables = Variables(values)
    try:
        text = substitute(value, variables)
        for name in variables.used:
            used[name] = used.get(name, False) or name in variables.unset
        cast = _CASTS(path)
        if cast is not None:
            return cast(text)
    except Wrong as error:
        hint = "set it in .env, with --env-file or in the shell" if isinstance(error, NeedsValue) else ""
        raise InputError(f"{'.'.join(path)} {error}", hint=hint, place=place) from error
    return Text(text, place, value, tuple(variables.used), tuple(variables.unset))


def _parse_whole(text: str) -> int:
    if not re.fullmatch(r"[-+]?[0-9]{1,18}", text, re.ASCII):
        raise Wrong("is not a whole number")
    return int(text)


def _parse_number(text: str) -> float:
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text, re.ASCII):
        raise Wrong("is not a number")
    return float(text)


_BOOLEANS: Final = {
    **dict.fromkeys(("true", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "n", "no", "off"), False),
}


def parse_boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise Wrong("is neither true nor false")
    return _BOOLEANS[text.lower()]


_SERVICE: Final[dict[str, Callable[[str], Any]]] = {
    **dict.fromkeys(
        ("cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "oom_score_adj",
         "pids_limit", "scale", "deploy.replicas", "deploy.update_config.parallelism",
         "deploy.rollback_config.parallelism", "deploy.restart_policy.max_attempts",
         "deploy.placement.max_replicas_per_node", "healthcheck.retries", "ports.[].target", "ulimits.*",
         "ulimits.*.hard", "ulimits.*.soft"), _parse_whole),
    **dict.fromkeys(
        ("cpu_percent", "cpus", "deploy.update_config.max_failure_ratio", "deploy.rollback_config.max_failure_ratio"),
        _parse_number),
    **dict.fromkeys(
        ("init", "healthcheck.disable", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty",
         "volumes.[].read_only", "volumes.[].volume.nocopy"), parse_boolean),
}  # fmt: skip
_NETWORK = ("external", "internal", "attachable", "enable_ipv4", "enable_ipv6")
_CASTS: Final = make_rules(
    {
        **{f"services.*.{path}": cast for path, cast in _SERVICE.items()},
        **{f"networks.*.{key}": parse_boolean for key in _NETWORK},
        **{f"{kind}.*.external": parse_boolean for kind in ("volumes", "secrets", "configs")},
    }
)
"""Where Compose converts a text to a number or a boolean."""
