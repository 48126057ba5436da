"""Markdown, as forges and wikis show it."""

from qtctl.formats.markdown import write_markdown
from qtctl.reports.view import View


def write(view: View) -> str:
    return write_markdown(view.page())
