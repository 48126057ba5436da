"""The pictures of the README are of this qtctl."""

import re
from pathlib import Path

from tests.docs.pictures import PAGE, TERMINAL, draw_terminal

README = Path(__file__).parent.parent.parent / "README.md"
LARGEST_PNG = 150_000


def test_the_terminal_is_what_it_shows_today() -> None:
    assert draw_terminal() == TERMINAL.read_text(), "python -m tests.docs.generate draws it again"


def test_the_readme_opens_with_them() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README.read_text())
    assert pictures == ["docs/images/audit.svg", "docs/images/page.png"]


def test_no_picture_asks_a_network() -> None:
    text = TERMINAL.read_text()
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_picture_of_the_page_is_small() -> None:
    content = PAGE.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) <= LARGEST_PNG
