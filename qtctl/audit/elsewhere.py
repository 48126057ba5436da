"""Findings that no audit makes: of the registry itself (qtctl lint), and of a compose file (qtctl parity)."""

from dataclasses import dataclass

from qtctl.model.checks import Severity


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding is, why it matters and how to fix it. The same fields as a rule has, without its judgment."""

    id: str
    title: str
    severity: Severity
    what: str
    why: str
    fix: str


MEANINGS = (
    Meaning(
        id="QT101",
        title="two claim one address and port",
        severity=Severity.ERROR,
        what="Two services or externals of one host declare the same port on the same address; an address such as "
        "0.0.0.0 claims the port on all of them. Retired ones claim nothing.",
        why="Only the first that starts gets the port. Which one that is changes from boot to boot, and the other ends "
        "in a restart loop, or its callers talk to the wrong program: 8005 was risk-safety's in one document and "
        "position-monitor's in another.",
        fix="Give one of them another port in its `[ports]`, and tell its callers; or retire the one that is gone.",
    ),
    Meaning(
        id="QT102",
        title="reference to something that is not declared",
        severity=Severity.ERROR,
        what="A name in the registry leads nowhere: a host, target, venv, stream, store, service, timer, or a unit "
        "that matches the fleet's patterns. A retired one counts as gone, and the hint says what took its place.",
        why="systemd accepts a Wants= or After= of a unit that does not exist and says nothing, so the order or the "
        "dependency that somebody relied on is simply not there.",
        fix="Declare what is named, mend the spelling, or name what took its place.",
    ),
    Meaning(
        id="QT112",
        title="a timer that does not do what it says",
        severity=Severity.ERROR,
        what="`persistent` without `on_calendar`: systemd keeps the time of the last run for calendar timers only.",
        why="Its author expects a run that was missed while the host was down to be made up for. It is not.",
        fix="Remove `persistent`, or give the timer an `on_calendar`.",
    ),
    Meaning(
        id="QT801",
        title="compose service with no disposition",
        severity=Severity.ERROR,
        what="A service of the compose file has no entry in `legacy/*.toml` that says whether it was mapped, migrated, "
        "absorbed or deprecated, where it went, and why.",
        why='"Nothing was lost" can be said only of a list that is whole. Ten services of the file that really ran '
        "were in no row of the hand-written audit.",
        fix="Add `[services.NAME]` to the legacy file of this compose file.",
    ),
    Meaning(
        id="QT802",
        title="mapped, and its unit is absent or not running",
        severity=Severity.ERROR,
        what="A compose service was mapped or migrated to a unit that is not on the host, or does not run there.",
        why="The migration moved it on paper. What it did is done by nobody.",
        fix="`qtctl audit` says what is wrong with the unit; deploy it, start it, or mend the disposition.",
    ),
    Meaning(
        id="QT803",
        title="published port lost or moved",
        severity=Severity.ERROR,
        what="A port that the compose file published is not listened on by the units the service went to, and its "
        "disposition does not say where it went.",
        why="Whoever called it there calls into nothing, or reaches another program that has taken the port since.",
        fix="Let the unit listen there, or say in the disposition's `ports` where it moved, or why it is gone.",
    ),
    Meaning(
        id="QT809",
        title="disposition that names what does not exist",
        severity=Severity.ERROR,
        what="A disposition leads to a service or external that the registry does not declare, or speaks of a compose "
        "service or port that the file does not have.",
        why="It looks like an answer and is none: a misspelt name hides a service that was lost.",
        fix="Mend the name in `legacy/*.toml`.",
    ),
)
