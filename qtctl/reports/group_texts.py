"""Findings that stand together, in words: the same on the screen of one host and on that of several."""

from collections.abc import Sequence

from qtctl.dialects.wording import add_more, join_some
from qtctl.reports.blocks import TONES, Block, Blocks, Code, Section, Text, Toned, join
from qtctl.reports.check import Check
from qtctl.reports.grouping import FleetGroup, Group
from qtctl.reports.phrases import format_count

NAMED = 3
"""How many subjects of a group are named."""


def make_section(title: str, body: Sequence[Block]) -> Blocks:
    return (Section(title, tuple(body)),) if title and body else tuple(body)


def format_severity(check: Check) -> Toned:
    return Toned(check.severity.value, TONES[check.severity.value])


def describe_expired(check: Check) -> str:
    return f"expired: {check.expired_waiver}" if check.expired_waiver else ""


def list_subjects(checks: Sequence[Check]) -> Text:
    """The first subjects, and how many more there are."""
    subjects = [*dict.fromkeys(check.subject for check in checks)]
    more = len(subjects) - NAMED
    names = join(map(Code, subjects[:NAMED]), ", ")
    return (*names, add_more(more)) if more > 0 else names


def choose_fix(checks: Sequence[Check]) -> Text:
    """What to do is mostly the same for all of them, except for a name."""
    first = checks[0].remedy
    if len({check.remedy for check in checks}) == 1 or not first:
        return first
    return ("of the first: ", first)


def describe_consequences(found: Group | FleetGroup) -> Text:
    every = [*dict.fromkeys(f"{check.id} {check.subject}" for check in found.below)]
    below = join_some(every, NAMED)
    blind = f"{format_count(found.blind, 'check')} unknown" if found.blind else ""
    return ", ".join(filter(None, (below, blind)))
