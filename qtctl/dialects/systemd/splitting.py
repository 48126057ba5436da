"""Words of a value: systemd's splitting and C escapes (extract-word.c, escape.c), and which text it accepts.

A value is split at ASCII white space only; quotes of both kinds may open anywhere in a word, and a backslash works in
both.
"""

import re
from enum import Enum

from qtctl.errors import InputError

WHITESPACE = " \t\n\r"
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./$~\[\]{}^*?-]+")
# To systemd U+0085, U+2028 and U+2029 are not line ends, but to many editors and to str.splitlines they are.
_ESCAPED = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029"\\\\]')
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r", '"': r"\"", "\\": r"\\"}
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
# systemd's utf8_is_valid() rejects noncharacters too, and then drops the whole unit file.
UNSAYABLE = re.compile(f"[\0\ud800-\udfff{_NONCHARACTERS}]")
_ASCII = 0x80
_BYTES = range(1, 0x100)
_CODE_POINTS = range(1, 0x110000)
_SINGLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34, "'": 39, "s": 32}
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|(.))", re.DOTALL)
_PIECE = re.compile(
    rb"""(?P<q>["'])(?P<quoted>(?:(?!(?P=q))[^\\]|\\.)*)(?P=q)|(?P<bare>(?:[^ \t\n\r"'\\]|\\.)+)""", re.DOTALL
)
_SPECIAL = re.compile("[\"'\\\\\ud800-\udfff]")
"""Without these, a text is split into the same words whatever quotes and backslashes mean to a directive."""
_PLAIN_WORD = re.compile(f"[^{WHITESPACE}]+")
RAW_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^ \t\n\r"'\\])+""", re.DOTALL)
_PIECE_RAW = re.compile(rb"""(?P<q>["'])(?P<quoted>(?:(?!(?P=q)).)*)(?P=q)|(?P<bare>[^ \t\n\r"']+)""", re.DOTALL)


class Escapes(Enum):
    """What a backslash does in a value, by directive."""

    C = "c"
    """C escapes; an unknown one is an error: Environment=."""
    C_RELAXED = "c-relaxed"
    """C escapes; a word with an unknown one keeps it as written: Exec*=."""
    LITERAL = "literal"
    """The next character stands for itself: lists of paths."""
    NONE = "none"
    """A backslash is a backslash: unit names."""


class NotUtf8(InputError):
    """Escapes for bytes that are not valid text. A command may have them; a text cannot."""


class _UnknownEscape(Exception):
    pass


def explain_trouble(text: str) -> str | None:
    """Why no unit or env file can hold `text`, or None. Never shows more of it than one code point."""
    if text.isascii() and "\0" not in text:
        return None
    match = UNSAYABLE.search(text)
    if match is None:
        return None
    at, char = match.start() + 1, match[0]
    if char == "\0":
        return f"holds a NUL character (character {at})"
    if "\ud800" <= char <= "\udfff":
        return f"is not Unicode text: a lone surrogate (character {at})"
    return f"holds the noncharacter U+{ord(char):04X}, which systemd does not accept as UTF-8 (character {at})"


def quote(text: str) -> str:
    """`text` as one word where C escapes work; bare if nothing in it is special."""
    if _BARE.fullmatch(text):
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def quote_literal(text: str) -> str:
    """`text` as one word where a backslash only makes the next character literal. No control characters."""
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{ord(char):02x}" if ord(char) < _ASCII else f"\\u{ord(char):04x}"


def split(text: str, escapes: Escapes) -> tuple[str, ...]:
    """The words of `text`. InputError for an unclosed quote, a wrong escape, or bytes that are not UTF-8."""
    if not _SPECIAL.search(text):
        return split_plain_words(text)
    raw = text.encode("utf-8", "surrogatepass")
    pattern = _PIECE_RAW if escapes is Escapes.NONE else _PIECE
    words: list[str] = []
    at = _skip(raw, 0)
    while at < len(raw):
        pieces: list[bytes] = []
        while at < len(raw) and raw[at] not in b" \t\n\r":
            piece = pattern.match(raw, at)
            if piece is None:
                raise InputError("unbalanced quotes, or a backslash at the end", hint='quote as "…", write \\ as \\\\')
            pieces.append(piece["bare"] if piece["q"] is None else piece["quoted"])
            at = piece.end()
        words.append(_join_pieces(pieces, escapes))
        at = _skip(raw, at)
    return tuple(words)


def split_as_written(text: str) -> tuple[str, ...]:
    """The words of `text` as written, with quotes and backslashes. InputError as in `split`."""
    if not _SPECIAL.search(text):
        return split_plain_words(text)
    words = RAW_WORD.findall(text)
    if RAW_WORD.sub("", text).strip(WHITESPACE):
        raise InputError("unbalanced quotes, or a backslash at the end", hint='quote as "…", write \\ as \\\\')
    return tuple(words)


def split_plain_words(text: str) -> tuple[str, ...]:
    """The words of `text` where quotes are ordinary characters: unit names in [Unit]."""
    return tuple(_PLAIN_WORD.findall(text))


def _skip(raw: bytes, at: int) -> int:
    while at < len(raw) and raw[at] in b" \t\n\r":
        at += 1
    return at


def _join_pieces(pieces: list[bytes], escapes: Escapes) -> str:
    raw = b"".join(pieces)
    if escapes is Escapes.LITERAL:
        raw = re.sub(rb"\\(.)", rb"\1", raw, flags=re.DOTALL)
    elif escapes is not Escapes.NONE:
        raw = _unescape(raw, relaxed=escapes is Escapes.C_RELAXED)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8("escapes that do not make UTF-8 text") from error


def _unescape(raw: bytes, *, relaxed: bool) -> bytes:
    try:
        return _ESCAPE.sub(_replace_escape, raw)
    except _UnknownEscape:
        if not relaxed:
            raise InputError("unknown escape sequence", hint="write \\ as \\\\") from None
        return _ESCAPE.sub(_replace_or_keep, raw)


def _replace_escape(match: re.Match[bytes]) -> bytes:
    eight = match[1] or match[4]
    if eight:
        return _make_byte(int(eight, 16 if match[1] else 8))
    wide = match[2] or match[3]
    if wide:
        return _make_code_point(int(wide, 16))
    code = _SINGLE.get(match[5].decode("latin-1"))
    if code is None:
        raise _UnknownEscape
    return bytes((code,))


def _replace_or_keep(match: re.Match[bytes]) -> bytes:
    try:
        return _replace_escape(match)
    except _UnknownEscape:
        return match[0]


def _make_byte(code: int) -> bytes:
    if code not in _BYTES:
        raise _UnknownEscape
    return bytes((code,))


def _make_code_point(code: int) -> bytes:
    if code not in _CODE_POINTS:
        raise _UnknownEscape
    return chr(code).encode("utf-8", "surrogatepass")
