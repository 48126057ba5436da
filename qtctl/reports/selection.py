"""A part of the checks of an audit: some rules, some subjects, and what an earlier look did not find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from qtctl.errors import InputError, Place
from qtctl.findings.finding import Finding, Outcome
from qtctl.reports.phrases import format_count


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier look found: fingerprints, without those that were waived then. `file`: where it stands."""

    file: str
    fingerprints: frozenset[str]

    def mark(self, check: Finding) -> Finding:
        """An earlier finding counts like a waived one: it is shown, and does not fail the audit."""
        if check.outcome is not Outcome.BROKEN or check.waiver is not None or check.expired_waiver is not None:
            return check
        return replace(check, waiver=f"found before: {self.file}") if check.fingerprint in self.fingerprints else check


@dataclass(frozen=True, slots=True)
class Selection:
    """`only`: beginnings of ids ("QT3"). `subjects`: globs. Empty: all."""

    only: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    def has(self, check: Finding) -> bool:
        return (not self.only or check.id.startswith(self.only)) and (
            not self.subjects or any(fnmatchcase(check.subject, each) for each in self.subjects)
        )

    def describe(self, checks: Sequence[Finding]) -> str:
        """What is left out, in words; "" if nothing can be."""
        if not self.only and not self.subjects:
            return ""
        others = sum(not self.has(check) for check in checks)
        return f"only {' '.join((*self.only, *self.subjects))}, {format_count(others, 'other check')} not judged"


def read_fingerprints(document: Mapping[str, Any], file: str) -> frozenset[str]:
    """Fingerprints of findings that are broken and not waived, from the JSON of an audit of one or several hosts."""
    try:
        compared = document.get("compared", {"findings": ()})
        rows = [row for part in (*document.get("hosts", [document]), compared) for row in part["findings"]]
        return frozenset(str(row["fingerprint"]) for row in rows if row["waiver"] is None)
    except (AttributeError, KeyError, TypeError) as error:
        hint = "give it evidence of --save, or an audit as --format json"
        raise InputError("it is neither an audit nor evidence", hint=hint, place=Place(file)) from error
