"""A site of two pages, with the settings of the real one."""

import shutil
from pathlib import Path

from tests.site.build import SETTINGS, build_site


def write_small(folder: Path) -> Path:
    """Its `settings` and `docs`, in `folder`."""
    shutil.copytree(SETTINGS / "theme", folder / "settings/theme")
    whole = (SETTINGS / "zensical.toml").read_text()
    before, _, after = whole.partition("nav = [\n")
    (folder / "settings/zensical.toml").write_text(before + after.partition("\n]\n")[2])
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# Home\n\n[Other](other.md#part-one)\n")
    (folder / "docs" / "other.md").write_text("# Other\n\n## Part one\n")
    return folder


def build_small(small: Path, version: str, to: Path | None = None) -> Path:
    return build_site(to or small / "site", version, docs=small / "docs", settings=small / "settings")
