"""QT1302: steps of a gate that could not be run."""

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.meaning import Meaning

QT1302 = Meaning(
    "QT1302",
    "step of the gate could not be run",
    Severity.ERROR,
    several="steps of the gate could not be run",
    what="`[gate]` in policy.toml asks for a step, and what it needs is missing: saved evidence is missing, cannot "
    "be read or is too old, a host did not answer, `--live` was not given, or the registry has errors.",
    why="What was not checked may be wrong: the gate is incomplete (exit code 3), and never passed.",
    fix="The reason is in the report. Collect the evidence again (`qtctl audit --all-hosts --save FOLDER`), or drop "
    "the step from policy.toml.",
)
RULES = (QT1302,)


def make_unknown(step: str, host: str, reason: str, remedy: str, place: Place | None = None) -> Finding:
    """Why a step could not be run. Its outcome is unknown, so that neither a waiver nor a severity lets it pass.

    `place`: where policy.toml asks for the step.
    """
    return Finding(
        id=QT1302.id,
        outcome=Outcome.UNKNOWN,
        severity=QT1302.severity,
        title="the step passes",
        subject=step,
        host=host,
        place=place,
        reason=reason,
        remedy=remedy,
        fingerprint=make_fingerprint(QT1302.id, host, step),
    )
