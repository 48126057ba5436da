"""The docs site: complete, without broken links, loading nothing from elsewhere, and in versions."""

import json
import re
from pathlib import Path

import pytest

from tests.site.build import DOCS, NotBuilt
from tests.site.small import build_small, write_small
from tests.site.walk import OUTSIDE, Site

NAMED_IN_CSS = re.compile(r"(?:url\(|@import )\s*['\"]?([^'\")\s]+)")


@pytest.fixture(scope="module")
def site(built: Path) -> Site:
    return Site(built)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small(tmp_path)


def test_every_page_of_the_docs_is_a_page_of_the_site(site: Site) -> None:
    pages = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    assert {path.relative_to(site.folder).as_posix() for path in site.pages} == {
        re.sub(r"(^|/)README\.html$", r"\1index.html", page) for page in pages
    } | {"changelog.html", "decisions/index.html"}


def test_no_link_and_no_anchor_is_broken(site: Site) -> None:
    assert site.list_broken() == []


def test_every_page_and_file_is_two_clicks_away(site: Site) -> None:
    files = set((site.folder / "schemas").rglob("*.json"))
    assert sorted((site.pages.keys() | files) - site.reach(2)) == []


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    assert {
        source for source in site.list_sources() if OUTSIDE.match(source) and not source.startswith("data:")
    } == set()
    sheets = [path.read_text() for path in site.folder.rglob("*.css")]
    assert sheets
    named = {name for sheet in sheets for name in NAMED_IN_CSS.findall(sheet)}
    assert {name for name in named if OUTSIDE.match(name) and not name.startswith("data:")} == set()


def test_every_page_forbids_the_browser_to_load_anything_from_elsewhere(site: Site) -> None:
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
    found = {policy.findall(text)[0] for text in site.pages.values()}
    (text,) = found
    assert text.startswith("default-src 'none'; ")
    assert not re.search(r"https?:|\*", text)


def test_the_search_index_has_every_page(site: Site) -> None:
    index = json.loads((site.folder / "search.json").read_text())
    found = {entry["location"].partition("#")[0] or "index.html" for entry in index["items"]}
    assert {path.relative_to(site.folder).as_posix() for path in site.pages} <= found


def test_two_versions_stand_side_by_side(small: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.0-rc1"):
        build_small(small, version)
    listed = json.loads((small / "site/versions.json").read_text())
    assert [each["version"] for each in listed] == ["0.10.0", "0.10.0-rc1", "0.9.0"]
    assert 'url=0.10.0/index.html"' in (small / "site/index.html").read_text()
    assert all(Site(small / "site" / each["version"]).list_broken() == [] for each in listed)


@pytest.mark.parametrize("link", ["gone.md", "other.md#gone"])
def test_a_broken_link_is_not_built(small: Path, link: str) -> None:
    (small / "docs/index.md").write_text(f"# Home\n\n[Other]({link})\n")
    with pytest.raises(NotBuilt):
        build_small(small, "1.0.0")


def test_a_page_of_the_navigation_that_is_missing_is_not_built(small: Path) -> None:
    settings = small / "settings/zensical.toml"
    settings.write_text(settings.read_text().replace("[project]\n", '[project]\nnav = ["index.md", "gone.md"]\n'))
    with pytest.raises(NotBuilt, match=r"gone\.md"):
        build_small(small, "1.0.0")
