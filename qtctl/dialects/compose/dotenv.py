"""Env files as Compose reads them: `.env`, `--env-file` and `env_file`. Errors name lines, never their content."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from qtctl.dialects.compose.interpolation import MAX_TEXT, Variables, Wrong, substitute
from qtctl.dialects.lines import split_lines
from qtctl.errors import InputError, Place

Lookup = Callable[[str], str | None]
_SPACE: Final = "\t\v\f\r \x85\xa0"
_ANY_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
_EXPORT: Final = re.compile(r"export[\t\n\f\r ]+")
_KEY: Final = re.compile(rf"(?:[{_SPACE}_.\-\[\]]|[^\W_])*")
_ESCAPE: Final = re.compile(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})', re.ASCII)
_PLAIN_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}
_OCTAL: Final = re.compile(r"[0-3][0-7]{2}")
MAX_ALL = 16 * MAX_TEXT
"""Characters of all values in a file."""


class _Values(Mapping[str, str]):
    """Values that `look_up` finds, then those that the file has set so far."""

    def __init__(self, look_up: Lookup, own: Mapping[str, str]) -> None:
        self.look_up, self.own = look_up, own

    def __getitem__(self, name: str) -> str:
        value = self.look_up(name)
        return self.own[name] if value is None else value

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        value = self.look_up(name)
        return self.own.get(name, default) if value is None else value

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - nobody lists them
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)


def read_dotenv(text: str, file: str, look_up: Lookup, known: Mapping[str, str] = {}) -> dict[str, str]:
    """Name → value. `look_up` has precedence over the file's own values; `known` is what earlier files set.

    InputError.
    """
    reader = _Reader(text.removeprefix("\ufeff"), file, look_up, dict(known))
    reader.read()
    return reader.found


def read_raw(text: str, file: str, look_up: Lookup, known: Mapping[str, str] = {}) -> dict[str, str]:
    """An env file of `format: raw`: everything after the `=` is the value."""
    found = dict(known)
    for number, line in enumerate(split_lines(text.removeprefix("\ufeff")), start=1):
        entry = line.removesuffix("\r").lstrip(_ANY_SPACE)
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not name or any(char in _ANY_SPACE for char in name):
            raise InputError("the name of a variable is empty or has a space in it", place=Place(file, number))
        outside = value if equals else look_up(name)
        if outside is not None:
            found[name] = outside
    return found


class _Reader:
    def __init__(self, text: str, file: str, look_up: Lookup, known: dict[str, str]) -> None:
        self.text, self.file, self.look_up = text, file, look_up
        self.found = known
        self.at = 0
        self.size = 0

    def make_error(self, what: str) -> InputError:
        line = self.text.count("\n", 0, self.at) + 1
        return InputError(what, hint="as in NAME=value", place=Place(self.file, line))

    def read(self) -> None:
        while self.start():
            key, inherited = self.read_key()
            if " " in key:
                raise self.make_error("the name of a variable has a space in it")
            if inherited:
                value = self.look_up(key)
                if value is not None:
                    self.found[key] = value
                continue
            value = self.read_value()
            self.size += len(value)
            if self.size > MAX_ALL:
                raise self.make_error(f"the values become longer than {MAX_ALL} characters")
            self.found[key] = value

    def start(self) -> bool:
        """Skip spaces and comments up to the next statement."""
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char == "#":
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif char in _ANY_SPACE:
                self.at += 1
            else:
                return True
        return False

    def read_key(self) -> tuple[str, bool]:
        """The name, and whether it stands alone and inherits its value."""
        export = _EXPORT.match(self.text, self.at)
        if export:
            self.at += len("export")
            self.skip()
        name = _KEY.match(self.text, self.at)
        end = name.end() if name else self.at
        if end == len(self.text):
            return "", False
        sign = self.text[end]
        if sign not in "=:\n":
            raise self.make_error("a character that the name of a variable cannot have")
        key = self.text[self.at : end].rstrip(_ANY_SPACE)
        self.at = end + 1
        self.skip()
        return key, sign == "\n"

    def skip(self) -> None:
        while self.text[self.at : self.at + 1] and self.text[self.at] in _SPACE:
            self.at += 1

    def read_value(self) -> str:
        quote = self.text[self.at : self.at + 1]
        if quote in ("'", '"'):
            return self.read_quoted(quote)
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        value = self.text[self.at : end].partition(" #")[0].rstrip(_ANY_SPACE)
        expanded = self.expand(value)
        self.at = end + 1
        return expanded

    def read_quoted(self, quote: str) -> str:
        found: list[str] = []
        at, escaped = self.at + 1, False
        while at < len(self.text):
            char = self.text[at]
            at += 1
            if char == quote and not escaped:
                value = "".join(found)
                value = self.expand(_ESCAPE.sub(_unescape, value)) if quote == '"' else value
                self.at = at
                return value
            if char == "\\" and not escaped:
                escaped = True
                continue
            found.append("\\" + char if escaped and char != quote else char)
            escaped = False
        raise self.make_error("a quote that does not end")

    def expand(self, value: str) -> str:
        try:
            return substitute(value, Variables(_Values(self.look_up, self.found)))
        except Wrong as error:
            raise self.make_error(f"a value {error}") from error


def _unescape(match: re.Match[str]) -> str:
    text = match[0]
    if text == "\\$":
        return "$$"
    if text[1] in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[text[1]]
    octal = text[2:]
    return chr(int(octal, 8)) if _OCTAL.fullmatch(octal) else text
