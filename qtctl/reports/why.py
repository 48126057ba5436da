"""Where a number of a report comes from; JSON."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from qtctl.dialects.json_pointer import list_steps, resolve_pointer, step_into, write_pointer
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Proof
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.numbers.catalogue import recognize, suggest_step
from qtctl.reports.numbers.explain import Asked, Explained, Item, explain, find_rule, is_figure, read_field
from qtctl.reports.numbers.rules import How

_MOST_NAMED = 8


class WhyQuestion(Part):
    """`again`: a command that shows the same on the host. `line`: the answer then. `at`: UTC, ISO 8601."""

    again: str
    line: str
    at: str = Field(description="empty if the report does not say when")


class WhyItem(Part):
    """One row behind the number. `number`: what it contributes."""

    pointer: str
    label: str
    number: int | float
    asked: tuple[WhyQuestion, ...]


class WhyReport(Part):
    """One number of one report. `adds_up`: whether the items give it; if false, the report was changed, or is damaged.

    `stands_for_all`: the only item is the row that represents all checks of a host that was not reached.
    """

    schema_version: int = SCHEMA_VERSION
    file: str
    document: str = Field(description="the kind of report: the name of its schema")
    about: str = Field(description="the host, fleet or file that the report is about")
    at: str = Field(description="when its evidence was taken: UTC, ISO 8601; empty if it has no such time")
    pointer: str
    number: int | float
    how: How
    what: str
    items: tuple[WhyItem, ...]
    total: int | float
    adds_up: bool
    stands_for_all: bool = False


Proofs = Mapping[str, Sequence[Proof]]
"""Id and subject of a check, as the rows of what holds name it → its proofs."""


def build_report(content: object, file: str, pointer: Sequence[str], proofs: Proofs | None = None) -> WhyReport:
    """`content`: the document, parsed. InputError if it is no report, or the pointer leads to no number.

    `proofs`: of checks that the report only names.
    """
    document = recognize(content, file)
    steps, number = _find_number(content, file, pointer)
    rule = find_rule(document, steps)
    if rule is None:
        what = f"{write_pointer(steps)}: qtctl writes no such number in this report"
        raise InputError(what, hint=f"qtctl schema {document.name} says what it has", place=Place(file))
    found = explain(content, rule[0], rule[1], steps, number)
    return WhyReport(
        file=file,
        document=document.name,
        about=_read_text(content, document.about),
        at=_read_text(content, document.at),
        pointer=write_pointer(steps),
        number=number,
        how=found.how,
        what=found.what,
        items=tuple(_make_item(each, proofs or {}) for each in found.items),
        total=found.total,
        adds_up=_adds_up(found),
        stands_for_all=found.stands_for_all,
    )


def _find_number(content: object, file: str, pointer: Sequence[str]) -> tuple[tuple[str, ...], int | float]:
    try:
        steps, value = resolve_pointer(content, pointer)
    except LookupError as error:
        raise _make_lookup_error(content, file, pointer, int(str(error))) from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return steps, value
    what = f"{write_pointer(steps) or 'the whole document'} is {_name_kind(value)}, not a number"
    raise InputError(what, hint=_list_numbers(value), place=Place(file))


def _make_lookup_error(content: object, file: str, pointer: Sequence[str], reached: int) -> InputError:
    steps, above = resolve_pointer(content, pointer[:reached])
    known, wrong = tuple(list_steps(above)), pointer[reached]
    where = write_pointer(steps) or "the document"
    what = f"nothing at {write_pointer(pointer)[:200]}: {where[:200]} has no {wrong[:100]!r}"
    if isinstance(above, list):
        hint = f"it has {len(known)} rows, counted from 0"
    else:
        hint = suggest_step(wrong, known) or f"it has {', '.join(known[:_MOST_NAMED]) or 'nothing below it'}"
    return InputError(what, hint=hint, place=Place(file))


def _name_kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return names.get(type(value), "null: it is not known")


def _list_numbers(value: object) -> str:
    found = [step for step in list_steps(value) if is_figure(step_into(value, step))][:_MOST_NAMED]
    return f"numbers in it: {', '.join(found)}" if found else "name a number in it"


def _read_text(content: object, field: str) -> str:
    value = read_field(content, field) if field else ""
    return value if isinstance(value, str) else ""


def _adds_up(found: Explained) -> bool:
    return abs(found.total - found.number) < 1e-9 * max(1.0, abs(found.number))


def _make_item(item: Item, proofs: Proofs) -> WhyItem:
    known = (WhyQuestion(again=each.again, line=each.line, at=each.at) for each in proofs.get(item.label, ()))
    return WhyItem(
        pointer=write_pointer(item.steps),
        label=item.label,
        number=item.number,
        asked=tuple(map(_make_question, item.asked)) or tuple(known),
    )


def _make_question(asked: Asked) -> WhyQuestion:
    return WhyQuestion(again=asked.again, line=asked.line, at=asked.at)


def to_json(report: WhyReport) -> str:
    return dump(report)
