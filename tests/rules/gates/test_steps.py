"""QT1302: a step that could not be run is unknown, whatever a policy makes of its severity or waives."""

from qtctl.findings.finding import Outcome, Severity
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.origin import Origin
from qtctl.model.waiver import Waived
from qtctl.rules.gates.steps import make_unknown


def test_no_policy_makes_it_pass() -> None:
    waiver = Waived("QT1302", "*", "we know", "ann", "2999-01-01", Origin("policy.toml"))
    policy = Policy.of("error", {"QT1302": "info"}, (waiver,), "2026-01-01")
    found = policy.rule(make_unknown("audit", "web-1", "no evidence", "save it"))
    assert (found.outcome, found.severity, found.waiver) == (Outcome.UNKNOWN, Severity.INFO, None)
    assert conclude([found], Severity.ERROR) is Conclusion.INCOMPLETE
