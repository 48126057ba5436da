"""Links between pages lead somewhere, pages that code names exist, finding ids are findings."""

import re
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.flows.declare import declare
from qtctl.rules.catalogue import list_ids
from tests.docs.pages import CONTRIBUTING, PAGES, ROOT, TUTORIAL, name_of, named_files

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAGE_IN_CODE = re.compile(r"(?<![\w/.-])docs/[\w./-]*\w")
FILE_IN_PAGE = re.compile(r"`([a-z_.]+/[\w./-]*\.(?:py|md|toml|json|j2|sh))`")
"""`a/b.py` in a page: below the root, or below qtctl/."""
ID = re.compile(r"\bQT[0-9]{3,4}\b")
CODE = sorted([*(ROOT / "qtctl").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "unit_templates").iterdir()])


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives its headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {text.replace(" ", "-") for text in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_pages_name_exist(page: Path) -> None:
    shown = {path.partition("/")[0] for each in PAGES for path in named_files(each)}
    shown |= {"registry"} if page == TUTORIAL else set()  # which its reader makes
    named = {
        path
        for path in FILE_IN_PAGE.findall(page.read_text())
        if "NAME" not in path and path.partition("/")[0] not in shown and f"Write `{path}`:" not in page.read_text()
    }
    own = page.with_suffix("")  # of an example, its registry
    assert [
        path for path in sorted(named) if not any((root / path).exists() for root in (ROOT, ROOT / "qtctl", own))
    ] == []


def test_pages_that_code_names_exist() -> None:
    named = {(name_of(file), path) for file in CODE for path in PAGE_IN_CODE.findall(file.read_text())}
    assert [(file, path) for file, path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_finding_ids_are_findings(page: Path) -> None:
    """Those of a registry's own checks, QT9xx, are its own to choose; one page writes a new one."""
    new = {"QT799"} if page == CONTRIBUTING else set()
    assert {found for found in ID.findall(page.read_text()) if not found.startswith("QT9")} - new <= list_ids()


def test_the_first_registry_of_its_page_works() -> None:
    shown = named_files(ROOT / "docs/registry.md")
    files = {path.removeprefix("my-registry/"): text.encode() for path, text in shown.items()}
    assert set(files) > {"fleet.toml", "hosts.toml", "services/api.toml"}
    desired = declare(files, read_templates(None), "web-1", None).desired
    made = {file.path: file.content.decode() for file in desired.files}
    assert "ExecStart=/usr/bin/python3 /srv/shop/api.py\n" in made["/etc/systemd/system/shop-api.service"]
    assert "After=redis-server.service shop-api.service\n" in made["/etc/systemd/system/shop-billing.service"]
    assert "LOG_LEVEL" in made["/etc/shop/api.env"]


def test_the_first_three_files_are_a_registry_too() -> None:
    shown = [*named_files(ROOT / "docs/registry.md").items()][:3]
    files = {path.removeprefix("my-registry/"): text.encode() for path, text in shown}
    desired = declare(files, read_templates(None), "any", None).desired
    assert [file.path for file in desired.files] == ["/etc/shop/api.env", "/etc/systemd/system/shop-api.service"]


def test_the_readme_counts_the_fleet_as_it_is() -> None:
    desired = declare(read_registry(ROOT / "registry"), read_templates(None), "", None).desired
    assert f"a {len(desired.services)}-service fleet" in (ROOT / "README.md").read_text()
