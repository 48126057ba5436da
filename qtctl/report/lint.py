"""What lint found, for machines and for pages: JSON, SARIF 2.1.0, Markdown."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from qtctl.dialects import terminal
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.lint.found import Placed
from qtctl.report.markdown import code, counted, document, plain, section, table
from qtctl.version import VERSION

SCHEMA_VERSION = 1
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
UNREADABLE = "registry"
"""The SARIF rule of errors that have no finding's id: TOML that does not parse, keys that no file has."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What a finding's id means, for SARIF: title, what it is, how to fix it."""

    title: str
    what: str
    fix: str


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


def to_markdown(report: Report) -> str:
    counts = report.counts or {}
    rows = [
        (code(str(each.place)), each.severity.value, each.id, plain(f"{each.subject}: {each.what}"), plain(each.remedy))
        for each in report.findings
    ]
    return document(
        f"Registry {plain(report.registry)}: {verdict(report)}",
        section("Fixed", [f"- {code(place)} {plain(what)}" for place, what in report.fixed]),
        section("Findings", table(("where", "severity", "finding", "what", "remedy"), rows) if rows else []),
        section("Declared", [f"- {plain(what)}: {number}" for what, number in counts.items()]),
    )


def verdict(report: Report) -> str:
    """no error · 1 error, 2 warnings."""
    found = [counted(n, word) for word, n in report.summary.items() if n and word != Severity.INFO.value]
    notes = report.summary[Severity.INFO.value]
    return ", ".join([*(found or ["no error"]), *([f"{notes} for information"] if notes else [])])


def to_sarif(report: Report, meanings: Mapping[str, Explained], locate: Callable[[str], str]) -> str:
    """One run. `locate`: a file as findings name it → its path as whoever runs this sees it."""
    results = [*(_sarif_error(each, locate) for each in report.errors)]
    results += [_sarif_finding(each, locate) for each in report.findings]
    named = sorted({str(result["ruleId"]) for result in results} | set(meanings))
    index = {name: number for number, name in enumerate(named)}
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    driver = {"name": "qtctl", "version": VERSION, "rules": [_sarif_rule(name, meanings.get(name)) for name in named]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return terminal.in_json(json.dumps(document, indent=2, ensure_ascii=False))


def _sarif_rule(name: str, meaning: Explained | None) -> dict[str, Any]:
    if meaning is None:
        return {"id": name, "shortDescription": {"text": "a registry that cannot be loaded"}}
    return {
        "id": name,
        "shortDescription": {"text": meaning.title},
        "fullDescription": {"text": meaning.what},
        "help": {"text": meaning.fix, "markdown": meaning.fix},
    }


def _sarif_finding(each: Placed, locate: Callable[[str], str]) -> dict[str, Any]:
    text = f"{each.subject}: {each.what}"
    result = _sarif_result(each.id, _LEVELS[each.severity], f"{text}. {_sentence(each.remedy)}")
    result["locations"] = [_location(locate(each.place.file), each.place.line)]
    result["partialFingerprints"] = {"qtctl/v1": _digest(each.id, *each.subjects, each.place.file, each.what)}
    return result


def _sarif_error(error: InputError, locate: Callable[[str], str]) -> dict[str, Any]:
    text = error.message + (f" ({error.hint})" if error.hint else "")
    result = _sarif_result(error.id or UNREADABLE, "error", text)
    if error.place:
        result["locations"] = [_location(locate(error.place.file), error.place.line)]
        result["partialFingerprints"] = {"qtctl/v1": _digest(error.place.file, error.message)}
    return result


def _sarif_result(rule: str, level: str, text: str) -> dict[str, Any]:
    return {"ruleId": rule, "level": level, "message": {"text": text}}


def _location(path: str, line: int | None) -> dict[str, Any]:
    uri = f"file://{quote(path)}" if path.startswith("/") else quote(path)
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line or 1}}}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
