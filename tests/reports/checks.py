"""Checks as rules give them: causes and consequences, a circle, hostile text, a waiver, unknowns of two reasons."""

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.model.json import Json

AT = "2026-01-17T07:25:00.500Z"


def check(
    number: str,
    outcome: str,
    subject: str,
    *,
    severity: str = "error",
    title: str = "a title",
    expected: Json = None,
    observed: Json = None,
    reason: str | None = None,
    because: str | None = None,
    waiver: str | None = None,
    line: str = "",
) -> Finding:
    proof = (Proof(3, f"redis-cli TYPE {subject} | cat", line, AT),) if line else ()
    return Finding(
        id=number, outcome=Outcome(outcome), severity=Severity(severity), title=title, host="box", subject=subject,
        expected=expected, observed=observed, place=Place("services/api.toml", 4), proof=proof,
        remedy="look at it" if outcome == "broken" else "", reason=reason, cause=because, waiver=waiver,
        fingerprint=f"{number} {subject}",
    )  # fmt: skip


ROOT = "QT219 unit:redis-server.service"
CHECKS: tuple[Finding, ...] = (
    check("QT204", "holds", "unit:q-api.service"),
    check("QT301", "holds", "port:8000/tcp"),
    check("QT601", "holds", "file:/etc/small/api.env", severity="warning"),
    check(
        "QT219", "broken", "unit:redis-server.service", title="declared running and inactive",
        expected={"active": True}, observed={"active": "inactive", "sub": "dead"}, line="none",
    ),
    check("QT301", "broken", "port:6379/tcp", because=ROOT, expected=[6379], observed=[], title="nobody listens"),
    check("QT501", "broken", "key:s:tick", severity="warning", because="QT301 port:6379/tcp", title="absent"),
    check("QT208", "broken", "unit:q-off.service", severity="info", waiver="on purpose | until March"),
    check(
        "QT201", "broken", "unit:`q`\n| <b>.service", severity="warning", title="a | b\n<script> [x](y) *z* \x1b[31m",
        expected="``", observed="a\\b", line="`|` \t x",
    ),
    check("QT401", "broken", "venv:a", because="QT402 venv:b", title="one of a circle"),
    check("QT402", "broken", "venv:b", because="QT401 venv:a", title="the other of it"),
    check("QT503", "unknown", "stream:s:tick", reason="redis: connection refused", because=ROOT, title="stale"),
    check("QT505", "unknown", "stream.group:s:tick/api", reason="redis: connection refused", because=ROOT, title="lag"),
    check("QT602", "unknown", "file:/etc/small/api.env", severity="warning", reason="permission denied", title="mode"),
)  # fmt: skip
