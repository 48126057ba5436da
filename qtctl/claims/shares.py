"""Parts of a whole in one line, with their percentage: `30 of 40 (75%)`, `3.2/4 GB (80%)`, `60% (120 GB of 200 GB)`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from qtctl.claims.numbers import DIGITS, Number, parse_decimal, uses_decimal_comma
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.dialects.document.types import Line
from qtctl.model.claims import ClaimKind, Judged

_UNIT = r"(?:[KMGTPkmgt]i?[Bb]?|B|[bB]ytes|[$€£]|EUR|USD|k?Wh?)(?![A-Za-z])"
_PART = rf"(?P<sign>[$€£])?(?P<part>{DIGITS})(?:\s?(?P<unit>{_UNIT}))?"
_WHOLE = rf"(?:the |a total of )?[$€£]?(?P<whole>{DIGITS})(?:\s?(?P<unit_of_whole>{_UNIT}))?(?![\w.,/:-]*\w)"
_SHARE = r"(?P<share>\d{1,4}(?:[.,]\d{1,3})?)\s?%"
_BEGIN = r"(?<![\w.,/:$€£~\u2248<>-])"
_OF = re.compile(
    rf"{_BEGIN}{_PART}\s*(?P<how>\bof\b|\bout of\b|\bvon\b|/)\s*{_WHOLE}"
    rf"(?:\s+[A-Za-z][A-Za-z -]{{0,40}})?(?:\s*[(:=\u2013-]{{1,2}}\s*{_SHARE}(?P<after>[\s,]*[A-Za-z]*))?"
)
_BACKWARDS = re.compile(
    rf"{_BEGIN}{_SHARE}(?P<after>(?:\s[a-z]{{3,12}})?)\s*\(\s*{_PART}\s*(?P<how>of|out of|von|/)\s*{_WHOLE}"
    r"[^()%]{0,30}\)"
)
_FREE = split_words("free left remaining available idle unused unallocated spare frei pending open missing")
_OTHER = split_words(
    "less lower fewer more higher faster slower better worse reduction decrease increase growth saved savings "
    "discount above below per target goal limit threshold last previous max min peak avg confidence by"
)
_MEMORY = re.compile(r"\b(?:ram|mem|memory|swap|cache|heap)\b", re.IGNORECASE)
_PREFIXES = "kmgtp"
_FULL = Decimal("0.95")
"""Most file systems keep up to this share of their size for anyone but root, and df takes percentages of that."""
HUNDRED = Decimal(100)
LEAST_RULES = 2
"""Several ratios with a percentage each are a rule, not shares: `3/4 = 100%, 2/4 = 75%`."""


@dataclass(frozen=True, slots=True)
class _Share:
    part: Decimal
    whole: Decimal
    share: Number
    error: Decimal = Decimal(0)
    """How far the part, and a whole with decimal places, may be from what was measured."""
    disk: bool = False


def check_shares(line: Line) -> Iterator[Judged]:
    comma = uses_decimal_comma([line.text])
    those = (*_OF.finditer(line.text), *_BACKWARDS.finditer(line.text))
    assigned = [each for each in those if each["how"] == "/" and "=" in each[0]]
    for found in those:
        if len(assigned) < LEAST_RULES or found not in assigned:
            yield from _check(line, found, comma=comma)


def _check(line: Line, found: re.Match[str], *, comma: bool) -> Iterator[Judged]:
    """`28 of 35 (80%)`. With a slash, a percentage must follow: otherwise it is a date or a ratio."""
    (part, places), (whole, more) = (parse_decimal(found[each], comma=comma) for each in ("part", "whole"))
    units = {each for each in (found["unit"], found["unit_of_whole"], found["sign"]) if each}
    subject = f"{found['part']} of {found['whole']}"
    if found["share"] is None:
        if found["how"] != "/" and not units and not places and not more and whole:
            why = f"{part} is more than {whole}"
            yield judge(line, ClaimKind.SUM, found[0].strip(), str(part), holds=part <= whole, why=why)
        return
    after = found["after"].strip(" ,").lower()
    factors = _convert(found["unit"], found["unit_of_whole"])
    if not whole or after in _OTHER or not factors:
        return
    error = Decimal(5).scaleb(-max(places, more) - 1) if units or places or more else Decimal(0)
    value, decimals = parse_decimal(found["share"], comma=True)
    share = Number(value, decimals, "%")
    disk = bool(found["unit"] or found["unit_of_whole"]) and not _MEMORY.search(line.text)
    stated = [_Share(part, whole * each, share, error, disk) for each in factors]
    free = [_Share(whole * each - part, whole * each, share, error) for each in factors if after in _FREE]
    exact = round(part * HUNDRED / (whole * factors[0]), 1)
    yield judge(
        line, ClaimKind.PERCENTAGE, subject, f"{share.value}%", holds=any(map(_agrees, (*stated, *free))),
        why=f"{subject} is {exact}%",
    )  # fmt: skip


def _convert(unit: str | None, unit_of_whole: str | None) -> tuple[Decimal, ...]:
    """What the whole is multiplied by to be in the unit of its part; none if the units cannot be compared."""
    if not unit or not unit_of_whole or unit.lower() == unit_of_whole.lower():
        return (Decimal(1),)
    steps = [_PREFIXES.find(each[:1].lower()) + 1 for each in (unit, unit_of_whole)]
    if not all(steps):
        return ()
    bases = ((one, other) for one in (1000, 1024) for other in (1000, 1024))
    return tuple(Decimal(other) ** steps[1] / Decimal(one) ** steps[0] for one, other in bases)


def _agrees(said: _Share) -> bool:
    """Whether the share may be right, rounded up or down, of numbers that are rounded themselves."""
    step = Decimal(1).scaleb(-said.share.places)
    error = said.error if said.whole % 1 else Decimal(0)
    most = max(said.whole - error, said.error) * (_FULL if said.disk else 1)
    lower = (max(said.part - said.error, Decimal(0)) * HUNDRED / (said.whole + error)).quantize(step, ROUND_FLOOR)
    upper = ((said.part + said.error) * HUNDRED / most).quantize(step, ROUND_CEILING)
    return lower <= said.share.value <= upper


def is_share(share: Number, part: Decimal, whole: Decimal) -> bool:
    """Whether the share is right, rounded up or down to its number of decimals."""
    return _agrees(_Share(part, whole, share))
