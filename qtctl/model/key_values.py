"""Assignments of a directive → the value of the key that sets it, in the key's own form."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.choices import parse_integer
from qtctl.dialects.systemd.directives import EMPTY_SAYS, AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.splitting import Escapes, split, split_as_written, split_plain_words
from qtctl.dialects.systemd.values import names_unit
from qtctl.errors import InputError
from qtctl.model.vocabulary import Form, Key

_NUMBERS = re.compile(r"[0-9]+(-[0-9]+)?( +[0-9]+(-[0-9]+)?)*")
Value = str | int | bool | list[Any] | dict[str, Any]


class Unfit(Exception):
    """No value of the key says this."""


def read_value(key: Key, lines: tuple[str, ...]) -> Value:
    """In the key's own type. Unfit if the key takes nothing like it. An empty line is an empty list."""
    if key.directive in EMPTY_SAYS:
        lines = tuple(line for line in lines if line)
        if not lines:
            return _choose_first_fit(key, [[]])
    match key.form:
        case Form.UNITS:
            return _read_unit_names(key, lines)
        case Form.PATHS:
            return _read_list(key, lines, [word for line in lines for word in _split_path_words(key, line)])
        case Form.LINES:
            parted = find_assignment_rule(key.directive) in (AssignmentRule.WORDS, AssignmentRule.NAMES)
            return _read_list(key, lines, [word for line in lines for word in line.split()] if parted else list(lines))
        case Form.TABLE:
            return _read_table(key, lines)
        case _:
            return _read_scalar(key, _join_lines(key, lines))


def _read_unit_names(key: Key, lines: tuple[str, ...]) -> Value:
    return [name for name in dict.fromkeys(split_unit_words(key.directive, lines)) if names_unit(name)]


def split_unit_words(directive: str, lines: Iterable[str]) -> tuple[str, ...]:
    """The words of a list of units: quotes count only in [Install]."""
    words: Callable[[str], tuple[str, ...]] = split_plain_words
    if find_assignment_rule(directive) is AssignmentRule.INSTALL:
        words = _unquote_words
    return tuple(word for line in lines for word in words(line))


def _unquote_words(line: str) -> tuple[str, ...]:
    try:
        return split(line, Escapes.NONE)
    except InputError:
        return split_plain_words(line)


def read_raw(lines: tuple[str, ...]) -> Value:
    """As systemd reads it; a list if there is more than one assignment."""
    return lines[0] if len(lines) == 1 else list(lines)


def is_said_exactly(key: Key, lines: tuple[str, ...]) -> bool:
    """Whether some value of the key says exactly these assignments."""
    try:
        read_value(key, lines)
    except Unfit:
        return False
    return True


def is_valid(key: Key, value: Value) -> bool:
    try:
        _make_adapter(key).validate_python(value)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=1024)
def _make_adapter(key: Key) -> TypeAdapter[Any]:
    """Cached: making one takes a thousand times as long as using it."""
    annotation: Any = key.annotation
    return TypeAdapter(annotation)


def _join_lines(key: Key, lines: tuple[str, ...]) -> str:
    """One line. For a list of numbers held by one key, several lines are one line to systemd too."""
    if len(lines) == 1:
        return lines[0]
    if find_assignment_rule(key.directive) is AssignmentRule.WORDS and all(_NUMBERS.fullmatch(line) for line in lines):
        return " ".join(lines)
    raise Unfit


def _read_scalar(key: Key, text: str) -> Value:
    candidates: list[Value] = [text]
    truth = parse_boolean(text)
    if truth is not None:
        candidates.insert(0, truth) if key.form is Form.SWITCH else candidates.append(truth)
    number = None if key.form is Form.SWITCH else parse_integer(text)
    if number is not None:
        candidates.insert(0, number) if str(number) == text else candidates.append(number)
    return _choose_first_fit(key, candidates)


def _read_list(key: Key, lines: tuple[str, ...], words: list[str]) -> Value:
    """Line by line, or word by word if the key does not take a whole line."""
    switches = [truth for line in lines if (truth := parse_boolean(line)) is not None]
    candidates: list[Value] = [*(lines if len(lines) == 1 else ()), list(lines), words]
    if len(switches) == len(lines):
        candidates.append(switches)
    if key.form is Form.PATHS:
        candidates = [words]
    return _choose_first_fit(key, candidates)


def _choose_first_fit(key: Key, candidates: list[Value]) -> Value:
    for candidate in candidates:
        if is_valid(key, candidate):
            return candidate
    raise Unfit


def list_accepted_words(key: Key, lines: tuple[str, ...]) -> list[str]:
    """The words of a list of paths that the key takes, if systemd is sure to refuse the others; else none."""
    if key.form is not Form.PATHS:
        return []
    words = [word for line in lines for word in _split_path_words(key, line)]
    kept = [word for word in words if is_valid(key, [word])]
    return kept if all(word in kept or _is_refused(key, word) for word in words) else []


def _is_refused(key: Key, word: str) -> bool:
    """Folders of a service must be relative, all other paths absolute, and none may go up."""
    bare = word.lstrip("-+")
    below = key.directive.endswith("Directory")
    return ".." in bare.split("/") or (not bare.startswith("%") and bare.startswith("/") is below)


def _split_path_words(key: Key, line: str) -> tuple[str, ...]:
    if not any(char in line for char in "\"'\\"):
        return split_plain_words(line)
    try:
        return (
            split_as_written(line)
            if find_assignment_rule(key.directive) is AssignmentRule.TUPLES
            else split(line, Escapes.LITERAL)
        )
    except InputError as error:
        raise Unfit from error


def _read_table(key: Key, lines: tuple[str, ...]) -> Value:
    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(":")
        found[name] = value or name
    return _choose_first_fit(key, [found])
