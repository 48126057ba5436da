"""SARIF 2.1.0, which code scanning of forges reads: each finding is at its line of the registry.

A check that holds gives no result. One that is unknown or was not asked gives a result of SARIF's kind "open"; a waiver
suppresses it.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from qtctl.dialects import terminal
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.meaning import Meaning
from qtctl.formats.messages import describe_finding, find_place, list_judged, list_proofs
from qtctl.reports.view import View
from qtctl.rules.catalogue import list_meanings
from qtctl.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def write(view: View) -> str:
    """One run. `ruleIndex` leads from each result to the text of its rule."""
    findings = list_judged(view)
    named = sorted({*view.rules, *(finding.id for finding in findings)})
    index = {name: number for number, name in enumerate(named)}
    known = {each.id: each for each in list_meanings()}
    titles = {finding.id: finding for finding in reversed(findings)}
    run = {
        "tool": {
            "driver": {
                "name": "qtctl",
                "version": VERSION,
                "rules": [_build_rule(name, known.get(name), titles) for name in named],
            }
        },
        "automationDetails": {"id": f"qtctl/{view.name}/{view.about}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_build_result(each, view, index) for each in findings if each.outcome is not Outcome.HOLDS],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return terminal.show_json(json.dumps(document, indent=2, ensure_ascii=False))


def _build_rule(name: str, meaning: Meaning | None, found: Mapping[str, Finding]) -> dict[str, Any]:
    """For a check that a registry has of its own, the text is that of a finding."""
    if meaning is None:
        title = found[name].title if name in found else name
        return {"id": name, "shortDescription": {"text": title}}
    return {
        "id": name,
        "shortDescription": {"text": meaning.title},
        "fullDescription": {"text": meaning.what},
        "help": {"text": meaning.fix, "markdown": meaning.fix},
        "defaultConfiguration": {"level": LEVELS[meaning.severity]},
    }


def _build_result(finding: Finding, view: View, index: Mapping[str, int]) -> dict[str, Any]:
    at = find_place(finding, view)
    return {
        "ruleId": finding.id,
        "ruleIndex": index[finding.id],
        **({"kind": "open", "level": "none"} if finding.outcome.is_open else {"level": LEVELS[finding.severity]}),
        "message": {"text": describe_finding(finding)},
        **({"locations": [_build_location(at)]} if at else {}),
        "partialFingerprints": {"qtctl/v1": finding.fingerprint},
        **({"suppressions": [_build_suppression(finding.waiver)]} if finding.waiver is not None else {}),
        **({"properties": more} if (more := _build_properties(finding)) else {}),
    }


def _build_location(at: Place) -> dict[str, Any]:
    uri = f"file://{quote(at.file)}" if at.file.startswith("/") else quote(at.file)
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": at.line or 1}}}


def _build_suppression(waiver: str) -> dict[str, str]:
    return {"kind": "external", "status": "accepted", "justification": waiver}


def _build_properties(finding: Finding) -> dict[str, Any]:
    """What SARIF has no property for; empty values are left out."""
    found = {
        "host": finding.host,
        "subject": finding.subject,
        "because": finding.cause,
        "proof": [*list_proofs(finding)],
    }
    return {name: value for name, value in found.items() if value}
