"""Check what a hand-written document claims: against itself, a registry, and evidence of a host."""

from pathlib import Path

from qtctl.adapters.files import read_bytes
from qtctl.claims.check import examine
from qtctl.claims.findings import make_findings
from qtctl.dialects.document.types import Document
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Finding
from qtctl.findings.policy import Policy
from qtctl.flows.declared import Declared
from qtctl.model.claims import Examined, Known
from qtctl.model.evidence import Evidence

LARGEST = 8 << 20
"""Bytes of a document that is read."""
MOST_LINES = 200_000
NO_POLICY = Policy()
"""Without a registry: severities as they are, and no waivers."""


def read(path: Path) -> Document:
    """Read Markdown, or JSON if the name ends in .json. InputError if it is not text, too large, or not JSON."""
    place = Place(str(path))
    content = read_bytes(path, LARGEST)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", hint="save it as UTF-8", place=Place(str(path), line)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError("not text: it has a NUL", hint="a document in Markdown or JSON", place=Place(str(path), line))
    if (lines := text.count("\n")) > MOST_LINES:
        raise InputError(f"{lines} lines, at most {MOST_LINES} are read", hint="split it", place=place)
    if not text.strip():
        raise InputError("it is empty", place=place)
    if path.suffix.lower() == ".json":
        from qtctl.dialects.document.json import read_json  # noqa: PLC0415 - one of two

        return read_json(text, str(path))
    from qtctl.dialects.document.markdown import read_markdown  # noqa: PLC0415 - loads a library

    return read_markdown(text, str(path))


def make_known(declared: Declared, evidence: Evidence | None) -> Known:
    """What the registry declares for a host, and what the evidence shows."""
    from qtctl.flows.audit import judge_placed  # noqa: PLC0415 - a document alone needs none of this
    from qtctl.reports.claims_known import make_known_of_registry, make_known_of_report  # noqa: PLC0415
    from qtctl.reports.module_registry import build_report  # noqa: PLC0415

    if evidence is None:
        return make_known_of_registry(declared.desired)
    findings = judge_placed(declared, evidence)
    return make_known_of_report(declared.desired, build_report(declared.desired, evidence, findings))


def make_policy(declared: Declared, today: str) -> Policy:
    """What the registry makes of findings. `today`: ISO 8601, for its waivers."""
    desired = declared.desired
    return Policy.of(desired.fail_on, dict(desired.severities), desired.waivers, today)


def check(document: Document, known: Known | None, policy: Policy = NO_POLICY) -> tuple[Examined, tuple[Finding, ...]]:
    """Each claim with its verdict, and a finding for each."""
    examined = examine(document, known)
    return examined, tuple(map(policy.rule, make_findings(examined, known)))
