"""Text that a terminal only shows: whatever would do something else, or be invisible, becomes a visible escape.

Letters, digits, marks and signs of all scripts stay. Everything that Unicode calls a control, a format character, a
surrogate, private or unassigned, every line separator, and characters drawn as nothing are shown as Python writes them:
`\\x1b`, `\\u202e`, `\\U000e0041`.
"""

NEWLINE = "\n"

_SPACES = frozenset(" \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
"""Blanks that have a width. Python calls all of them but the first unprintable."""


def _list_between(first: int, last: int) -> frozenset[str]:
    return frozenset(map(chr, range(first, last + 1)))


_UNSEEN = (
    frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180f\u3164\uffa0")
    | _list_between(0x180B, 0x180D)
    | _list_between(0xFE00, 0xFE0F)
    | _list_between(0xE0100, 0xE01EF)
)
"""Printable according to Python, but drawn as nothing: fillers, joiners and selectors, in which text can be hidden."""

_ESCAPED = {NEWLINE: "\\n", "\r": "\\r", "\t": "\\t"}


def show_line(text: str) -> str:
    """One line: line breaks in it are escaped, too, so no text can make a second line."""
    if text.isascii() and text.isprintable():
        return text
    return _show(text, set(text))


def show_lines(text: str) -> str:
    """Text of several lines, each made of parts that went through `show_line`."""
    return _show(text, set(text) - {NEWLINE})


def show_json(text: str) -> str:
    """An equal JSON document in which everything that `show_lines` would escape has JSON escapes."""
    odd = {ord(char): _escape_json(char) for char in set(text) - {NEWLINE} if not is_safe(char)}
    return text.translate(odd) if odd else text


def is_safe(char: str) -> bool:
    """Whether one character is shown as it is."""
    return char in _SPACES or (char.isprintable() and char not in _UNSEEN)


def _show(text: str, chars: set[str]) -> str:
    odd = {ord(char): _escape(char) for char in chars if not is_safe(char)}
    return text.translate(odd) if odd else text


def _escape(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004 - two hex digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four


def _escape_json(char: str) -> str:
    """JSON has two escapes for one character beyond U+FFFF."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
