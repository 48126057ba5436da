"""If a remedy is a deploy that would be refused, what is in its way comes first."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from qtctl.dialects.wording import add_more
from qtctl.findings.finding import Finding, Outcome

DEPLOY = "qtctl deploy"


def say_what_is_in_the_way(checks: Sequence[Finding], refusing: Collection[str]) -> tuple[Finding, ...]:
    """For each finding that a deploy would heal.

    One file that qtctl did not write, or one mask, refuses the whole deploy. `refusing`: fingerprints of what does so
    while it is broken.
    """
    in_the_way = [check for check in checks if check.outcome is Outcome.BROKEN and check.fingerprint in refusing]
    if not in_the_way:
        return tuple(checks)
    return tuple(_add_note(check, in_the_way) for check in checks)


def _add_note(check: Finding, in_the_way: Iterable[Finding]) -> Finding:
    others = [each for each in in_the_way if each.subject != check.subject]
    if check.outcome is not Outcome.BROKEN or DEPLOY not in check.remedy or not others or "--take-over" in check.remedy:
        return check
    first, *more = others
    note = f"a deploy is refused until {first.id} {first.subject}{add_more(len(more))} is settled"
    commands = tuple(each for each in check.commands if each[:2] != ("qtctl", "deploy"))
    return replace(check, remedy=f"{check.remedy}; {note}", commands=commands)
