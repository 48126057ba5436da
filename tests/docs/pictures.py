"""The pictures of the README: `python -m tests.docs.pictures` draws the terminal and takes the page's from a browser.

Both show an audit of the recorded host on a bad night (`tests.page.broken`).
"""

import io
import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from qtctl.api import audit
from qtctl.api.registry import declare
from qtctl.cli import tables
from qtctl.cli.output import make_harmless
from qtctl.collect.document import load
from qtctl.reports.audit_view import build_view
from qtctl.reports.view import keep_name
from tests.docs.record import RECORDED
from tests.page.broken import REGISTRY, break_host

IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"
TERMINAL, PAGE = IMAGES / "audit.svg", IMAGES / "page.png"
COLUMNS = 110
COMMAND = "qtctl audit --host lab1"
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
.{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: Helvetica, Arial, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own loads fonts from a server."""


def draw_terminal() -> str:
    """What a terminal shows of the audit, as SVG."""
    declared = declare(REGISTRY)
    evidence = load(json.dumps(break_host(json.loads(RECORDED.read_text()))), "evidence")
    checks = audit.judge(declared, evidence)
    view = build_view(audit.report(declared, evidence, checks), checks, keep_name, declared.host_place)
    shown = tuple(view.screen() if view.screen is not None else view.page())
    lines = tables.Screen(COLUMNS, tables.paint, make_harmless).lines(shown)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text.from_ansi("\n".join(lines)), soft_wrap=False)
    drawn = console.export_svg(title="qtctl", unique_id="qtctl", code_format=FORMAT)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def take_page() -> bytes:
    """What a browser shows of its page, as PNG."""
    from tests.page.broken import write_broken
    from tests.page.browser import start, view
    from tests.page.written import write_page

    with tempfile.TemporaryDirectory() as folder, start() as browser:
        file = Path(folder) / "page.html"
        file.write_text(write_page(write_broken(Path(folder) / "e.json")))
        with view(browser, file) as opened:
            return opened.page.screenshot()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    TERMINAL.write_text(draw_terminal())
    PAGE.write_bytes(take_page())


if __name__ == "__main__":
    main()
