"""Sums, differences, products and quotients that a line spells out: `7 + 4 = 11`, `2.5 GB * 4 = 10 GB`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.numbers import DIGITS, parse_decimal, uses_decimal_comma
from qtctl.claims.verdicts import judge
from qtctl.dialects.document.types import Line
from qtctl.model.claims import ClaimKind, Judged

_UNIT = r"\s?(?:%|[$€£])|(?:\s?[A-Za-z][\w/-]{0,20}){0,4}"
_TERM = rf"(?P<before>[$€£]\s?)?(?P<number>{DIGITS})(?![\w.,]*\d)(?P<after>{_UNIT})?"
_OPERATOR = re.compile(
    r"\s*(?:(?P<plus>\+)|(?P<minus>\s[-\u2212\u2013]\s)|(?P<times>[\u00d7*\u00b7]|\s[xX]\s)|(?P<over>\s[/\u00f7]\s|\u00f7))\s*"
)
_FIRST = re.compile(_TERM)
_EQUALS = re.compile(r"\s*=\s*")
_UNREADY = re.compile(r"[\w.,:']$|[+*/\u00d7\u00f7=^<>{~\u2248-]\s*$")
"""What must not stand right before an expression: then it is only the end of a longer one, or a code."""
_BEYOND = re.compile(r"^\s*(?:[+*/\u00d7\u00f7=^]|[-\u2212]\s|x\s*\d)")
MOST_TERMS = 13
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class _Term:
    value: Decimal
    places: int
    unit: str
    end: int


def check_arithmetic(line: Line) -> Iterator[Judged]:
    """Every expression with its result."""
    if "=" not in line.text:
        return
    comma, at = uses_decimal_comma([line.text]), 0
    while found := _FIRST.search(line.text, at):
        at = found.end()
        if _UNREADY.search(line.text[: found.start()]):
            continue
        terms, operators, end = _read_expression(line.text, found.start(), comma=comma)
        at = max(at, end)
        if operators and operators[-1] == "=" and not _BEYOND.match(line.text[end:]):
            yield from _judge(line, terms, operators[:-1], line.text[found.start() : end].strip())


def _read_expression(text: str, start: int, *, comma: bool) -> tuple[list[_Term], list[str], int]:
    """Terms and the operators between them, up to the result behind `=`."""
    terms, operators, at = list[_Term](), list[str](), start
    while len(terms) < MOST_TERMS and (term := _read_term(text, at, comma=comma)):
        terms.append(term)
        at = term.end
        if operators[-1:] == ["="]:
            return terms, operators, at
        if len(terms) > 1 and (equals := _EQUALS.match(text, at)):
            operators.append("=")
            at = equals.end()
        elif operator := _OPERATOR.match(text, at):
            operators.append(next(name for name, each in operator.groupdict().items() if each))
            at = operator.end()
        else:
            break
    return terms, [], at


def _read_term(text: str, at: int, *, comma: bool) -> _Term | None:
    found = _FIRST.match(text, at)
    if not found:
        return None
    after = (found["after"] or "").rstrip()
    words = re.split(r"(?<=\s)[xX](?=\s|$)", after)
    after = words[0].rstrip()
    value, places = parse_decimal(found["number"], comma=comma)
    unit = (found["before"] or "").strip() or after.strip()
    return _Term(value, places, unit, found.start("after") + len(after) if found["after"] else found.end())


def _judge(line: Line, terms: Sequence[_Term], operators: Sequence[str], text: str) -> Iterator[Judged]:
    *parts, total = terms
    named = any(each.unit and not _is_measure(each.unit) for each in parts)
    if len({each.unit == "%" for each in parts}) > 1 or ("over" in operators and named):
        return
    exact = _calculate(parts, operators)
    if exact is None or not _have_one_unit(parts, operators, total):
        return
    share = total.unit == "%" and not any(each.unit == "%" for each in parts)
    exact *= HUNDRED if share else 1
    kind, value = (ClaimKind.PERCENTAGE, f"{total.value}%") if share else (ClaimKind.SUM, str(total.value))
    why = f"it is {round(exact, max(total.places, *(each.places for each in parts))).normalize():f}"
    yield judge(line, kind, text, value, holds=_is_rounded(exact, total, operators), why=why)


def _is_rounded(exact: Decimal, total: _Term, operators: Sequence[str]) -> bool:
    """Whether the result is exact; of products and quotients, also if it is rounded to its last decimal place."""
    if exact == total.value:
        return True
    added = not {"times", "over"} & {*operators}
    return not added and abs(exact - total.value) < Decimal(1).scaleb(-total.places) and exact % 1 != 0


def _calculate(parts: Sequence[_Term], operators: Sequence[str]) -> Decimal | None:
    """None for a division by zero."""
    sums, product = Decimal(0), parts[0].value
    for operator, part in zip(operators, parts[1:], strict=True):
        if operator == "times":
            product *= part.value
        elif operator == "over":
            if not part.value:
                return None
            product /= part.value
        else:
            sums += product
            product = part.value if operator == "plus" else -part.value
    return sums + product


def _have_one_unit(parts: Sequence[_Term], operators: Sequence[str], total: _Term) -> bool:
    """Whether the result is in the unit of its parts. What is added may be of many kinds: `7 kept + 4 new = 11`."""
    units = {each.unit.lower() for each in parts if _is_measure(each.unit)}
    result = total.unit.lower()
    others = {each.unit for each in parts if each.unit}
    if len(units) > 1 or (_is_measure(result) and result != "%" and others and result not in units):
        return False
    named = {each.unit.lower() for each in parts if each.unit and not _is_measure(each.unit)}
    scaled = bool({"times", "over"} & {*operators})
    return not scaled or not named or not result or _is_measure(result) or result in named


def _is_measure(unit: str) -> bool:
    """Whether a unit is one of measurement, not a word: €, GB, W, ms, %."""
    return bool(unit) and (not unit.isalpha() or len(unit) <= 3)  # noqa: PLR2004 - "kWh"
