"""The report of `qtctl lint`; JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qtctl.dialects import terminal
from qtctl.dialects.wording import add_more, join_some
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.lint.found import Placed
from qtctl.reports.phrases import format_count

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Findings that differ only in their subject and place."""

    those: tuple[Placed, ...]

    @property
    def place(self) -> str:
        """The first subject, and how many more there are."""
        return f"{self.those[0].place}{add_more(len({each.place for each in self.those}) - 1)}"

    @property
    def severity(self) -> str:
        return self.those[0].severity.value

    @property
    def id(self) -> str:
        return self.those[0].id

    @property
    def what(self) -> str:
        subjects = tuple(dict.fromkeys(subject for each in self.those for subject in each.subjects))
        return f"{join_some(subjects, 1)}: {self.those[0].what}"

    @property
    def remedy(self) -> str:
        return self.those[0].remedy


@dataclass(frozen=True, slots=True)
class Report:
    """`errors` keep the registry from being loaded: then findings are of the rest of it, and `declared` is None.

    `fixed` is place and words of each fix that was made. `verbose`: people see each place of a finding, too.
    """

    registry: str
    errors: Sequence[InputError]
    findings: Sequence[Placed]
    declared: Mapping[str, Sequence[str]] | None
    gate: Severity | None
    fixed: Sequence[tuple[str, str]] = ()
    verbose: bool = False

    @property
    def counts(self) -> dict[str, int] | None:
        """How many of each kind are declared."""
        return None if self.declared is None else {what: len(names) for what, names in self.declared.items()}

    @property
    def conclusion(self) -> Conclusion:
        """Errors count as broken, whatever the gate is."""
        if self.errors or self.gate is None:
            return Conclusion.NOT_AS_DECLARED
        return conclude(self.findings, self.gate)

    @property
    def rows(self) -> tuple[Row, ...]:
        """As people read them: findings that say the same are one row, in the order of the first."""
        if self.verbose:
            return tuple(Row((each,)) for each in self.findings)
        alike: dict[tuple[str, ...], list[Placed]] = {}
        for each in self.findings:
            alike.setdefault((each.id, each.severity.value, each.what, each.remedy), []).append(each)
        return tuple(Row(tuple(those)) for those in alike.values())

    @property
    def summary(self) -> dict[str, int]:
        found = [each.severity for each in self.findings]
        return {severity.value: found.count(severity) for severity in reversed(Severity)}


def to_json(report: Report) -> str:
    content = {
        "schema_version": SCHEMA_VERSION,
        "registry": report.registry,
        "errors": [_make_error(each) for each in report.errors],
        "findings": [_make_finding(each) for each in report.findings],
        "summary": report.summary,
        "gate": report.gate.value if report.gate else None,
        "conclusion": report.conclusion.value,
        "fixed": [{"place": place, "what": what} for place, what in report.fixed],
        "counts": report.counts,
        "declared": None if report.declared is None else {what: [*names] for what, names in report.declared.items()},
    }
    return terminal.show_json(json.dumps(content, indent=2, ensure_ascii=False))


def _make_error(error: InputError) -> dict[str, object]:
    place = error.place
    return {
        "id": error.id or None,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "what": error.message,
        "hint": error.hint,
    }


def _make_finding(each: Placed) -> dict[str, object]:
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


def write_verdict(report: Report) -> str:
    """no error · 1 error, 2 warnings."""
    found = [format_count(n, word) for word, n in report.summary.items() if n and word != Severity.INFO.value]
    notes = report.summary[Severity.INFO.value]
    return ", ".join([*(found or ["no error"]), *([f"{notes} for information"] if notes else [])])
