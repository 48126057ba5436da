"""The report of `qtctl lint`; JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qtctl.dialects import terminal
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.lint.found import Placed
from qtctl.reports.phrases import counted

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """`errors` keep the registry from being loaded: then there are no findings and no counts.

    `fixed` is place and words of each fix that was made.
    """

    registry: str
    errors: Sequence[InputError]
    findings: Sequence[Placed]
    counts: Mapping[str, int] | None
    gate: Severity | None
    fixed: Sequence[tuple[str, str]] = ()

    @property
    def summary(self) -> dict[str, int]:
        found = [each.severity for each in self.findings]
        return {severity.value: found.count(severity) for severity in reversed(Severity)}


def to_json(report: Report) -> str:
    content = {
        "schema_version": SCHEMA_VERSION,
        "registry": report.registry,
        "errors": [_error(each) for each in report.errors],
        "findings": [_finding(each) for each in report.findings],
        "summary": report.summary,
        "gate": report.gate.value if report.gate else None,
        "fixed": [{"place": place, "what": what} for place, what in report.fixed],
        "counts": dict(report.counts) if report.counts is not None else None,
    }
    return terminal.in_json(json.dumps(content, indent=2, ensure_ascii=False))


def _error(error: InputError) -> dict[str, object]:
    place = error.place
    return {
        "id": error.id or None,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "what": error.message,
        "hint": error.hint,
    }


def _finding(each: Placed) -> dict[str, object]:
    return {
        "id": each.id,
        "severity": each.severity.value,
        "subjects": list(each.subjects),
        "file": each.place.file,
        "line": each.place.line,
        "what": each.what,
        "remedy": each.remedy,
        "fixable": bool(each.fixes),
    }


def verdict(report: Report) -> str:
    """no error · 1 error, 2 warnings."""
    found = [counted(n, word) for word, n in report.summary.items() if n and word != Severity.INFO.value]
    notes = report.summary[Severity.INFO.value]
    return ", ".join([*(found or ["no error"]), *([f"{notes} for information"] if notes else [])])
