"""A host that could not be asked anything: one line in every format, and not a line for each check."""

from collections.abc import Iterable, Sequence

from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint

UNREACHABLE = "unreachable"
"""The id of the row that stands for all checks of such a host. It is not a finding: `qtctl explain` has no text."""


def explain_unreachable(outcomes: Iterable[tuple[Outcome, str | None]]) -> str | None:
    """The one reason for which every check is unknown; None if something is known, or there are several reasons."""
    every = set(outcomes)
    if len(every) != 1:
        return None
    ((outcome, reason),) = every
    return (reason or None) if outcome is Outcome.UNKNOWN else None


def condense(checks: Sequence[Finding], address: str) -> Sequence[Finding]:
    """The checks as they are; for a host that could not be asked, one that says why. `address`: as it was asked for."""
    reason = explain_unreachable((check.outcome, check.reason) for check in checks)
    if reason is None or len(checks) == 1:
        return checks
    return (
        Finding(
            id=UNREACHABLE,
            outcome=Outcome.UNKNOWN,
            severity=Severity.ERROR,
            title=f"as declared in {len(checks)} checks",
            subject=address,
            host=checks[0].host,
            reason=reason,
            proof=checks[0].proof,
            remedy=checks[0].remedy,
            fingerprint=make_fingerprint(UNREACHABLE, address, ""),
        ),
    )
