"""What an explanation says: rows by name, the questions behind them, and that a changed report is noticed."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from qtctl.errors import InputError
from qtctl.formats.markdown import write_markdown
from qtctl.reports.why import WhyReport, build_report
from qtctl.reports.why_view import build_view

from .samples import read_sample


def explain(name: str, *pointer: str) -> WhyReport:
    return build_report(read_sample(name), "report.json", pointer)


def test_a_count_names_each_row_with_what_was_asked_and_answered() -> None:
    why = explain("registry mixed", "summary", "running")
    assert [each.label for each in why.items] == ["q-api.service", "q-feed.service", "q-stray.service"]
    first = why.items[0].asked[0]
    assert first.again == "systemctl show -p ActiveState,SubState,MainPID q-api.service"
    assert first.line == "ActiveState=active SubState=running MainPID=101"
    assert (why.document, why.about, why.at) == ("registry", "box", "2026-01-17T07:25:00.500Z")


def test_findings_bring_their_proofs() -> None:
    why = explain("audit mixed", "totals", "broken")
    assert len(why.items) == why.number > 3
    assert all(each.asked for each in why.items if "QT504" in each.label)
    assert any(each.asked[0].at for each in why.items if each.asked)


def test_what_holds_is_named_and_with_all_checks_proved() -> None:
    short, whole = (explain(name, "totals", "holds") for name in ("audit mixed", "audit --all mixed"))
    assert [each.label for each in short.items] != []
    assert sorted(each.label for each in short.items) == sorted(each.label for each in whole.items)
    assert not any(each.asked for each in short.items)
    assert any(each.asked for each in whole.items)


def test_a_row_that_stands_for_all_says_so() -> None:
    why = explain("audit unreachable", "totals", "unknown")
    assert why.stands_for_all
    assert len(why.items) == 1 < why.number
    assert "One row stands for all" in write_markdown(build_view(why).page())


def test_a_sum_names_its_terms() -> None:
    why = explain("fleet", "totals", "checks")
    assert [each.label for each in why.items] == [*["box"] * 4, "/compared"]
    assert sum(each.number for each in why.items) == why.number


COUNTS = (
    ("registry mixed", ("summary", "running")),
    ("registry mixed", ("summary", "gates_failed")),
    ("registry mixed", ("gates", "2", "passed")),
    ("audit mixed", ("totals", "by_rule", "QT204", "holds")),
    ("audit mixed", ("totals", "by_severity", "error", "broken")),
    ("overview mixed", ("restarts", "recent")),
    ("overview mixed", ("groups", "1", "by_category", "RUNNING")),
    ("catalogue mixed", ("totals", "without_owner")),
    ("flow mixed", ("totals", "by_gap", "no-consumer")),
    ("parity mixed", ("totals", "by_verdict", "gap")),
    ("parity gaps", ("dimensions", "0", "by_fate", "lost")),
    ("parity gaps", ("files", "0", "dimensions", "3", "kept")),
    ("parity gaps", ("files", "0", "services", "0", "dimensions", "2", "counts", "settings")),
    ("adopt", ("totals", "share")),
    ("claims", ("totals", "contradicts_itself")),
    ("evolution", ("balances", "0", "kept")),
    ("evolution", ("steps", "0", "added")),
    ("fleet", ("totals", "checks")),
    ("lint", ("counts", "services")),
    ("snapshot", ("snapshot", "counts", "service")),
    ("snapshot-check", ("totals", "broken")),
    ("verify", ("units",)),
    ("preparation", ("changes",)),
)


@pytest.mark.parametrize(("name", "pointer"), COUNTS, ids=lambda value: value if isinstance(value, str) else value[-1])
@pytest.mark.parametrize("by", [-1, 1, 1000])
def test_a_number_that_somebody_changed_is_noticed(name: str, pointer: tuple[str, ...], by: int) -> None:
    document: Any = read_sample(name)
    row = document
    for step in pointer[:-1]:
        row = row[int(step)] if isinstance(row, list) else row[step]
    row[pointer[-1]] += by
    why = build_report(document, "report.json", pointer)
    assert not why.adds_up
    assert why.total == why.number - by
    assert "the report was changed, or is damaged" in write_markdown(build_view(why).page())


def test_a_row_that_somebody_removed_is_noticed() -> None:
    document = read_sample("registry mixed")
    document["modules"] = [each for each in document["modules"] if each["unit"] != "q-api.service"]
    why = build_report(document, "report.json", ("summary", "running"))
    assert (why.number, why.total, why.adds_up) == (3, 2, False)


SPOILT: tuple[Any, ...] = (5, "text", [[]], {"x": {"y": []}})
POINTERS = ("summary/running", "totals/total", "totals/broken", "balances/0/kept", "totals/share", "dimensions/0/kept",
            "gates/0/passed")  # fmt: skip


@pytest.mark.parametrize(
    "name", ["registry mixed", "audit mixed", "overview mixed", "parity gaps", "evolution", "adopt"]
)
def test_parts_of_the_wrong_kind_are_no_crash(name: str) -> None:
    whole = read_sample(name)
    spoilt = [{**whole, key: wrong} for key in whole for wrong in SPOILT]
    for document, pointer in product(spoilt, POINTERS):
        with suppress(InputError):
            build_report(document, "report.json", pointer.split("/"))
