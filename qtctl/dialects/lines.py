"""Where lines end. Nothing in qtctl uses `str.splitlines`; a test checks that.

That also splits at U+2028, U+0085, form feeds and other characters that may occur inside a line: the rest of a name
would become a line of its own, with whatever its author wrote there.
"""

import re

_SYSTEMD = re.compile("\r\n|\n\r|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of machine output, without line feeds; nothing else ends a line."""
    return _drop_last(text.split("\n"))


def split_file_lines(text: str) -> list[str]:
    """The lines of a file as systemd and editors read it: they end at a line feed, a carriage return, or both."""
    return _drop_last(_SYSTEMD.split(text))


def _drop_last(found: list[str]) -> list[str]:
    """A line end at the very end does not begin another line."""
    return found if found[-1] else found[:-1]
