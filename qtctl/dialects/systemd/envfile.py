"""Files for EnvironmentFile=: their own quoting, with no specifiers and no expansion (env-file.c, env-util.c)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from qtctl.dialects.systemd.splitting import WHITESPACE, explain_trouble
from qtctl.errors import InputError, Place

MAX_ASSIGNMENT = 128 * 1024 - 1
"""Bytes of NAME=value: the kernel's MAX_ARG_STRLEN with its NUL."""

COMMENTS_END = 254
"""From this systemd on, a backslash at the end of a comment does not continue the comment."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./~^-]*")
_ESCAPED = re.compile(r'(["\\$`])')
_NEWLINE = "\n\r"
_SHELL_NEED_ESCAPE = '"\\`$'


def check_env_name(name: str) -> str:
    """Returns `name` if systemd accepts it as a variable name."""
    if not _NAME.fullmatch(name):
        raise InputError("not a name of an environment variable", hint="letters, digits and _, no digit first")
    return name


def write_env_line(name: str, value: str) -> str:
    """NAME=value for an env file, as one line or, if the value has line breaks, several; without the last line end."""
    check_env_name(name)
    if explain_trouble(value):
        what = f"environment variable {name}: holds a character that systemd does not accept as text"
        raise InputError(what, field=f"env.{name}")
    if len(f"{name}={value}".encode()) > MAX_ASSIGNMENT:
        what = f"environment variable {name}: longer than the kernel passes ({MAX_ASSIGNMENT} bytes)"
        raise InputError(what, field=f"env.{name}")
    if _BARE.fullmatch(value):
        return f"{name}={value}"
    return f'{name}="{_ESCAPED.sub(_add_backslash, value)}"'


def _add_backslash(match: re.Match[str]) -> str:
    return "\\" + match[1]


@dataclass(slots=True)
class _Reader:
    """The state machine of parse_env_file_internal(), with its names: a state takes one character, returns the next."""

    comments_continue: bool
    found: list[tuple[str, str, int]] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    line: int = 1
    kept: int = 0
    """How much of the value must be kept when white space at its end is stripped."""

    def pre_key(self, char: str) -> "_State":
        if char in "#;":
            return self.comment
        if char in WHITESPACE:
            return self.pre_key
        self.key, self.value, self.kept = [char], [], 0
        return self.in_key

    def in_key(self, char: str) -> "_State":
        if char in _NEWLINE:
            return self.pre_key
        if char == "=":
            return self.pre_value
        self.key.append(char)
        return self.in_key

    def pre_value(self, char: str) -> "_State":
        opened = {"'": self.single_quote_value, '"': self.double_quote_value, "\\": self.value_escape}.get(char)
        if opened is not None:
            return opened
        if char in _NEWLINE:
            return self.push()
        if char in WHITESPACE:
            return self.pre_value
        self.keep(char)
        return self.in_value

    def in_value(self, char: str) -> "_State":
        if char in _NEWLINE:
            del self.value[self.kept :]
            return self.push()
        if char == "\\":
            self.kept = len(self.value)
            return self.value_escape
        self.value.append(char)
        if char not in WHITESPACE:
            self.kept = len(self.value)
        return self.in_value

    def value_escape(self, char: str) -> "_State":
        if char not in _NEWLINE:
            self.keep(char)
        return self.in_value

    def single_quote_value(self, char: str) -> "_State":
        if char == "'":
            return self.pre_value
        self.keep(char)
        return self.single_quote_value

    def double_quote_value(self, char: str) -> "_State":
        if char == '"':
            return self.pre_value
        if char == "\\":
            return self.double_quote_value_escape
        self.keep(char)
        return self.double_quote_value

    def double_quote_value_escape(self, char: str) -> "_State":
        if char in _SHELL_NEED_ESCAPE:
            self.keep(char)
        elif char != "\n":
            self.keep("\\")
            self.keep(char)
        return self.double_quote_value

    def comment(self, char: str) -> "_State":
        if char in _NEWLINE:
            return self.pre_key
        return self.comment_escape if char == "\\" else self.comment

    def comment_escape(self, char: str) -> "_State":
        if char in _NEWLINE and not self.comments_continue:
            return self.pre_key
        return self.comment

    def keep(self, char: str) -> None:
        self.value.append(char)
        self.kept = len(self.value)

    def push(self) -> "_State":
        self.found.append(("".join(self.key).rstrip(WHITESPACE), "".join(self.value), self.line))
        return self.pre_key


_State = Callable[[str], "_State"]


def parse_env_file(text: str, name: str, *, systemd: int = 252) -> dict[str, str]:
    """What a process gets from the env file, in file order; the last assignment of a name wins.

    Names that systemd drops are left out. InputError if it would refuse the file: NUL, or not Unicode.
    """
    reader = _Reader(comments_continue=systemd < COMMENTS_END)
    state: _State = reader.pre_key
    for char in text:
        if char == "\0":
            raise InputError("a NUL character in an env file", place=Place(name, reader.line))
        state = state(char)
        reader.line += char == "\n"
    if state == reader.in_value:
        state = state("\n")
    elif state in (
        reader.pre_value,
        reader.value_escape,
        reader.single_quote_value,
        reader.double_quote_value,
        reader.double_quote_value_escape,
    ):
        reader.push()
    return _read_assignments(reader.found, name)


def _read_assignments(found: list[tuple[str, str, int]], name: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value, line in found:
        if explain_trouble(key) or explain_trouble(value):
            raise InputError("text in an env file that systemd does not accept", place=Place(name, line))
        if _NAME.fullmatch(key):
            values.pop(key, None)
            values[key] = value
    return values
