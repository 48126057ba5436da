"""Where lines end. Nothing here uses `str.splitlines`, and a test sees to that.

It also splits at U+2028, U+0085, form feeds and other characters that programs print inside a line: what follows one in
a name would become a line of its own, with whatever its author wrote there.
"""

import re

_SYSTEMD = re.compile("\r\n|\n\r|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of machine output, without the line feeds that end them, and nothing else does."""
    return _drop_last(text.split("\n"))


def split_file_lines(text: str) -> list[str]:
    """The lines of a file as systemd and editors read it: they end at a line feed, a carriage return, or both."""
    return _drop_last(_SYSTEMD.split(text))


def _drop_last(found: list[str]) -> list[str]:
    """A line end at the end begins no further line."""
    return found if found[-1] else found[:-1]
