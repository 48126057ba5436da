"""JSON, as docs/schemas has it: the report's own document."""

from qtctl.reports.view import View


def write(view: View) -> str:
    return view.json()
