"""The audit of hosts as JSON documents of one line: one for each host as soon as it is judged, and one for all."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, RootModel

from qtctl.findings.verdict import Conclusion
from qtctl.reports.audit import AuditReport
from qtctl.reports.document import SCHEMA_VERSION, Part, dump_line
from qtctl.reports.fleet import Compared, FleetReport, FleetTotals, Shared, ToDo


class _OfHost(Part):
    kind: Literal["host"] = "host"


class HostLine(AuditReport, _OfHost):
    """The audit of one host: what `--format json` has of it."""


class SummaryLine(Part):
    """The last line: what `--format json` has besides the hosts."""

    kind: Literal["summary"] = "summary"
    schema_version: int = SCHEMA_VERSION
    hosts: tuple[str, ...] = Field(description="in the order in which they were named; their lines may be in another")
    not_examined: tuple[str, ...] = Field(
        default=(), description="hosts that have no line, because the audit was interrupted"
    )
    first: tuple[ToDo, ...]
    shared: tuple[Shared, ...]
    compared: Compared
    totals: FleetTotals
    verdict: Conclusion


class AuditLine(RootModel[Annotated[HostLine | SummaryLine, Field(discriminator="kind")]]):
    """One line of `--format jsonl`."""


def write_host(report: AuditReport) -> str:
    """The report was checked when it was made."""
    return dump_line(HostLine.model_construct(**{"kind": "host", **dict(report)}))


def write_summary(report: FleetReport) -> str:
    return dump_line(
        SummaryLine(
            hosts=tuple(each.address for each in report.hosts),
            not_examined=report.not_examined,
            first=report.first,
            shared=report.shared,
            compared=report.compared,
            totals=report.totals,
            verdict=report.verdict,
        )
    )


def write_lines(reports: Iterable[AuditReport], summarise: Callable[[], FleetReport]) -> Iterator[str]:
    """A line for each report as it comes, and the summary once there are no more."""
    yield from map(write_host, reports)
    yield write_summary(summarise())
