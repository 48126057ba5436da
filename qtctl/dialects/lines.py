"""Lines of machine output: they end at a line feed and nowhere else.

`str.splitlines` also splits at U+2028, U+0085, form feeds and other characters that programs print inside a line: what
follows one in a name would become a line of its own, with whatever its author wrote there.
"""


def lines(text: str) -> list[str]:
    """The lines of `text` without their line feeds. A line feed at the end begins no further line."""
    found = text.split("\n")
    if not found[-1]:
        found.pop()
    return found
