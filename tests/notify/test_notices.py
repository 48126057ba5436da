"""What is told, and when: pure. Every change is told once, however runs are cut off."""

import json
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.audit.judge import judge
from qtctl.findings.finding import Severity
from qtctl.findings.notice import Cause, Notice, NoticeKind, Problems, Told
from qtctl.model.evidence import State
from qtctl.reports.audit import build_report
from qtctl.reports.notices import (
    Rules,
    begin_sending,
    confirm,
    describe_notice,
    list_problems,
    make_document,
    plan_notices,
)
from tests.builders import reported

NOW_S = 1_800_000_000.0
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def cause(key: str, severity: Severity = ERROR, host: str = "box", title: str = "down", id_: str = "QT219") -> Cause:
    return Cause(key, id_, severity, title, host, host, f"{key}.service")


def problems(
    *causes: Cause, unknown: tuple[str, ...] = (), unseen: tuple[str, ...] = (), seen: tuple[str, ...] = ("box", "web")
) -> Problems:
    broken = frozenset(each.key for each in causes)
    hosts = frozenset(("box", "web"))
    return Problems(causes, broken, frozenset(unknown), frozenset(seen), frozenset(unseen), hosts)


def told(*causes: Cause) -> Told:
    return Told({each.key: each for each in causes})


def plan(known: Told, found: Problems, rules: Rules = Rules(), now_s: float = NOW_S) -> list[tuple[str, list[str]]]:  # noqa: B008
    notices, _ = plan_notices(known, found, rules, now_s)
    return [(each.kind.value, [one.key for one in each.causes]) for each in notices]


def test_what_is_new_is_told() -> None:
    assert plan(Told(), problems(cause("a"))) == [("new", ["a"])]
    assert plan(told(cause("a")), problems(cause("a"))) == []


def test_findings_of_one_kind_are_one_notification_on_all_hosts() -> None:
    found = problems(cause("a"), cause("b", host="web"), cause("c", title="else"))
    assert plan(Told(), found) == [("new", ["a", "b"]), ("new", ["c"])]


def test_what_is_worse_is_told_again_and_what_is_better_is_not() -> None:
    assert plan(told(cause("a", WARNING)), problems(cause("a", ERROR))) == [("worse", ["a"])]
    assert plan(told(cause("a", ERROR)), problems(cause("a", WARNING))) == []


def test_what_has_recovered_is_told() -> None:
    assert plan(told(cause("a")), problems()) == [("recovered", ["a"])]


@pytest.mark.parametrize(
    "found",
    [
        problems(unknown=("a",)),
        problems(unseen=("box",)),
        problems(seen=("web",)),
        replace(problems(), broken=frozenset(("a",))),
    ],
    ids=["unknown", "no answer", "not audited", "now explained by another"],
)
def test_nothing_recovers_unless_it_was_seen_to(found: Problems) -> None:
    assert plan(told(cause("a")), found) == []


def test_a_host_that_is_no_longer_declared_has_no_problems() -> None:
    assert plan(told(cause("a", host="gone")), problems()) == [("recovered", ["a"])]


def test_a_comparison_recovers_only_if_all_hosts_were_compared() -> None:
    known = told(replace(cause("a"), host="", of=""))
    assert plan(known, problems()) == [("recovered", ["a"])]
    assert plan(known, problems(seen=("web",))) == []
    assert plan(known, problems(unseen=("web",))) == []
    assert plan(known, replace(problems(), compared=False)) == []


def test_what_is_below_the_least_severity_is_not_told() -> None:
    assert plan(Told(), problems(cause("a", INFO), cause("b", WARNING))) == [("new", ["b"])]
    assert plan(Told(), problems(cause("a", INFO)), Rules(least=INFO)) == [("new", ["a"])]


def test_quiet_hours_delay_and_what_came_and_went_is_never_told() -> None:
    found = problems(cause("a", WARNING), cause("b", ERROR, title="worse"))
    assert plan(Told(), found, Rules(quiet=True)) == []
    assert plan(Told(), found, Rules(quiet=True, loud=ERROR)) == [("new", ["b"])]
    assert plan_notices(Told(), found, Rules(quiet=True), NOW_S)[1] == 2
    assert plan(Told(), problems()) == []


def test_over_the_limit_the_rest_is_one_summary() -> None:
    many = problems(*(cause(str(number), title=str(number)) for number in range(10)))
    notices, waiting = plan_notices(Told(), many, Rules(per_hour=3), NOW_S)
    assert [each.kind.value for each in notices] == ["new", "new", "summary"]
    assert len(notices[-1].causes) == 8
    assert waiting == 0
    spent = Told(sent=(NOW_S - 10, NOW_S - 20, NOW_S - 30))
    assert plan_notices(spent, many, Rules(per_hour=3), NOW_S) == ((), 10)
    assert len(plan_notices(spent, many, Rules(per_hour=3), NOW_S + 3600)[0]) == 3


def test_the_worst_comes_first_and_recoveries_last() -> None:
    known = told(cause("gone", title="gone"))
    found = problems(cause("w", WARNING, title="w"), cause("e", ERROR, title="e"))
    assert plan(known, found) == [("new", ["e"]), ("new", ["w"]), ("recovered", ["gone"])]


def test_a_key_is_of_one_notification() -> None:
    (first,), _ = plan_notices(Told(), problems(cause("a")), Rules(), NOW_S)
    (again,), _ = plan_notices(Told(), problems(cause("a")), Rules(), NOW_S + 1)
    (later,), _ = plan_notices(Told(number=1), problems(cause("a")), Rules(), NOW_S)
    assert first.key == again.key != later.key


def test_a_document_is_bounded_and_json() -> None:
    notice = Notice(NoticeKind.NEW, tuple(cause(str(number)) for number in range(5000)), "k")
    document = json.loads(json.dumps(make_document(notice, "fleet", "2026-01-01T00:00:00Z")))
    assert (len(document["items"]), document["more"]) == (100, 4900)
    assert document["text"] == "[fleet] new error: QT219 0.service: down (and 4999 more) on box"


def test_an_audit_is_told_by_its_causes() -> None:
    desired, evidence = reported.desired(), reported.evidence()
    report = build_report(desired, evidence, judge(desired, evidence))
    found = list_problems([report], (), ["box"])
    roots = {check.fingerprint for check in report.findings if check.waiver is None and check.because is None}
    assert {each.key for each in found.causes} >= roots
    assert {each.key for each in found.causes} <= found.broken
    assert all(describe_notice(Notice(NoticeKind.NEW, (each,))) for each in found.causes)


def test_a_host_that_does_not_answer_is_a_cause() -> None:
    desired = reported.desired()
    refused = tuple(replace(each, state=State.REFUSED, value=None, reason="no route") for each in reported.ITEMS)
    checks = [each for each in judge(desired, reported.evidence(refused)) if each.outcome.value == "unknown"]
    report = build_report(desired, reported.evidence(refused), [replace(each, reason="no route") for each in checks])
    found = list_problems([report], (), ["box"])
    assert report.unreachable == "no route"
    assert [(each.id, each.severity) for each in found.causes] == [("unreachable", ERROR)]
    known = told(*found.causes, cause("a"))
    assert plan(known, found) == [], "nothing is known of the other problem"
    assert plan(known, problems()) == [("recovered", [found.causes[0].key]), ("recovered", ["a"])]


class Killed(Exception):
    pass


class Model:
    """The file and the receiver of one channel; whoever uses them is killed after so many steps."""

    def __init__(self) -> None:
        self.stored = Told()
        self.received: list[tuple[str, str]] = []
        self.lost: set[str] = set()
        self.left = 0

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1

    def run(self, found: Problems, per_hour: int, now_s: float) -> None:
        if self.stored.pending is not None:
            self.lost.add(self.stored.pending.key)
            self.step()
            self.stored = confirm(self.stored)
        for notice in plan_notices(self.stored, found, Rules(per_hour=per_hour), now_s)[0]:
            self.step()
            self.stored = begin_sending(self.stored, notice, now_s)
            self.step()
            for part in notice.parts or (notice,):
                self.received += [(notice.key, f"{part.kind.value} {each.key}") for each in part.causes]
            self.step()
            self.stored = confirm(self.stored)


KEYS = st.sets(st.sampled_from("abcdef"), max_size=6)


@given(st.lists(st.tuples(KEYS, st.integers(0, 12)), min_size=1, max_size=12), st.integers(1, 4))
def test_nothing_is_sent_twice_wherever_runs_are_cut_off(runs: list[tuple[set[str], int]], per_hour: int) -> None:
    model, last = Model(), runs[-1][0]
    for number, (wrong, steps) in enumerate([*runs, (last, 10_000), (last, 10_000)]):
        model.left = steps
        with suppress(Killed):
            found = problems(*(cause(key, title=key) for key in sorted(wrong)))
            model.run(found, per_hour, NOW_S + 3601 * number)
    assert len(model.received) == len(set(model.received)), "a notification arrived twice"
    assert set(model.stored.causes) == last
    for key in "abcdef":
        said = [what.split()[0] for _, what in model.received if what.split()[1] == key]
        doubled = [one for one, other in pairwise(said) if one == other]
        assert not doubled or model.lost, f"{key}: {said}"
