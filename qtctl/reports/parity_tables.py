"""Settings of compose services in tables: counts by dimension, and a section for each subject with both sides."""

from collections.abc import Iterable, Iterator

from qtctl.model.compose_settings import Dimension
from qtctl.reports.blocks import Blocks, Code, Column, Section, Table, Text, make_table
from qtctl.reports.parity import FileParity, ServiceRow
from qtctl.reports.parity_settings import DimensionCounts, SettingRow
from qtctl.reports.phrases import NONE
from qtctl.rules.setting_fates import Fate

SECTIONS: tuple[tuple[str, tuple[Dimension, ...]], ...] = (
    ("Ports", (Dimension.PORTS,)),
    ("Redis contracts", (Dimension.REDIS,)),
    ("Commands and entry points", (Dimension.COMMAND,)),
    ("Environment", (Dimension.ENVIRONMENT,)),
    ("Paths and volumes", (Dimension.VOLUMES,)),
    ("Users and limits", (Dimension.USERS, Dimension.LIMITS)),
    ("Health and restart", (Dimension.HEALTH, Dimension.RESTART)),
    ("Dependencies", (Dimension.DEPENDENCIES,)),
    ("Time zone and logs", (Dimension.TIMEZONE, Dimension.LOGGING)),
)
"""The sections of the report, in the order that readers of the older audits know."""
_SHORT = {Fate.NOT_APPLICABLE: "n/a"}
COUNT_HEADS: tuple[str | Column, ...] = ("dimension", "verdict", Column("kept", right=True), *(
    Column(_SHORT.get(fate, fate.value), right=True)
    for fate in Fate if fate is not Fate.KEPT
))  # fmt: skip
SETTING_HEADS = ("service", "line", "setting", "then", "now", "fate", "why")


def show_dimensions(counts: Iterable[DimensionCounts]) -> Blocks:
    """`kept` is as it was, `changed` by a rule or for a given reason."""
    rows = (
        (
            each.dimension.value,
            each.verdict.value,
            str(each.by_fate[Fate.KEPT]),
            *(str(each.by_fate[fate]) for fate in Fate if fate is not Fate.KEPT),
        )
        for each in counts
    )
    return make_table(COUNT_HEADS, rows)


def show_settings(file: FileParity, told: str | None) -> Iterator[Section]:
    """Settings that only concern containers are counted, and not listed. `told`: a reason that was given before."""
    for title, dimensions in SECTIONS:
        rows = tuple(cells for row in file.services for cells in list_cells(row, dimensions, told))
        if rows:
            yield Section(title, (Table(SETTING_HEADS, rows),))


def list_cells(row: ServiceRow, dimensions: Iterable[Dimension], told: str | None) -> Iterator[tuple[Text, ...]]:
    wanted = tuple(dimensions)
    for part in row.dimensions:
        if part.dimension in wanted:
            yield from (
                _make_cells(row.service, each, told) for each in part.settings if each.fate is not Fate.NOT_APPLICABLE
            )


def _make_cells(service: str, found: SettingRow, told: str | None) -> tuple[Text, ...]:
    return (
        Code(service),
        str(found.line or NONE),
        Code(found.item),
        Code(found.then) if found.then else NONE,
        Code(found.now) if found.now else NONE,
        found.fate.value,
        found.reason if found.reason and found.reason != told else NONE,
    )
