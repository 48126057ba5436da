"""One generation, or what differs between two, for every format."""

from functools import partial

from qtctl.model.generation import FOUND
from qtctl.reports.blocks import Blocks, Code, Paragraph, Section, Title, make_table, show_diff
from qtctl.reports.generation import GenerationReport, to_json
from qtctl.reports.view import View


def build_view(report: GenerationReport) -> View:
    return View(
        name="generation", about=report.address, json=partial(to_json, report), page=partial(build_page, report)
    )


def build_page(report: GenerationReport) -> Blocks:
    numbers = " and ".join(str(each.number) for each in report.generations)
    files = ((Code(each.path), each.change) for each in report.files)
    units = ((Code(each.unit), each.change, each.before or "", each.after or "") for each in report.units)
    same = not report.files and not report.units
    return (
        Title(f"{'Generations' if len(report.generations) > 1 else 'Generation'} {numbers} of {report.host}"),
        *((Paragraph(_describe_nothing(report)),) if same else ()),
        Section("Units", make_table(("unit", "change", "before", "after"), units)),
        Section("Files", make_table(("file", "change"), files)),
        *(show_diff(each.path, each.diff) for each in report.files if each.diff),
    )


def _describe_nothing(report: GenerationReport) -> str:
    if len(report.generations) > 1:
        return "Nothing differs."
    if report.generations[0].outcome == FOUND:
        return "Nothing of the fleet was there before the first deploy."
    return "It declares no unit and no file."
