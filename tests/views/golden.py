"""Goldens of this folder. `UPDATE_GOLDENS=1 pytest tests/views` writes them again; git shows what changed."""

import os
from pathlib import Path

GOLDENS = Path(__file__).parent / "goldens"


def same(name: str, text: str) -> None:
    path = GOLDENS / name
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(text)
    assert text == path.read_text()
