"""JSON Lines: a JSON document on each line, as docs/schemas has it. Each is written as soon as it is there."""

from collections.abc import Iterator

from qtctl.reports.view import View


def write(view: View) -> str:
    return "".join(write_parts(view))


def write_parts(view: View) -> Iterator[str]:
    """A line for each part of the report; nothing of a report without parts, which offers no such format."""
    return (f"{document}\n" for document in (view.parts() if view.parts is not None else ()))
