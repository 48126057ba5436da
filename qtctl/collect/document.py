"""Evidence as a JSON document: one line for each ask and item, so that it reads and diffs well."""

import json
import re
from dataclasses import asdict, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from qtctl.dialects import terminal
from qtctl.dialects.json_text import count_values, is_deeper
from qtctl.errors import InputError, Place
from qtctl.model.evidence import EVIDENCE_SCHEMA, Ask, Evidence, Item, State
from qtctl.model.facts import FACT_KINDS, Channel, Reach
from qtctl.model.moments import parse_microseconds
from qtctl.model.plausible import find_problem
from qtctl.model.type_errors import describe_problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter

HINT = "save it again with --save"
DEEPEST, MOST_ERRORS = 16, 100
MOST_CHARACTERS, MOST_VALUES, MOST_VALUES_OF_ITEM = 16 * 1024 * 1024, 1_500_000, 400_000
"""The evidence of a host with 1,000 services has 8 million characters, and 600,000 values."""


def dump(evidence: Evidence) -> str:
    """The same evidence gives the same text, byte for byte. Ends with a newline."""
    document = asdict(evidence)
    for item in document["items"]:
        for key in ("help", "needs_root", "fault"):
            if not item[key]:
                del item[key]
    keys = [field.name for field in fields(Evidence)]
    text = "{\n" + ",\n".join(f'  "{key}": {_write_member(document[key])}' for key in keys) + "\n}\n"
    return terminal.show_json(text)


def load(text: str, file: str) -> Evidence:
    """Read a document back. InputError with `file`, and the line or field, for anything `dump` cannot have written."""
    from pydantic import ValidationError  # noqa: PLC0415 -- 100 ms, and dump does without

    _check_size(text, file)
    document = _parse(text, file)
    _check_version(document, file)
    if is_deeper(document, DEEPEST):
        raise InputError(f"nested deeper than {DEEPEST}", hint=HINT, place=Place(file))
    del document
    try:
        evidence = Evidence(**_make_reader_type().validate_json(text, strict=True))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = f"{_format_field(first['loc'])} {describe_problem(first)}"
        raise InputError(what, hint=HINT, place=Place(file, _find_line(text, first["loc"]))) from None
    _check(evidence, text, file)
    return evidence


def make_schema() -> dict[str, Any]:
    """JSON Schema of the document, with the value of every kind of fact under `$defs`."""
    document = _make_document_type().json_schema()
    document["properties"]["schema_version"] = {"const": EVIDENCE_SCHEMA}
    for fact in sorted(FACT_KINDS):
        document["$defs"][f"fact.{fact}"] = _make_value_type(fact).json_schema()
    return document


def _write_member(value: object) -> str:
    if not isinstance(value, list | tuple):
        return _write_line(value)
    if not value:
        return "[]"
    return "[\n" + ",\n".join(f"    {_write_line(each)}" for each in value) + "\n  ]"


def _write_line(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


@cache
def _make_document_type() -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415 -- see load

    return TypeAdapter(Evidence)


@cache
def _make_reader_type() -> "TypeAdapter[dict[str, Any]]":
    """The fields of an Evidence. Of a million wrong items only the first is reported: each error takes a kilobyte."""
    from pydantic import FailFast, TypeAdapter  # noqa: PLC0415 -- see load
    from typing_extensions import TypedDict  # noqa: PLC0415 -- pydantic's, which takes no other before Python 3.12

    kinds: dict[str, Any] = {field.name: field.type for field in fields(Evidence)}
    kinds |= {"asks": Annotated[tuple[Ask, ...], FailFast()], "items": Annotated[tuple[Item, ...], FailFast()]}
    return TypeAdapter(TypedDict("Evidence", kinds))  # type: ignore[operator]


@cache
def _make_value_type(fact: str) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415 -- see load

    return TypeAdapter(FACT_KINDS[fact].model)


def _parse(text: str, file: str) -> object:
    from pydantic_core import from_json  # noqa: PLC0415 -- see load

    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        line = re.search(r"at line ([0-9]+)", str(error))
        place = Place(file, int(line[1]) if line else None)
        raise InputError("not JSON, or cut off", hint=HINT, place=place) from None


def _check_size(text: str, file: str) -> None:
    if len(text) > MOST_CHARACTERS:
        what = f"{len(text)} characters, more than the {MOST_CHARACTERS} that are read of evidence"
        raise InputError(what, hint=HINT, place=Place(file))
    values = count_values(text)
    if values > MOST_VALUES:
        what = f"about {values} values, more than the {MOST_VALUES} that are read of evidence"
        raise InputError(what, hint=HINT, place=Place(file))


def _check_version(document: object, file: str) -> None:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version is None:
        raise InputError("not evidence: it has no schema_version", hint=HINT, place=Place(file))
    if version != EVIDENCE_SCHEMA or isinstance(version, bool):
        what = f"evidence of schema {version!r}; this qtctl reads {EVIDENCE_SCHEMA}"
        raise InputError(what, hint="read it with the qtctl that wrote it", place=Place(file))


def _format_field(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


def _find_line(text: str, loc: tuple[int | str, ...]) -> int | None:
    """The line of an ask or item, in a document laid out as `dump` does."""
    match loc:
        case [("asks" | "items") as key, int(index), *_]:
            lines = text.split("\n")
            head = next((at for at, line in enumerate(lines) if line.strip() == f'"{key}": ['), None)
            return None if head is None or head + 1 + index >= len(lines) else head + 2 + index
    return None


def _check(evidence: Evidence, text: str, file: str) -> None:
    """What types alone do not say: one item per need, asks that exist, values as their kind of fact has them."""
    _check_times(evidence, text, file)
    asks = {0, *(ask.n for ask in evidence.asks)}
    seen = set()
    for number, item in enumerate(evidence.items):
        problem = _find_problem(item, asks) or ("another item answers the same need" if item.need in seen else "")
        if problem:
            place = Place(file, _find_line(text, ("items", number)))
            raise InputError(f"items.{number} ({item.fact} {item.subject}): {problem}", hint=HINT, place=place)
        seen.add(item.need)


def _check_times(evidence: Evidence, text: str, file: str) -> None:
    said: list[tuple[tuple[int | str, ...], str]] = [(("taken_at",), evidence.taken_at)]
    said += [(("asks", number, "at"), ask.at) for number, ask in enumerate(evidence.asks)]
    for loc, at in said:
        try:
            parse_microseconds(at)
        except InputError as error:
            raise InputError(
                f"{_format_field(loc)}: {error.what}", hint=HINT, place=Place(file, _find_line(text, loc))
            ) from error


def _find_problem(item: Item, asks: set[int]) -> str:
    if item.fact not in FACT_KINDS:
        return "no such kind of fact"
    if item.ask not in asks:
        return f"no ask has the number {item.ask}"
    if (item.state is State.OBSERVED) != (item.value is not None):
        return f"{item.state}, with{'out' if item.value is None else ''} a value"
    if item.needs_root and (item.state.known or not _is_of_command(item)):
        return "needs_root, although root could not tell more"
    return _find_value_problem(item) if item.value is not None else ""


def _is_of_command(item: Item) -> bool:
    channel = FACT_KINDS[item.fact].channel
    return channel in (Channel.EXEC, Channel.ROOT) or (item.fact, item.subject) == (Reach.FACT, Channel.ROOT)


def _find_value_problem(item: Item) -> str:
    from pydantic import ValidationError  # noqa: PLC0415 -- see load

    try:
        text = _write_line(item.value)
        if (values := count_values(text)) > MOST_VALUES_OF_ITEM:
            return f"value: about {values} values, more than the {MOST_VALUES_OF_ITEM} that are read of one item"
        return find_problem(_make_value_type(item.fact).validate_json(text, strict=True))
    except ValidationError as error:
        if error.error_count() > MOST_ERRORS:
            return f"value: {error.error_count()} parts of it are of another type"
        first = error.errors(include_url=False)[0]
        return f"{_format_field(('value', *first['loc']))} {describe_problem(first)}"
    except ValueError:  # json.dumps, of what was read as infinite: 1e999
        return "value: a number that is too large"
