"""The units that are adopted in tests: this project's own, and a real fleet's where it is there."""

from collections.abc import Sequence
from pathlib import Path

from tests.adopt import same

CORPUS = Path(__file__).parent / "units"
THEMES = ("services", "sandbox", "kinds", "text", "dropins", "misread", "kept")
"""Folders of the corpus that can stand in one folder of a host."""
ALONE = ("wide", "copies/now", "copies/before")
"""Those that would change the others, or have names of each other's."""
SHARED = Path(__file__).parents[3] / "shared/data/units-2026-01"
"""A real fleet's units; not part of this project."""
SHARED_FOLDERS = (
    ".", "configs", "ops/systemd", "ops/systemd/native", "scripts", "systemd/templates", "systemd/units", "tmp"
)  # fmt: skip


def one_of_each(folders: Sequence[same.Files]) -> same.Files:
    """As if all lay in one folder; the first of a name counts."""
    texts: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for files in folders:
        texts = {**files.texts, **texts}
        links = {**files.links, **links}
    return same.Files(texts, links)


def why_no_shared() -> str | None:
    return None if SHARED.is_dir() else "the units of the real fleet are not here: they are not part of the project"


TOGETHER = one_of_each([same.read(CORPUS / theme) for theme in THEMES])
