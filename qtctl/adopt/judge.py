"""Judges one line: whether systemd would ignore it, or read it differently from how it looks."""

import re
from dataclasses import dataclass
from itertools import takewhile

from qtctl.dialects.systemd.calendar import explain_calendar_trouble
from qtctl.dialects.systemd.directives import AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.known import Trouble, find_directive_trouble, find_section_trouble
from qtctl.dialects.systemd.splitting import Escapes, quote_literal, split
from qtctl.dialects.systemd.table.lookup import find_first_version, find_kind, list_unit_sections, list_versions
from qtctl.dialects.systemd.unitfile import Kind, Line
from qtctl.dialects.systemd.values import explain_value_trouble, has_inline_comment, names_unit
from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.key_values import split_unit_words
from qtctl.rules.units.directives import QT111
from qtctl.rules.units.misread import QT110
from qtctl.rules.units.timers import QT112

_STOPS = frozenset(("Symlinks",))
"""Lists in which systemd drops everything after a bad word."""
_SPLIT = (AssignmentRule.WORDS, AssignmentRule.PATHS, AssignmentRule.MOUNTS, AssignmentRule.TUPLES)
_ABSOLUTE = re.compile(r"(?!.*/\.\.(/|$))[/%]")
_FIX = "fix the value"


@dataclass(frozen=True, slots=True)
class Judged:
    """`finding` without its place. `ignored`: the line has no effect, and is left out."""

    finding: Finding
    ignored: bool
    kept: str | None = None
    """The part of the value that systemd takes, if not all of it."""


def judge_line(line: Line, unit: str, version: int) -> Judged | None:
    """What is wrong with a line; None if nothing is, or it is a comment. Values are not shown."""
    if line.kind is Kind.IGNORED:
        return _make_ignored(
            QT110, unit, f"a line {line.problem}: systemd ignores it", "write KEY=value below a section"
        )
    if line.kind is Kind.SECTION:
        trouble = find_section_trouble(unit, line.section)
        return _judge_name(unit, trouble, kept=False) if trouble else None
    if line.kind is not Kind.DIRECTIVE:
        return None
    return _judge_directive(line, unit, version)


def is_foreign(section: str, key: str) -> bool:
    """Whether its name is one that systemd leaves to other programs."""
    return section.startswith("X-") or key.startswith("X-")


def _judge_directive(line: Line, unit: str, version: int) -> Judged | None:
    if is_foreign(line.section, line.key):
        return None
    if line.section not in list_unit_sections(unit):
        return _make_ignored(QT111, unit, f"{line.key}= is in [{line.section}], which is ignored", "move it")
    trouble = find_directive_trouble(unit, line.section, line.key, version)
    if trouble is not None and not trouble.honoured:
        return _judge_name(unit, trouble, kept=find_first_version(line.section, line.key) is not None)
    return _judge_value(line, unit, version) or (_judge_name(unit, trouble, kept=True) if trouble else None)


def _judge_value(line: Line, unit: str, version: int) -> Judged | None:
    newest = list_versions()[-1]
    kind = find_kind(line.section, line.key, version) or find_kind(line.section, line.key, newest) or ""
    listed = find_assignment_rule(line.key) in (AssignmentRule.UNITS, AssignmentRule.INSTALL)
    wrong = None if listed else explain_value_trouble(line.key, kind, line.value, version)
    if wrong:
        what = f"{line.key}= {wrong}: systemd ignores the line"
        if has_inline_comment(kind, line.value):
            what = f"{line.key}= has a # after its value, which is part of it, and {wrong}: systemd ignores the line"
        return _make_ignored(QT110, unit, what, _FIX)
    if listed:
        return _judge_unit_names(line, unit)
    if not line.value:
        return None
    if has_inline_comment(kind, line.value):
        what = f"{line.key}= has a # after its value: to systemd it is part of the value"
        return Judged(_make_finding(QT110, Severity.ERROR, unit, what, "put it on a line of its own"), ignored=False)
    if line.key == "OnCalendar" and (bad := explain_calendar_trouble(line.value)):
        return _make_ignored(QT112, unit, f"OnCalendar= is not a calendar expression: {bad}", "see systemd.time(7)")
    return _judge_environment(line, unit) if kind == "ENVIRON" else _judge_unsplit(line, unit)


def _judge_unsplit(line: Line, unit: str) -> Judged | None:
    """A list that cannot be split into words."""
    if find_assignment_rule(line.key) not in _SPLIT:
        return None
    escapes = Escapes.C_RELAXED if find_assignment_rule(line.key) is AssignmentRule.WORDS else Escapes.LITERAL
    try:
        words = split(line.value, escapes)
    except InputError as error:
        return _cut(line, unit, escapes, error)
    return _judge_stopped(line, unit, words) if line.key in _STOPS else None


def _judge_stopped(line: Line, unit: str, words: tuple[str, ...]) -> Judged | None:
    """A list that systemd reads only up to a bad word."""
    kept = tuple(takewhile(_ABSOLUTE.match, words))
    if len(kept) == len(words):
        return None
    if not kept:
        what = f"{line.key}= does not begin with an absolute path: systemd ignores the line"
        return _make_ignored(QT110, unit, what, _FIX)
    what = f"{line.key}= has a word that is not an absolute path: systemd uses the words before it"
    finding = _make_finding(QT110, Severity.ERROR, unit, what, _FIX)
    return Judged(finding, ignored=False, kept=" ".join(map(quote_literal, kept)))


def _cut(line: Line, unit: str, escapes: Escapes, error: InputError) -> Judged:
    """If a list cannot be read to its end, systemd uses the words before that."""
    kept = ""
    for match in re.finditer(r"\s+", line.value):
        try:
            split(line.value[: match.start()], escapes)
        except InputError:
            continue
        kept = line.value[: match.start()]
    if not kept:
        return _make_ignored(QT110, unit, f"{line.key}= cannot be read: {error.what}", "quote it")
    what = f"{line.key}= cannot be read to its end: {error.what}; systemd uses the words before it"
    return Judged(_make_finding(QT110, Severity.ERROR, unit, what, "quote it"), ignored=False, kept=kept)


def _judge_unit_names(line: Line, unit: str) -> Judged | None:
    if all(names_unit(word) for word in split_unit_words(line.key, (line.value,))):
        return None
    enables = find_assignment_rule(line.key) is AssignmentRule.INSTALL
    then = "systemd does not enable the unit for it" if enables else "systemd drops that word"
    what = f"{line.key}= has a word that is not the name of a unit: {then}"
    return Judged(_make_finding(QT110, Severity.ERROR, unit, what, "take it out"), ignored=False)


def _judge_environment(line: Line, unit: str) -> Judged | None:
    try:
        words = split(line.value, Escapes.C)
    except InputError as error:
        return _cut(line, unit, Escapes.C, error)
    if all("=" in word and not word.startswith("=") for word in words):
        return None
    what = "Environment= has a word that is not NAME=value: systemd drops that word"
    return Judged(_make_finding(QT110, Severity.ERROR, unit, what, 'quote it: "NAME=two words"'), ignored=False)


def _judge_name(unit: str, trouble: Trouble, *, kept: bool) -> Judged:
    severity = Severity.WARNING if kept else Severity.ERROR
    return Judged(_make_finding(QT111, severity, unit, trouble.what, trouble.remedy), ignored=not kept)


def _make_ignored(meaning: Meaning, unit: str, what: str, remedy: str) -> Judged:
    return Judged(_make_finding(meaning, Severity.ERROR, unit, what, remedy), ignored=True)


def _make_finding(meaning: Meaning, severity: Severity, unit: str, what: str, remedy: str) -> Finding:
    return meaning.make_broken(unit, what, remedy, None, severity=severity)
