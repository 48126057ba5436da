"""The generations that a host keeps: number, when, by whom, and how each ended; JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import Field

from qtctl.model.generation import GenerationRecord
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION

UNDER_WAY = "under way"


class GenerationRow(Part):
    number: int
    outcome: str = Field(
        description="confirmed, restored (it was rolled back), under way, or found: there before the first deploy"
    )
    current: bool = Field(description="whether it is in force now")
    at: str | None = Field(description="when it was staged: UTC, ISO 8601")
    by: str = Field(description="who deployed it, and from which machine; empty if that was not recorded")
    registry: str = Field(description="digest of everything that its registry declared for the host")
    qtctl_version: str
    steps: int
    changed: tuple[str, ...] = Field(description="the files and units that its steps changed, each once")


class GenerationsReport(Part):
    """What one host keeps of its deploys, newest first."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    host: str
    address: str
    generations: tuple[GenerationRow, ...]


def build_report(found: Iterable[GenerationRecord], *, host: str, address: str) -> GenerationsReport:
    """`address`: the host as it was asked for."""
    return GenerationsReport(
        qtctl_version=VERSION, host=host, address=address, generations=tuple(map(build_row, found))
    )


def build_row(record: GenerationRecord) -> GenerationRow:
    at = None if record.at is None else datetime.fromtimestamp(record.at, UTC)
    return GenerationRow(
        number=record.number,
        outcome=record.outcome or UNDER_WAY,
        current=record.current,
        at=None if at is None else at.isoformat().replace("+00:00", "Z"),
        by=record.note("by"),
        registry=record.note("registry"),
        qtctl_version=record.note("version"),
        steps=len(record.steps),
        changed=tuple(dict.fromkeys(subject for _, subject in record.steps)),
    )


def to_json(report: GenerationsReport) -> str:
    return dump(report)
