"""Lines of a directive → the value of the key that says it, in the form that the key holds it."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.directives import EMPTY_SAYS, AssignmentRule, takes
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.values import names_unit
from qtctl.errors import InputError
from qtctl.model.vocabulary import Form, Key

NOT_TAKEN = "no value that systemd takes there, or none that a registry can say"
Value = str | int | bool | list[Any] | dict[str, Any]


class Unfit(Exception):
    """No value of the key says this."""


def value_of(key: Key, lines: tuple[str, ...]) -> Value:
    """Of the key's own type. Unfit where the key takes nothing like it. An empty line is a list of nothing."""
    if key.directive in EMPTY_SAYS:
        lines = tuple(line for line in lines if line)
        if not lines:
            return _first_fit(key, [[]])
    match key.form:
        case Form.UNITS:
            return _names(lines)
        case Form.PATHS:
            return _listed(key, lines, [word for line in lines for word in _path_words(line)])
        case Form.LINES:
            words = [word for line in lines for word in line.split()]
            return _listed(key, lines, words if takes(key.directive) is AssignmentRule.WORDS else list(lines))
        case Form.TABLE:
            return _table(lines)
        case _:
            return _scalar(key, _one(key, lines))


def _names(lines: tuple[str, ...]) -> Value:
    return [name for name in dict.fromkeys(word for line in lines for word in line.split()) if names_unit(name)]


def unsayable(key: Key, line: str) -> bool:
    """Whether one assignment of a scalar, taken alone, is nothing that its key takes. Specifiers are not judged."""
    if takes(key.directive) is not AssignmentRule.SCALAR or not line or "%" in line.replace("%%", ""):
        return False
    try:
        value_of(key, (line,))
    except Unfit:
        return True
    return False


def hatched(lines: tuple[str, ...]) -> Value:
    """As systemd reads it; a list where there is more than one assignment."""
    return lines[0] if len(lines) == 1 else list(lines)


def fits(key: Key, value: Value) -> bool:
    annotation: Any = key.annotation
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def _one(key: Key, lines: tuple[str, ...]) -> str:
    """Of a scalar the last; several lines of a list that the key holds as one are one line to systemd, too."""
    if len(lines) == 1 or takes(key.directive) is AssignmentRule.SCALAR:
        return lines[-1]
    if takes(key.directive) is AssignmentRule.WORDS and not any("~" in line for line in lines):
        return " ".join(lines)
    raise Unfit


def _scalar(key: Key, text: str) -> Value:
    candidates: list[Value] = [text]
    truth = boolean(text)
    if truth is not None:
        candidates.insert(0, truth) if key.form is Form.SWITCH else candidates.append(truth)
    if key.form is not Form.SWITCH and text.removeprefix("-").isdecimal() and str(int(text)) == text:
        candidates.insert(0, int(text))
    return _first_fit(key, candidates)


def _listed(key: Key, lines: tuple[str, ...], words: list[str]) -> Value:
    """Line by line; where the key takes no such line, word by word."""
    switches = [truth for line in lines if (truth := boolean(line)) is not None]
    candidates: list[Value] = [*(lines if len(lines) == 1 else ()), list(lines), words]
    if len(switches) == len(lines):
        candidates.append(switches)
    if key.form is Form.PATHS:
        candidates = [words]
    return _first_fit(key, candidates)


def _first_fit(key: Key, candidates: list[Value]) -> Value:
    for candidate in candidates:
        if fits(key, candidate):
            return candidate
    raise Unfit


def part_of(key: Key, lines: tuple[str, ...]) -> list[str]:
    """The words of a list that the key takes one by one, where it does not take all of them."""
    if key.form not in (Form.LINES, Form.PATHS) or takes(key.directive) not in (
        AssignmentRule.WORDS,
        AssignmentRule.PATHS,
        AssignmentRule.MOUNTS,
    ):
        return []
    return [word for line in lines for word in _path_words(line) if fits(key, [word])]


def _path_words(line: str) -> tuple[str, ...]:
    if not any(char in line for char in "\"'\\"):
        return tuple(line.split())
    try:
        return split(line, Escapes.LITERAL)
    except InputError as error:
        raise Unfit from error


def _table(lines: tuple[str, ...]) -> Value:
    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name in found:
            raise Unfit
        found[name] = value or name
    return found
