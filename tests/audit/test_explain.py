"""The catalogue and its texts."""

import re
from pathlib import Path

import pytest

from qtctl.errors import InputError
from qtctl.findings.meaning import Meaning
from qtctl.rules.catalogue import list_host_rules, list_meanings
from qtctl.rules.explain import explain, write_catalogue
from qtctl.rules.rule import Rule

FIRST_IDS = (
    "QT201 QT202 QT203 QT204 QT205 QT206 QT207 QT208 QT209 QT210 QT211 QT212 QT213 QT214 QT215 QT217 QT218 QT219 QT220 "
    "QT221 QT222 QT223 QT224 QT225 QT226 QT227 QT228 QT229 QT230 QT231 QT232 QT233 QT234 QT235 QT236 QT237 "
    "QT301 QT302 QT303 QT304 QT305 QT306 QT307 "
    "QT401 QT402 QT403 QT404 QT405 QT406 QT407 QT408 QT409 QT410 QT411 QT412 QT413 QT414 "
    "QT501 QT502 QT503 QT504 QT505 QT506 QT507 QT508 QT509 QT510 QT511 QT512 QT513 QT514 QT515 QT516 QT517 QT518 "
    "QT601 QT602 QT603 QT604 QT605 QT606 QT607 QT608 "
    "QT701 QT702 QT703 QT704 QT705 QT706 QT707 QT708 QT709 QT710 QT711 QT712 QT713 QT714 QT715 QT716 QT717 "
    "QT718 QT719 QT720 QT722 QT723 QT724 QT725 QT726"
)


def test_the_rules_are_sorted_and_each_id_is_there_once() -> None:
    assert [each.id for each in list_host_rules()] == FIRST_IDS.split()


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
