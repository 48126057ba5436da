"""The pages that people read, and the commands and texts in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES: tuple[Path, ...] = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`([\w./-]+)`:\n\n```(?:toml|yaml|markdown)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

CONTRIBUTING = ROOT / "docs/contributing.md"
"""Its commands need the files that it writes: tests/docs/test_contributing.py follows it."""
TUTORIAL = ROOT / "docs/tutorial.md"
"""It begins in an empty folder: tests/docs/test_tutorial.py follows it."""
INSTALLING = ROOT / "docs/install.md"
"""Each way to install is followed by a test of its own: tests/docs/test_install.py, tests/release."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> list[str]:
    """The lines of its ```sh blocks, in their order."""
    blocks = (text for language, text in FENCE.findall(page.read_text()) if language == "sh")
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def blocks_below(page: Path, heading: str) -> list[str]:
    """The ```sh blocks of the section with this heading."""
    section = page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [text for language, text in FENCE.findall(section) if language == "sh"]


def named_files(page: Path) -> dict[str, str]:
    """The files that it shows in full: path → content."""
    return dict(NAMED.findall(page.read_text()))
