"""The audit of several hosts: a line for each, what they share once, what to do first; for three and for a thousand."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from qtctl.cli.tables import Screen, leave_plain
from qtctl.dialects import terminal
from qtctl.findings.finding import Outcome, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.formats.markdown import write_markdown
from qtctl.reports.audit import AuditReport
from qtctl.reports.fleet import FleetReport, build_report, group_findings, to_json
from qtctl.reports.fleet_lines import AuditLine, write_host, write_lines
from qtctl.reports.fleet_page import build_page
from qtctl.reports.fleet_rows import MOST_ALIKE, make_rows
from qtctl.reports.fleet_screen import build_screen
from tests.reports.fleets import UNIT, check, compared, failed, good, make_fleet, report, unreachable

WIDTH, LINES = 80, 50


def fleet(*reports: AuditReport) -> FleetReport:
    return build_report(reports)


def lines(found: FleetReport, *, verbose: bool = False) -> list[str]:
    return list(Screen(WIDTH, leave_plain, terminal.show_line).lines(tuple(build_screen(found, verbose=verbose))))


THREE = fleet(report("web-1", good("web-1")), report("web-2", failed("web-2")), unreachable("web-3"))


def test_three_hosts_are_a_line_each() -> None:
    shown = lines(THREE)
    assert max(map(len, shown)) <= WIDTH
    assert [line.split()[0] for line in shown[3:6]] == ["web-2", "web-3", "web-1"]
    assert shown[3].split() == ["web-2", "not", "as", "declared", "3", "1", "QT204,", "QT301,", "QT210"]
    assert "not reached" in shown[4]
    assert "no answer within 10 s" in shown[4]
    assert "error QT204 unit failed (web-2)" in shown
    assert "  leads to  QT301 127.0.0.1:8101, 1 check unknown" in shown
    assert shown[-2].startswith("3 hosts: 1 as declared, 1 not as declared, 1 incomplete · ")


def test_a_thousand_hosts_fit_a_screen() -> None:
    found = build_report(make_fleet(1000), compared(1000))
    shown = lines(found)
    assert max(map(len, shown)) <= WIDTH
    assert len(shown) <= LINES, "\n".join(shown)
    assert any(line.startswith("912 hosts  as declared") for line in shown)
    assert any(line.startswith("37 hosts ") for line in shown)
    assert sum(line.startswith("web-") for line in shown) == 10 + 1, "not reached, and one with a finding of its own"
    heads = [line for line in shown if line.startswith(("error", "warning", "info"))]
    assert heads == [
        "error QT204 37 units failed (37 hosts)",
        "error QT303 bound wider or narrower than declared (web-0088)",
        "warning QT210 77 files differ from the generated ones (77 hosts)",
        "info QT721 hosts with the same tag differ",
    ]
    assert "  web-0001, web-0002 … and 35 more" in shown
    assert "  observed  6.7.0 (web-0001, web-0002, web-0003)" in shown


def test_each_host_in_full_on_demand() -> None:
    shown = lines(THREE, verbose=True)
    assert f"error QT204 {UNIT}" in shown
    assert sum("asked at web-2" in line for line in shown) == 1
    assert not any("asked at web-1" in line or "asked at web-3" in line for line in shown)


def test_alike_hosts_share_a_row_only_if_they_are_many() -> None:
    for count in (MOST_ALIKE, MOST_ALIKE + 1):
        rows = make_rows([report(f"web-{number}", good(f"web-{number}")) for number in range(count)])
        assert len(rows) == (count if count == MOST_ALIKE else 1)


def test_hosts_that_are_not_reached_for_the_same_reason_share_a_row() -> None:
    rows = make_rows([unreachable(f"web-{number}") for number in range(20)])
    assert [(row.name, row.first.verdict) for row in rows] == [("20 hosts", Conclusion.INCOMPLETE)]
    assert len({row.unreachable for row in rows[0].reports}) == len(rows[0].reports), "each names its own login"


def test_what_is_shared_is_there_once_with_all_its_hosts() -> None:
    found = build_report(make_fleet(1000))
    document = json.loads(to_json(found))
    by_id = {(each["id"], each["subject"]): each["hosts"] for each in document["shared"]}
    assert {key: len(hosts) for key, hosts in by_id.items()} == {
        ("QT204", UNIT): 37, ("QT301", "127.0.0.1:8101"): 37, ("QT210", UNIT): 77,
    }  # fmt: skip
    assert len(document["hosts"]) == 1000
    assert [(each["id"], len(each["hosts"])) for each in document["first"]] == [
        ("QT204", 37),
        ("QT303", 1),
        ("QT210", 77),
    ]


def test_of_equal_things_the_one_on_most_hosts_comes_first() -> None:
    many = [report(f"b{n}", (check(f"b{n}", "QT303", "127.0.0.1:1"),)) for n in range(3)]
    few = [report("a", (check("a", "QT204", "x.service"),))]
    assert [each.id for each in build_report([*few, *many]).first] == ["QT303", "QT204"]


def test_a_waived_finding_is_not_among_the_first() -> None:
    waived = [report(f"w{n}", (check(f"w{n}", "QT204", UNIT, waiver="until March"),)) for n in range(2)]
    found = build_report(waived)
    assert (found.first, [each.waived for each in found.shared]) == ((), [True])
    assert "Waived, or found before" in lines(found)


def test_two_hosts_that_stand_in_for_one_are_two() -> None:
    """Then fingerprints are the same: each host's causes are looked for among its own findings."""
    twins = [report("box", failed("box")).model_copy(update={"address": f"lab{n}"}) for n in (1, 2)]
    (first, *_) = group_findings(twins, build_report(twins).compared)
    assert (first.hosts, len(first.members), len(first.below)) == (("lab1", "lab2"), 2, 2)


def test_the_page_shows_what_is_shared_once() -> None:
    found = build_report(make_fleet(100), compared(100))
    page = write_markdown(build_page(found))
    assert page.count("systemctl restart shop-app@8101.service") <= 4
    assert "## On several hosts" in page
    assert "## `web-0010`" in page, "a finding of its own"
    assert "## `web-0050`" not in page
    assert "## `web-0050`" in write_markdown(build_page(found, verbose=True))


WRONG: dict[str, Any] = {
    "totals": lambda found: {"totals": found.totals.model_copy(update={"broken": 1})},
    "verdict": lambda _: {"verdict": Conclusion.AS_DECLARED},
    "shared": lambda found: {"shared": found.shared[1:]},
    "comparison": lambda found: {"compared": found.compared.model_copy(update={"findings": ()})},
    "hosts": lambda found: {"hosts": found.hosts[1:]},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_add_up_is_refused(name: str) -> None:
    found = build_report(make_fleet(100), compared(100))
    with pytest.raises(ValidationError):
        FleetReport(**{**dict(found), **WRONG[name](found)})


def test_a_difference_counts_by_its_severity() -> None:
    hosts = [report(name, good(name)) for name in ("web-0001", "web-0004")]
    assert build_report(hosts, compared(4)).verdict is Conclusion.AS_DECLARED, "a kernel is information"
    (other,) = compared(4)
    raised = [type(other)(**{**{f: getattr(other, f) for f in other.__slots__}, "severity": Severity.WARNING})]
    found = build_report(hosts, raised)
    assert (found.verdict, found.totals.broken, found.totals.not_as_declared) == (Conclusion.NOT_AS_DECLARED, 1, 0)


def test_lines_are_whole_documents() -> None:
    said = [*write_lines(THREE.hosts, lambda: THREE)]
    assert len(said) == 4
    assert not any("\n" in line for line in said)
    documents = [json.loads(line) for line in said]
    assert [each["kind"] for each in documents] == ["host", "host", "host", "summary"]
    for line, host in zip(documents, json.loads(to_json(THREE))["hosts"], strict=False):
        assert line == {"kind": "host", **host}
    assert documents[-1]["hosts"] == ["web-1", "web-2", "web-3"]
    for line in said:
        AuditLine.model_validate_json(line)


def test_a_line_has_no_line_end_of_a_host() -> None:
    odd = report("web-1", (check("web-1", "QT204", "a\u2028b\x85c\nd.service"),))
    assert len(write_host(odd).splitlines()) == 1


outcomes = st.sampled_from([Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN])
checked = st.dictionaries(st.sampled_from(["QT204", "QT210", "QT303"]), outcomes, min_size=1)


@settings(max_examples=50)
@given(st.lists(checked, min_size=1, max_size=5))
def test_nothing_is_lost_or_shown_twice(each: list[dict[str, Outcome]]) -> None:
    reports = [
        report(
            f"h{n}",
            [
                check(f"h{n}", id_, "x", outcome, reason=None if outcome is not Outcome.UNKNOWN else "refused")
                for id_, outcome in found.items()
            ],
        )
        for n, found in enumerate(each)
    ]
    whole = build_report(reports)
    counted = Counter(id_ for found in each for id_, outcome in found.items() if outcome is Outcome.BROKEN)
    assert {shared.id: len(shared.hosts) for shared in whole.shared} == {i: c for i, c in counted.items() if c > 1}
    assert {first.id: len(first.hosts) for first in whole.first} == counted
    assert sum(len(row.reports) for row in make_rows(reports)) == len(each)
