"""Cases as data: what a host answers → everything that is then not as declared, nothing missing and nothing extra."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qtctl.audit.judge import judge
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.rules.catalogue import list_host_rules
from tests.builders.audited import desired, evidence

CASES = [
    pytest.param(case | {"family": path.stem}, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent.parent / "rules" / "host").glob("*.json"))
    for case in json.loads(path.read_text())
]


EARLIER = "2026-01-17T06:00:00.000Z"


def judged(case: dict[str, Any]) -> tuple[Finding, ...]:
    """Once for all tests that read it."""
    return _judged(json.dumps(case))


@cache
def _judged(text: str) -> tuple[Finding, ...]:
    case = json.loads(text)
    want = desired()
    earlier = evidence(want, case["earlier"], taken_at=EARLIER) if "earlier" in case else None
    return judge(want, give_evidence(want, case), earlier)


def give_evidence(want: Desired, case: dict[str, Any]) -> Evidence:
    inputs = {name: case[name] for name in ("changed", "absent", "refused", "dropped", "needs_root") if name in case}
    return evidence(want, **inputs)


def shown(checks: tuple[Finding, ...]) -> set[tuple[str, str, str, str | None]]:
    """What does not hold, each with the id of its cause."""
    ids = {check.fingerprint: check.id for check in checks}
    rest = (check for check in checks if check.outcome is not Outcome.HOLDS)
    return {(check.id, check.subject, str(check.outcome), ids[check.cause] if check.cause else None) for check in rest}


def list_unanswered(case: dict[str, Any], family: str) -> set[tuple[str, str]]:
    """Id and subject of what the runner makes unknown in other families: a need of theirs has no answer."""
    want = desired()
    known = {item.need for item in give_evidence(want, case).items if item.state.known}
    others = (rule for rule in list_host_rules() if not rule.expect.__module__.endswith(f".{family}"))
    return {
        (rule.id, each.subject) for rule in others for each in rule.expect(want) if not known.issuperset(each.needs)
    }


@pytest.mark.parametrize("case", CASES)
def test_gives_exactly_what_is_expected(case: dict[str, Any]) -> None:
    """What another family cannot judge, because it got no answer, need not be listed."""
    found, expected = shown(judged(case)), {tuple(each) for each in case["expect"]}
    unlisted = {each[:2] for each in found - expected if each[2] == Outcome.UNKNOWN}
    unlisted &= list_unanswered(case, case["family"]) if unlisted else set()
    assert {each for each in found if each in expected or each[:2] not in unlisted} == expected


@pytest.mark.parametrize("case", CASES)
def test_every_check_is_whole(case: dict[str, Any]) -> None:
    checks = judged(case)
    assert len({check.fingerprint for check in checks}) == len(checks)
    assert list(checks) == sorted(checks, key=lambda check: (check.host, check.id, check.subject))
    for check in checks:
        assert (check.reason is not None) == check.outcome.is_open
        if check.outcome is Outcome.BROKEN:
            assert check.proof
            assert check.remedy
        if check.outcome is Outcome.HOLDS:
            assert (check.cause, check.remedy) == (None, "")


def test_every_rule_has_a_case_of_each_outcome() -> None:
    found = {(check.id, check.outcome) for param in CASES for check in judged(param.values[0])}  # type: ignore[arg-type]
    never_broken = {"QT701"}
    for rule in list_host_rules():
        assert (rule.id, Outcome.HOLDS) in found
        assert (rule.id, Outcome.UNKNOWN) in found
        assert ((rule.id, Outcome.BROKEN) in found) == (rule.id not in never_broken)
