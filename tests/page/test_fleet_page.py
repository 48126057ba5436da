"""The page of several hosts shows each of the worst as the page of one host does, and is bounded."""

from collections import Counter
from dataclasses import replace

import pytest

from qtctl.api.fleet_pages import HostPages
from qtctl.fleet.basis import Basis
from qtctl.fleet.examine import HostResult
from qtctl.model.evidence import Evidence
from qtctl.reports import fleet_sheet
from qtctl.reports.blocks import Blocks
from tests.page.fleet import make_results, write_fleet_page
from tests.page.test_page import Reader

NAMES, BROKEN = ("web-1", "web-2", "web-3"), "web-2"


@pytest.fixture(scope="module")
def made() -> tuple[Basis, list[HostResult]]:
    return make_results(NAMES, [BROKEN])


@pytest.fixture(scope="module")
def page(made: tuple[Basis, list[HostResult]]) -> str:
    return write_fleet_page(*made)


def split_members(page: str) -> list[str]:
    """The text of each host's part, in their order."""
    return [part.partition("</section>")[0] for part in page.split('<details class="member')[1:]]


def test_each_host_has_what_its_own_page_has(page: str) -> None:
    worst, *others = split_members(page)
    assert len(others) == 2
    assert f"<b>{BROKEN}</b>" in worst
    for title in ("Event flow", "Services", "Ports", "Targets and order", "Timers", "Host"):
        assert f"<h3>{title}</h3>" in worst, title
    assert "lag 4200" in worst
    assert 'class="meter' in worst
    assert "nobody" in worst
    assert not any("lag 4200" in each for each in others)


def test_names_within_the_page_are_unique(page: str) -> None:
    ids = Counter(each["id"] for _, each in Reader(page).elements if "id" in each)
    assert [id_ for id_, number in ids.items() if number > 1] == []
    assert {"#each", "#findings"} <= {each["href"] for tag, each in Reader(page).elements if tag == "a"}


def test_only_the_worst_are_kept(made: tuple[Basis, list[HostResult]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.api.fleet_pages.MOST", 2)
    members = split_members(page := write_fleet_page(*made))
    assert [name for each in members for name in NAMES if f"<b>{name}</b>" in each] == [BROKEN, "web-1"]
    assert "The 2 of 3 hosts that differ most" in Reader(page).text


def test_of_hosts_as_declared_the_first_ones_have_evidence(made: tuple[Basis, list[HostResult]]) -> None:
    room = fleet_sheet.PageRoom(1)
    assert [room.may_show(number, each.report) for number, each in enumerate(made[1])] == [True, True, False]


def test_large_pictures_end_the_list(made: tuple[Basis, list[HostResult]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_sheet, "LARGEST", 1)
    assert len(split_members(write_fleet_page(*made))) == 1


def test_a_host_without_evidence_has_no_part(made: tuple[Basis, list[HostResult]]) -> None:
    basis, results = made
    pages = HostPages(basis)
    pages.take(replace(results[0], evidence=None))
    assert list(pages.show()) == []


def test_a_page_without_parts_says_how_to_see_one(made: tuple[Basis, list[HostResult]]) -> None:
    basis, results = made
    page = write_fleet_page(basis, [replace(each, evidence=None) for each in results if each.target != BROKEN])
    assert split_members(page) == []
    assert "None of the hosts that answered (2) is shown" in Reader(page).text
    assert "#each" in {each["href"] for tag, each in Reader(page).elements if tag == "a"}


def test_a_host_that_cannot_be_shown_costs_only_its_part(made: tuple[Basis, list[HostResult]]) -> None:
    basis, results = made
    page = write_fleet_page(basis, [replace(results[0], evidence="{"), *results[1:]])
    (damaged,) = (each for each in split_members(page) if f"<b>{NAMES[0]}</b>" in each)
    assert "<h3>Not shown</h3>" in damaged
    assert "JSON" in damaged
    assert len(split_members(page)) == len(NAMES)


def test_history_is_of_fewer_snapshots_the_more_hosts_there_are(
    made: tuple[Basis, list[HostResult]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def note(_: Evidence, looks: int) -> Blocks:
        asked.append(looks)
        return ()

    monkeypatch.setattr("qtctl.api.page.show_trends", note)
    monkeypatch.setattr("qtctl.api.fleet_pages.ALL_LOOKS", 30)
    write_fleet_page(*made)
    assert asked == [10, 10, 10]
