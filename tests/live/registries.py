"""Copies of the shipped registry with one thing changed."""

import shutil
from pathlib import Path

from tests.live.box import ROOT


def changed(into: Path, file: str, old: str, new: str) -> Path:
    """A copy in the new folder `into`, with the only `old` of one of its files replaced."""
    shutil.copytree(ROOT / "registry", into)
    text = (into / file).read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} of {old!r}"
    (into / file).write_text(text.replace(old, new))
    return into
