"""What this project writes itself: nothing in its pages and reports is called wrong."""

from pathlib import Path

import pytest

from qtctl.formats.markdown import write_markdown
from qtctl.reports import module_registry, module_registry_page
from qtctl.reports.claims_known import make_known_of_report
from tests.builders.reported import desired, evidence
from tests.claims.judging import broken, true
from tests.docs.pages import PAGES, ROOT, name_of

GOLDENS = sorted(path for path in (ROOT / "tests/reports/goldens").iterdir() if path.suffix in (".md", ".json"))
REPORT = module_registry.build_report(desired(), evidence(), ())
KNOWN = make_known_of_report(desired(), REPORT)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_pages_of_this_project(page: Path) -> None:
    assert broken(page.read_text(), "page.md") == []


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name)
def test_the_reports_of_this_project(path: Path) -> None:
    assert broken(path.read_text(), path.name) == []


def test_a_module_registry_is_true_by_its_own_evidence() -> None:
    text = write_markdown(module_registry_page.build_page(REPORT))
    assert broken(text, "a.md", KNOWN) == []
    assert true(text)
    assert broken(module_registry.to_json(REPORT), "a.json", KNOWN) == []


def test_a_module_registry_is_false_by_other_evidence() -> None:
    assert broken(module_registry.to_json(REPORT).replace('"port": 8000', '"port": 8009'), "a.json", KNOWN) != []
