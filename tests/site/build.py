"""The docs site, of one version beside the others."""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from qtctl.version import VERSION
from tests.docs.lists import list_decisions
from tests.docs.pages import ROOT

SETTINGS = ROOT / ".site"
DOCS = ROOT / "docs"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ELSEWHERE = {
    "../CHANGELOG.md": "changelog.md",
    "../README.md": "index.md",
    "decisions/)": "decisions/README.md)",
    "schemas/)": "schemas/README.md)",
}
"""What pages of docs/ link to that is elsewhere on the site."""
ENTRY = '<!doctype html>\n<title>qtctl</title>\n<meta http-equiv="refresh" content="0; url={version}/index.html">\n'


class NotBuilt(Exception):
    """What the generator printed, or which page is missing."""


def build_site(to: Path, version: str, *, docs: Path = DOCS, settings: Path = SETTINGS) -> Path:
    """Build `to`/`version`, and list it in `to`/versions.json; its folder. The generator's warnings are errors."""
    with tempfile.TemporaryDirectory() as work:
        _gather(Path(work), docs, settings)
        program = Path(sys.executable).parent / "zensical"
        done = subprocess.run(
            [program, "build", "--strict", "--clean"], cwd=work, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode != 0:
            raise NotBuilt(COLOUR.sub("", done.stdout))
        folder = to / version
        shutil.rmtree(folder, ignore_errors=True)
        # A page for errors knows no folder to find its style in: it belongs to the server, not to a version.
        shutil.copytree(Path(work, "site"), folder, ignore=shutil.ignore_patterns("404.html"))
    _list_versions(to)
    return folder


def _gather(work: Path, docs: Path, settings: Path) -> None:
    shutil.copytree(docs, work / "docs")
    shutil.copytree(settings / "theme", work / "theme")
    if docs == DOCS:
        _add_pages(work / "docs")
    config = tomllib.loads((settings / "zensical.toml").read_text())
    config["project"]["nav"] = _drop_absent(config["project"].get("nav", []), work / "docs")
    (work / "zensical.toml").write_text(tomli_w.dumps(config))


def _add_pages(docs: Path) -> None:
    """What a forge shows without a page of its own: the changelog, and the folder of decisions."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    (docs / "changelog.md").write_text(changelog.replace("](docs/", "]("))
    (docs / "decisions/README.md").write_text(list_decisions())
    for page in docs.glob("*.md"):
        text = page.read_text()
        for ours, sites in ELSEWHERE.items():
            text = text.replace(f"]({ours}", f"]({sites}")
        page.write_text(text)


def _drop_absent(entries: list[Any], docs: Path) -> list[Any]:
    kept: list[Any] = []
    for entry in entries:
        ((title, what),) = entry.items() if isinstance(entry, dict) else ((None, entry),)
        if isinstance(what, list):
            kept.append({title: _drop_absent(what, docs)})
        elif (docs / what).is_file():
            kept.append(entry)
        else:
            raise NotBuilt(f"{what} is in the navigation, and is no page")
    return kept


def _list_versions(to: Path) -> None:
    """In the form that mike writes, the newest first."""
    versions = sorted((page.parent.name for page in to.glob("*/index.html")), key=_order, reverse=True)
    listed = [{"version": version, "title": version, "aliases": []} for version in versions]
    (to / "versions.json").write_text(json.dumps(listed, indent=2) + "\n")
    (to / "index.html").write_text(ENTRY.format(version=versions[0]))


def _order(version: str) -> tuple[list[int], bool]:
    """By number; one with a suffix, such as 1.0.0-rc1, before the release."""
    numbers = re.sub(r"[^0-9.].*", "", version)
    return [int(part) for part in numbers.split(".") if part], numbers == version


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.site")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--version", default=VERSION)
    chosen = parser.parse_args()
    build_site(chosen.folder.resolve(), chosen.version)
