"""Laws of judging: missing evidence never makes anything hold, and the same input gives the same checks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.audit.judge import judge, list_expectations, list_needs
from qtctl.errors import InputError
from qtctl.findings.finding import Outcome, Severity, make_fingerprint
from qtctl.findings.verdict import Conclusion
from qtctl.flows.audit import conclude_audit
from qtctl.model.evidence import Evidence, Item, State
from qtctl.reports.audit import build_report, describe_root_checks
from tests.builders.audited import ENGINE, desired, evidence, name_of

CASES: list[dict[str, Any]] = [
    case
    for path in sorted((Path(__file__).parent.parent / "rules" / "host").glob("*.json"))
    for case in json.loads(path.read_text())
]
LOST = (State.REFUSED, State.UNPARSEABLE, State.NOT_ASKED)


def evidence_of(case: dict[str, Any]) -> Evidence:
    given = {name: case[name] for name in ("changed", "absent", "refused", "dropped", "needs_root") if name in case}
    return evidence(desired(), **given)


def lose(item: Item, state: State) -> Item:
    return Item(item.fact, item.subject, state, None, "lost", item.ask, store=item.store)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_lost_evidence_never_makes_anything_hold(case: dict[str, Any], data: st.DataObject) -> None:
    whole = evidence_of(case)
    lost = data.draw(st.dictionaries(st.sampled_from(range(len(whole.items))), st.sampled_from([*LOST, None])))
    left = [(item, lost.get(at, State.OBSERVED)) for at, item in enumerate(whole.items)]
    items = tuple(lose(item, state) if state in LOST else item for item, state in left if state is not None)
    before = {(check.id, check.subject): check.outcome for check in judge(desired(), whole)}
    cut = replace(whole, items=items)
    after = judge(desired(), cut)
    broken_before = {id_ for (id_, _), outcome in before.items() if outcome is not Outcome.HOLDS}
    for check in after:
        was = before.get((check.id, check.subject))
        if check.outcome is Outcome.HOLDS:
            assert was is Outcome.HOLDS or (was is None and check.id not in broken_before)


@pytest.mark.parametrize("state", LOST)
def test_nothing_known_means_nothing_holds_or_breaks(state: State) -> None:
    whole = evidence(desired())
    blind = replace(whole, items=tuple(lose(item, state) for item in whole.items))
    checks = judge(desired(), blind)
    assert {check.outcome for check in checks} == {Outcome.UNKNOWN}
    assert conclude_audit(desired(), checks) is Conclusion.INCOMPLETE
    assert len(checks) == sum(bool(each.needs) for _, each in list_expectations(desired()))
    roots = {check.fingerprint for check in checks if check.id == "QT701"}
    assert all(check.cause for check in checks if check.fingerprint not in roots)


def test_the_order_of_the_evidence_does_not_matter() -> None:
    whole = evidence(desired())
    other = replace(whole, items=tuple(reversed(whole.items)))
    assert judge(desired(), other) == judge(desired(), whole)


def test_needs_are_the_union_once_each_and_sorted() -> None:
    wanted = list_needs(desired())
    assert len(set(wanted)) == len(wanted)
    assert list(wanted) == sorted(wanted, key=lambda need: (need.fact, need.store, need.subject))
    assert set(wanted) == {need for _, each in list_expectations(desired()) for need in each.needs}


def test_a_fingerprint_is_of_the_thing_and_never_of_values() -> None:
    want = desired()
    name = f"unit {ENGINE}"
    two = [
        next(
            c
            for c in judge(
                want, evidence(want, {name: {"active_state": "failed", "exec_main_code": 1, "exec_main_status": n}})
            )
            if c.id == "QT204"
        )
        for n in (0, 1)
    ]
    assert two[0].observed != two[1].observed
    assert two[0].fingerprint == two[1].fingerprint == make_fingerprint("QT204", want.host, two[0].subject)
    assert len(two[0].fingerprint) == 16


def test_a_policy_changes_severities() -> None:
    want = desired(severities=(("QT208", "info"),))
    checks = judge(want, evidence(want))
    assert {check.severity for check in checks if check.id == "QT208"} == {Severity.INFO}


def test_an_unknown_check_shows_the_ask_that_was_refused() -> None:
    want = desired()
    seen = evidence(want, refused={"store redis": "NOAUTH Authentication required."})
    check = next(check for check in judge(want, seen) if check.id == "QT509")
    assert check.reason == "NOAUTH Authentication required."
    assert [(proof.again, proof.line) for proof in check.proof] == [("ask redis", "NOAUTH Authentication required.")]


@pytest.mark.parametrize(
    ("refused", "remedies"),
    [
        ({"unit *": "no"}, {"QT201": "systemctl status dbus.socket dbus.service on the host, then audit again"}),
        (
            {"reach bus": "no dbus", "unit *": "no dbus"},
            {
                "QT701": "systemctl status dbus.socket dbus.service on the host, then audit again",
                "QT201": "systemctl status dbus.socket dbus.service on the host, then audit again",
            },
        ),
        (
            {"reach ssh": "no way", "reach bus": "no way", "unit *": "no way", "store redis": "no way"},
            dict.fromkeys(("QT701", "QT201", "QT509"), "see the reason; qtctl explain QT701"),
        ),
        (
            {"store redis": "NOAUTH", "stream.group *": "NOAUTH"},
            dict.fromkeys(
                ("QT509", "QT504"),
                "let the auditing account reach Redis: its password by name in stores.toml, AllowTcpForwarding in sshd",
            ),
        ),
    ],
)
def test_what_could_not_be_asked_has_the_remedy_of_its_cause(refused: dict[str, str], remedies: dict[str, str]) -> None:
    want = desired()
    unknown = [c for c in judge(want, evidence(want, refused=refused)) if c.outcome is Outcome.UNKNOWN]
    for id_, remedy in remedies.items():
        assert {check.remedy for check in unknown if check.id == id_} == {remedy}


@pytest.mark.parametrize(("transport", "named"), [("ssh", "prod-1.example"), ("local", "local")])
def test_a_remedy_that_deploys_names_the_host(transport: str, named: str) -> None:
    want = desired()
    seen = replace(evidence(want, absent=[f"unit {ENGINE}"], transport=transport), address="prod-1.example")
    (check,) = [c for c in judge(want, seen) if (c.id, c.subject) == ("QT201", ENGINE)]
    assert check.remedy == f"qtctl deploy --host {named}"


def test_a_local_audit_takes_no_connection() -> None:
    want = desired()
    ssh = [
        check for check in judge(want, evidence(want, transport="local", dropped=["reach ssh"])) if check.id == "QT701"
    ]
    assert [(check.subject, check.outcome) for check in ssh] == [
        (way, Outcome.HOLDS) for way in ("bus", "exec", "root")
    ]


def test_evidence_that_does_not_say_when_it_was_taken_is_refused() -> None:
    with pytest.raises(InputError, match="'yesterday' is not a time"):
        judge(desired(), evidence(desired(), taken_at="yesterday"))


def test_declared_is_the_place_in_the_registry() -> None:
    want = desired()
    places = {(check.id, check.subject): str(check.place or "") for check in judge(want, evidence(want))}
    assert places["QT301", "127.0.0.1:8001"] == "services/ai-engine.toml#ports.http.listen"
    assert places["QT701", "ssh"] == ""


def test_cases_name_facts_that_exist() -> None:
    known = {name_of(need) for need in list_needs(desired())} | {f"{need.fact} *" for need in list_needs(desired())}
    used = {name for case in CASES for part in ("absent", "refused", "dropped") for name in case.get(part, ())}
    assert used <= known


@pytest.mark.parametrize(
    ("policy", "outcome", "conclusion"),
    [("user", Outcome.NOT_ASKED, Conclusion.AS_DECLARED), ("root", Outcome.UNKNOWN, Conclusion.INCOMPLETE)],
)
def test_what_only_root_can_tell_is_not_asked_or_unknown(policy: str, outcome: Outcome, conclusion: Conclusion) -> None:
    want = desired(evidence=policy)
    checks = judge(want, evidence(want, needs_root=["reach root", "env *", "processes.places *"]))
    open_ = [check for check in checks if check.outcome is not Outcome.HOLDS]
    assert {check.id for check in open_} == {"QT214", "QT603", "QT604", "QT605", "QT606", "QT701"}
    assert {check.outcome for check in open_} == {outcome}
    assert {check.remedy for check in open_} == {"audit with --become"}
    assert conclude_audit(want, checks) is conclusion
    report = build_report(want, evidence(want), checks)
    assert (report.totals.not_asked, len(report.not_asked)) == (len(open_) if policy == "user" else 0,) * 2
    said = f", as far as audit can see; {len(open_)} checks need --become" if policy == "user" else ""
    assert describe_root_checks(report) == said


def test_what_was_refused_is_unknown_also_where_root_was_not_asked() -> None:
    want = desired()
    checks = judge(want, evidence(want, refused={"env *": "not root: sudo: a password is required"}))
    open_ = [check for check in checks if check.outcome is not Outcome.HOLDS]
    assert {check.outcome for check in open_} == {Outcome.UNKNOWN}
    assert {check.reason for check in open_} == {"not root: sudo: a password is required"}


@pytest.mark.parametrize("state", [State.NOT_ASKED, State.REFUSED])
def test_nothing_but_root_could_tell_is_no_pass_either(state: State) -> None:
    whole = evidence(desired())
    blind = replace(whole, items=tuple(replace(lose(item, state), needs_root=True) for item in whole.items))
    checks = judge(desired(), blind)
    assert {check.outcome for check in checks} == {Outcome.NOT_ASKED}
    assert conclude_audit(desired(), checks) is Conclusion.INCOMPLETE
