"""The pictures of the README and of the page of an audit are of this qtctl."""

import re
from pathlib import Path

from tests.docs.pictures import PAGE, TERMINAL, draw_terminal

README = Path(__file__).parent.parent.parent / "README.md"
PICTURE = re.compile(r"!\[[^]]+\]\(([^)]+)\)")
LARGEST_PNG = 150_000


def test_the_terminal_is_what_it_shows_today() -> None:
    assert draw_terminal() == TERMINAL.read_text(), "python -m tests.docs.generate draws it again"


def test_the_readme_and_the_page_open_with_them() -> None:
    of_readme, of_page = (PICTURE.findall(page.read_text()) for page in (README, README.parent / "docs/page.md"))
    assert (of_readme, of_page) == (["docs/images/audit.svg"], ["images/page.png"])


def test_no_picture_asks_a_network() -> None:
    text = TERMINAL.read_text()
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_picture_of_the_page_is_small() -> None:
    content = PAGE.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) <= LARGEST_PNG
