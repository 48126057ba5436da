"""How checks report their results."""

from qtctl.dialects.document.types import Line
from qtctl.model.claims import Claim, ClaimKind, Judged, Verdict


def judge(line: Line, kind: ClaimKind, subject: str, value: str, *, holds: bool, why: str, other: int = 0) -> Judged:
    """A claim judged by the document itself. `why` is shown if it does not hold; `other`: the line that shows it."""
    claim = Claim(line.line, line.text, kind, subject, value)
    return Judged(claim, Verdict.TRUE if holds else Verdict.CONTRADICTED, why, other)
