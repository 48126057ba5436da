"""The secrets of a host, for every format."""

from functools import partial

from qtctl.reports.blocks import Blocks, Paragraph, Table, Text, Title
from qtctl.reports.secrets import SecretRow, SecretsReport, to_json
from qtctl.reports.view import View

COLUMNS = ("secret", "state", "services", "file", "owner", "mode", "problem")


def build_view(report: SecretsReport) -> View:
    return View(name="secrets", about=report.address, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: SecretsReport) -> Blocks:
    title = Title(f"Secrets of {report.host}")
    if not report.secrets:
        return (title, Paragraph("None: no service of this host declares one."))
    return (title, Table(COLUMNS, tuple(map(_make_row, report.secrets))))


def _make_row(row: SecretRow) -> tuple[Text, ...]:
    owner = f"{row.owner}:{row.group}" if row.owner else ""
    return (
        row.name,
        row.state.value,
        ", ".join(row.services),
        row.path,
        owner,
        row.mode or "",
        "; ".join(row.problems),
    )
