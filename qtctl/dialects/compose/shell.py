"""A command as one text, split as a POSIX shell would, without expanding anything: shlex.split, in linear time."""

import re

_PIECE = re.compile(
    r"""(?P<gap>[ \t\r\n]+)|'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|"""
    r"""\\(?P<escaped>.)|(?P<bare>[^ \t\r\n'"\\]+)""",
    re.DOTALL,
)


def words(text: str) -> tuple[str, ...] | None:
    """None where a quote does not end, or a backslash has nothing behind it."""
    found: list[list[str]] = []
    between, at = True, 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        at = piece.end()
        if piece.lastgroup != "gap":
            if between:
                found.append([])
            found[-1].append(_meant(piece))
        between = piece.lastgroup == "gap"
    return tuple("".join(pieces) for pieces in found)


def _meant(piece: re.Match[str]) -> str:
    if piece.lastgroup == "double":
        return re.sub(r'\\(["\\])', r"\1", piece["double"])
    return str(piece[piece.lastgroup or 0])
