"""QT119 and, once more, QT118: what systemd's own tools say about the generated units. `qtctl verify` asks them."""

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.meaning import Meaning
from qtctl.model.json import Json
from qtctl.rules.units.refused import QT118
from qtctl.rules.units.timers import QT112


def judge_message(host: str, unit: str, place: Place | None, said: str) -> Finding:
    remedy = "correct what it names in the registry or in the unit template, then verify again"
    return _make_broken_finding(QT118, host, unit, place, "no message of systemd-analyze verify", said, remedy)


def judge_calendar(host: str, timer: str, expression: str, place: Place | None, said: str) -> Finding:
    """A calendar expression that systemd refuses, or that never elapses."""
    subject = f"{timer} {expression}"
    return _make_broken_finding(
        QT112, host, subject, place, "a calendar expression that elapses", said, "see systemd.time(7)"
    )


def judge_exposure(
    host: str, unit: str, place: Place | None, exposure: float | None, threshold: float | None
) -> Finding:
    remedy = "give the service a stricter sandbox profile, or raise --threshold"
    return _make_broken_finding(QT119, host, unit, place, {"exposure": threshold}, {"exposure": exposure}, remedy)


def _make_broken_finding(  # noqa: PLR0917 - the columns of a finding, in their order
    meaning: Meaning, host: str, subject: str, place: Place | None, expected: Json, observed: Json, remedy: str
) -> Finding:
    return Finding(
        id=meaning.id,
        outcome=Outcome.BROKEN,
        severity=meaning.severity,
        title=meaning.title,
        subject=subject,
        host=host,
        place=place,
        expected=expected,
        observed=observed,
        remedy=remedy,
        fingerprint=make_fingerprint(meaning.id, host, subject),
    )


QT119 = Meaning(
    "QT119",
    "service more exposed than allowed",
    Severity.ERROR,
    what="`systemd-analyze security` rates a generated service above the threshold that `qtctl verify --threshold` "
    "was given, from 0 (closed) to 10 (open). Without a threshold no exposure is a finding.",
    why="The exposure sums up what the service could do to the rest of the host if it were taken over.",
    fix="The report lists what counts most. Choose a stricter `sandbox.profile`, or set individual keys of "
    "`[sandbox]`.",
)
RULES = (QT119,)
