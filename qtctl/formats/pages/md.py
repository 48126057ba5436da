"""Markdown, as forges and wikis show it."""

from qtctl.formats.markdown import markdown
from qtctl.reports.view import View


def write(view: View) -> str:
    return markdown(view.page())
