"""The catalogue and its texts."""

import re
from pathlib import Path

import pytest

from qtctl.errors import InputError
from qtctl.findings.meaning import Meaning
from qtctl.rules.catalogue import list_host_rules, list_meanings
from qtctl.rules.explain import explain, write_catalogue
from qtctl.rules.rule import Rule


def test_the_rules_are_sorted_and_each_id_is_there_once() -> None:
    """An id that is gone is missing from docs/findings.md, which is compared with what is generated."""
    ids = [each.id for each in list_host_rules()]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("each", list_meanings(), ids=lambda each: each.id)
def test_every_finding_is_explained(each: Meaning) -> None:
    text = explain(each.id.lower())
    assert text.startswith(f"# {each.id} {each.title}\n")
    assert text.endswith("\n")
    for part in (each.what, each.why, each.fix):
        assert part in text
        if isinstance(each, Rule):
            assert len(re.findall(r"[.:?](?:\s|$)", part)) >= 2, "two sentences at least"


def test_what_lint_and_parity_print_is_explained() -> None:
    package = Path(__file__).parent.parent.parent / "qtctl"
    printed = {id_ for path in package.rglob("*.py") for id_ in re.findall(r"QT[0-9]{3,4}", path.read_text())}
    assert printed <= {each.id for each in list_meanings()}


def test_an_unknown_id_names_near_ones() -> None:
    with pytest.raises(InputError, match="QT20") as caught:
        explain("QT20")
    assert "QT201" in caught.value.hint


def test_the_catalogue_holds_all_and_its_links_lead_somewhere() -> None:
    text = write_catalogue()
    headings = {
        "".join(letter for letter in line.lower() if letter.isalnum() or letter in " -").strip().replace(" ", "-")
        for line in re.findall(r"^### (.*)$", text, flags=re.MULTILINE)
    }
    links = re.findall(r"\(#([^)]+)\)", text)
    assert len(links) == len(list_meanings())
    assert set(links) == headings
