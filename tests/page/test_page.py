"""The page of an audit, as a document: whole, small, and nothing in it but text that does anything."""

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.page.broken import FAILED, REGISTRY, write_broken
from tests.page.hostile import write_hostile
from tests.page.written import write_page, write_report

LARGEST = 400_000
VOID = frozenset({"meta", "input", "br", "rect"})
ACTIVE = frozenset({"a", "nav", "style", "script"})


class Reader(HTMLParser):
    """Elements with their attributes; whether each is closed where it should be; text of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.raw: dict[str, str] = {}
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.raw[self._open[-1]] = data
        else:
            self.text += data


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_page(write_broken(tmp_path_factory.mktemp("page") / "e.json"))


def test_a_page_is_whole_and_small(broken: str) -> None:
    assert len(broken.encode()) <= LARGEST
    found = Reader(broken)
    ids = Counter(attributes["id"] for _, attributes in found.elements if "id" in attributes)
    assert {id_ for id_, number in ids.items() if number > 1} == set()
    links = {attributes["href"] for tag, attributes in found.elements if tag == "a"}
    assert links
    assert links <= {f"#{id_}" for id_ in ids}


def test_the_policy_allows_the_own_style_and_script_alone(broken: str) -> None:
    found = Reader(broken)
    (policy,) = (
        attributes["content"]
        for tag, attributes in found.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert set(found.raw) == {"style", "script"}
    for name, text in found.raw.items():
        assert rules[f"{name}-src"] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert not any(name == "style" or name.startswith("on") for _, each in found.elements for name in each)
    loads = {
        (tag, name) for tag, each in found.elements for name in each if name in {"src", "action", "data", "xlink:href"}
    }
    assert loads == set()
    assert not re.search(r"url\((?!#)|@import", found.raw["style"])


def test_what_an_operator_looks_for_is_there(broken: str) -> None:
    text = Reader(broken).text
    for said in (*FAILED[:1], "Not as declared", "restart loop", "lag 4200", "quantum-trader: streams", "4200 of ",
                 "permission denied", "systemctl show -p NRestarts", "127.0.0.1:8001", "nobody"):  # fmt: skip
        assert said in text, said


def test_an_empty_cell_is_a_dash(broken: str) -> None:
    assert "<td>—</td>" in broken
    assert not re.search(r"<td[^>]*>(None)?</td>", broken)


def test_without_a_script_everything_can_be_read(broken: str) -> None:
    """Only what needs the script is hidden."""
    hidden = {each.get("id") for _, each in Reader(broken).elements if "hidden" in each}
    assert hidden == {"filter", "none"}


def test_names_of_a_hostile_host_are_text(tmp_path: Path) -> None:
    page = write_page(write_hostile(tmp_path / "e.json"))
    found = Reader(page)
    assert "alert(" in found.text
    assert Counter(tag for tag, _ in found.elements)["script"] == 1
    assert {"img", "iframe", "object", "embed", "link", "base"}.isdisjoint(tag for tag, _ in found.elements)
    assert not any(name.startswith("on") for _, each in found.elements for name in each)
    assert not set(page) & set("\u202e\u2066\x1b\x07")


def test_late_groups_are_red_wherever_the_flow_is_shown(tmp_path: Path) -> None:
    evidence = write_broken(tmp_path / "e.json")
    page = write_report("report", "flow", "--from", str(evidence), "--registry", str(REGISTRY), "--format", "md")
    assert "ai-strategy-router, lag 4200, at most " in page
    (late,) = re.findall(r"^  linkStyle ([0-9,]+) stroke:#c53030", page, re.MULTILINE)
    assert len(late.split(",")) == page.count(", at most ")
