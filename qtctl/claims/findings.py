"""Judged claims of a document → findings, the common form of everything that qtctl finds."""

from collections.abc import Iterator

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Proof, make_fingerprint
from qtctl.findings.meaning import Meaning
from qtctl.model.claims import ClaimKind, Examined, Ground, Judged, Known, Verdict
from qtctl.rules.claims.document import QT1101, QT1102, QT1103, QT1104, QT1105, QT1106

_RULES = {
    ClaimKind.COUNT: QT1102,
    ClaimKind.SUM: QT1101,
    ClaimKind.PERCENTAGE: QT1101,
    ClaimKind.PORT: QT1103,
    ClaimKind.NAME: QT1104,
    ClaimKind.STATE: QT1104,
    ClaimKind.EVERY: QT1105,
    ClaimKind.CHECK: QT1105,
}
SHOWN = 200
"""How many characters of a line a finding shows."""


def make_findings(examined: Examined, known: Known | None) -> Iterator[Finding]:
    """A finding for each understood claim. Without registry and evidence, claims that need them are not asked."""
    for number, each in enumerate(examined.judged):
        yield _make_finding(examined.file, each, known, number)


def get_rule(judged: Judged) -> Meaning:
    if judged.ground is not Ground.DOCUMENT or judged.verdict in (Verdict.FALSE, Verdict.UNKNOWN):
        return QT1106
    return _RULES.get(judged.claim.kind, QT1104)


def _make_finding(file: str, judged: Judged, known: Known | None, number: int) -> Finding:
    rule, claim = get_rule(judged), judged.claim
    subject = f"line {claim.line}: {claim.subject} {claim.value}".strip()[:SHOWN]
    outcome = _choose_outcome(judged, asked=known is not None)
    broken = outcome is Outcome.BROKEN
    return Finding(
        id=rule.id,
        outcome=outcome,
        severity=rule.severity,
        title=rule.title,
        subject=subject,
        host=known.host if known is not None and rule is QT1106 else "",
        place=Place(file, claim.line),
        what=_describe(judged) if broken else "",
        expected=judged.why if broken else None,
        observed=claim.text[:SHOWN],
        proof=_prove(judged, known),
        remedy=f"correct line {claim.line}" + (f" or line {judged.other}" if judged.other else "") if broken else "",
        reason=None if outcome in (Outcome.BROKEN, Outcome.HOLDS) else judged.why,
        fingerprint=make_fingerprint(rule.id, file, f"{claim.kind}\0{claim.subject}\0{claim.line}\0{number}"),
    )


def _describe(judged: Judged) -> str:
    where = f" (line {judged.other})" if judged.other and judged.other != judged.claim.line else ""
    return f"says {judged.claim.value}: {judged.why}{where}"


def _prove(judged: Judged, known: Known | None) -> tuple[Proof, ...]:
    """The command of the module registry, and the line that it printed."""
    again, arrow, line = judged.proof.partition(" → ")
    return (Proof(0, again, line, known.taken_at),) if arrow and known is not None else ()


def _choose_outcome(judged: Judged, *, asked: bool) -> Outcome:
    if judged.verdict is Verdict.UNKNOWN:
        return Outcome.UNKNOWN if asked else Outcome.NOT_ASKED
    return Outcome.HOLDS if judged.verdict is Verdict.TRUE else Outcome.BROKEN
