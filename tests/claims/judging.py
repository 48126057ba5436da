"""A text → what is judged of it, short enough to stand in a test."""

from pathlib import Path

from qtctl.api.claims import check
from qtctl.claims.check import examine
from qtctl.dialects.document.json import read_json
from qtctl.dialects.document.markdown import read_markdown
from qtctl.dialects.document.types import Document
from qtctl.findings.finding import Outcome
from qtctl.model.claims import Known, Verdict

DOCUMENTS = Path(__file__).parent / "documents"


def read(text: str, file: str = "a.md") -> Document:
    return read_json(text, file) if file.endswith(".json") else read_markdown(text, file)


def broken(text: str, file: str = "a.md", known: Known | None = None) -> list[str]:
    """`QT1101:7`: what is wrong, and in which line."""
    _, findings = check(read(text, file), known)
    found = [each for each in findings if each.outcome is Outcome.BROKEN]
    return [f"{each.id}:{getattr(each.place, 'line', 0)}" for each in found]


def verdicts(text: str, known: Known | None = None) -> dict[tuple[int, str], Verdict]:
    """Line and subject → verdict."""
    return {(each.claim.line, each.claim.subject): each.verdict for each in examine(read(text), known).judged}


def true(text: str, file: str = "a.md") -> list[int]:
    """The lines of which something was found right."""
    return sorted({each.claim.line for each in examine(read(text, file)).judged if each.verdict is Verdict.TRUE})
