"""What a document lists, and every way in which it may be counted.

A number is called wrong only if no way of counting gives it, and only if the list is of named things.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.numbers import find_quantity, is_total
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import Count, drop_parentheses, find_counts, list_nouns, list_words, name_of, split_names
from qtctl.dialects.document.types import Block, Document, Item, Line, Listing, Row, Table, Text

_ATTRIBUTE_HEADS = split_words(
    "metric property setting parameter key field attribute indicator check aspect item variable option "
    "category criterion feature step date day"
)
_NAME_HEADS = split_words(
    "name service module unit host container component timer target port stream venv server machine node pod "
    "deployment app application process job queue topic database image program daemon instance vm device url "
    "endpoint"
)
_LIST_HEADS = split_words("member name item component include content example list")
"""Headings of columns that may list what a title counts, whatever that is."""
_ATTRIBUTE = re.compile(r"^[A-Za-z][A-Za-z /&]{0,40}:\s+\S")
_MORE = re.compile(
    r"\b(?:etc|(?:and )?\d+ (?:more|others)|and (?:more|others)|e\.g|for example|such as|sample|examples?"
    r"|among others)\b|\u2026|\.\.\.",
    re.IGNORECASE,
)
_SOME = re.compile(r"\b(?:most|top|first|last|main|important|some|recent|notable|biggest|largest)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b[x\u00d7]\s?(\d{1,3})\b|\((\d{1,3})(?: (?:instances|replicas|copies|times))?\)")
_NAME_ALONE = re.compile(r"^@?[A-Za-z][\w.:@/-]*$")
LONGEST_NAME, MOSTLY, LEAST_IN_LINE = 4, 0.8, 3
"""The most words in a name, and the share of a list's items that must be names."""


@dataclass(frozen=True, slots=True)
class Listed:
    """`ways`: number → how it is counted. `named`: whether the list is of named things, so that it can be counted.

    `partial`: the list itself says that there are more. `main`: the number that a reader would count first.
    """

    line: int
    ways: dict[int, str]
    main: int
    named: bool
    partial: bool
    names: tuple[str, ...]


def list_section(document: Document, place: int, nouns: frozenset[str]) -> Listed:
    """Everything that a section and its subsections list."""
    section = document.sections[place]
    found = list_blocks([*map(_read_paragraph, document.list_within(place))], nouns, section.line)
    children = [*document.list_children(place)]
    counted = [counts[0].value for each in children if (counts := find_title_count(document.sections[each].title))]
    ways = dict(found.ways)
    ways.setdefault(len(children), f"{len(children)} headings")
    if counted and len(counted) > 1:
        ways.setdefault(sum(counted), f"{' + '.join(map(str, counted))} = {sum(counted)} in its headings")
    for number in _count_numbered(document, place, nouns):
        ways.setdefault(number, f"{number} numbered paragraphs")
    partial = found.partial or bool(_MORE.search(section.title))
    return Listed(section.line, ways, found.main, found.named, partial, found.names)


def _read_paragraph(block: Block) -> Block:
    """A paragraph of one line with nothing but names is a list of them: `@ann, @bob, @cyd`."""
    if not isinstance(block, Text) or len(block.lines) != 1 or block.lines[0].fence:
        return block
    line = block.lines[0]
    names = line.text.split(", ")
    if len(names) < LEAST_IN_LINE or not all(_NAME_ALONE.match(each) for each in names):
        return block
    return Listing(line.line, tuple(Item(line.line, each) for each in names))


def _count_numbered(document: Document, place: int, nouns: frozenset[str]) -> Iterator[int]:
    """Paragraphs and labels that are numbered: `S-1. Merge`, `Stage 7: deploy`."""
    lines = [line.text for block in document.list_within(place) for line in (*block.lines, *_list_label(block))]
    yield len({found[1] for each in lines if (found := re.match(r"([A-Z]{0,4}-?\d{1,3})[.):]\s", each))})
    words = "|".join(re.escape(each) for each in nouns)
    of_noun = [
        int(found[1]) for each in lines if (found := re.match(rf"(?:{words})\s+(\d{{1,3}})\b", each, re.IGNORECASE))
    ]
    yield max(of_noun, default=0)


def _list_label(block: Block) -> tuple[Line, ...]:
    return (block.label,) if isinstance(block, Listing | Table) and block.label else ()


def find_title_count(title: str) -> list[Count]:
    """The count in parentheses at the end of a title."""
    found = re.search(r"[(\[]([^()\[\]]*)[)\]]\s*:?$", title)
    return [each for each in find_counts(found[1])[:1] if not each.measured] if found else []


def list_blocks(blocks: Sequence[Block], nouns: frozenset[str], line: int) -> Listed:
    """Everything that blocks list, alone and together."""
    lists = [each for each in blocks if isinstance(each, Listing)]
    tables = [each for each in blocks if isinstance(each, Table) and each.rows]
    ways: dict[int, str] = {}
    parts = [*(_read_table(each, nouns) for each in tables), *(_read_list(each, nouns) for each in lists)]
    for each in _count_together(tables, lists, parts):
        ways.setdefault(*each)
    for part in parts:
        for number, how in part.ways.items():
            ways.setdefault(number, how)
    names = tuple(name for part in parts if part.named for name in part.names)
    named = bool(parts) and any(part.named for part in parts) and _are_mostly_named(parts)
    partial = any(part.partial for part in parts)
    main = len(set(names)) if len(parts) != 1 else parts[0].main
    return Listed(line, ways, main, named, partial, names)


def _are_mostly_named(parts: Sequence[Listed]) -> bool:
    named = sum(part.main for part in parts if part.named)
    return named >= MOSTLY * sum(part.main for part in parts)


def _count_together(
    tables: Sequence[Table], lists: Sequence[Listing], parts: Sequence[Listed]
) -> Iterator[tuple[int, str]]:
    named = [part for part in parts if part.named]
    names = [name for part in named for name in part.names]
    yield len(names), f"{len(names)} names"
    yield len(set(names)), f"{len(set(names))} different names"
    yield sum(part.main for part in named), f"{sum(part.main for part in named)} rows and items"
    yield sum(part.main for part in parts), f"{sum(part.main for part in parts)} rows and items"
    heads = Counter({each.header: 0 for each in tables})
    for each in tables:
        heads[each.header] += len(list_rows(each))
    for number in heads.values():
        yield number, f"{number} rows"
    rows = sum(len(list_rows(each)) for each in tables)
    yield rows, f"{rows} rows"
    tops, alls = sum(len(each.top) for each in lists), sum(len(each.items) for each in lists)
    yield tops, f"{tops} items"
    yield alls, f"{alls} items"
    yield len(parts), f"{len(parts)} lists"
    for numbers in ([len(part.names) for part in named], [len(set(part.names)) for part in named]):
        yield sum(numbers), f"{sum(numbers)} names"


def list_rows(table: Table) -> tuple[Row, ...]:
    """The rows of a table, except totals and empty rows."""
    return tuple(each for each in table.rows if not is_total(each.cells[0]) and any(each.cells))


def _read_table(table: Table, nouns: frozenset[str]) -> Listed:
    rows = list_rows(table)
    heads = [frozenset(list_words(each)) for each in table.header]
    column = _find_column(heads, nouns)
    firsts = [name_of(each.cells[0]) for each in rows]
    ways = {len(rows): f"{len(rows)} rows", len(set(firsts)): f"{len(set(firsts))} different names"}
    names: list[str] = firsts
    for at in range(len(heads)):
        cells = [split_names(each.cells[at]) for each in rows]
        inside = [name for each in cells for name in each]
        if at == column and (any(len(each) > 1 for each in cells) or at):
            names = inside
        counted = not at or heads[at] & (nouns | _LIST_HEADS) or len(inside) == len(rows)
        for number in (len(inside), len(set(inside))) if counted and _has_names(inside) else ():
            ways.setdefault(number, f"{number} names")
        if (quantity := find_quantity(table, at)) is not None:
            ways.setdefault(quantity, f"{quantity} in column {table.header[at]}")
    ways.setdefault(len(heads) - 1, "its columns")
    ways.setdefault(sum(bool(each & nouns) for each in heads), "its columns of them")
    head = heads[0] - {"of", "the"}
    attributes = bool(head & _ATTRIBUTE_HEADS) and not heads[column] & nouns
    named = (
        bool(rows) and not attributes and bool((head & _NAME_HEADS) or heads[column] & nouns or {"name"} in heads[:3])
    )
    partial = any(_MORE.search(each) for row in rows for each in row.cells[:1])
    return Listed(table.line, ways, len(set(names)), named, partial, tuple(names))


def _has_names(cells: Sequence[str]) -> bool:
    """Whether most cells are words: different numbers in a column are not different things."""
    return 2 * sum(any(map(str.isalpha, each)) for each in cells) >= len(cells)


def _find_column(heads: Sequence[frozenset[str]], nouns: frozenset[str]) -> int:
    """The column with the names of the things: preferably one whose heading says nothing else."""
    exact = (at for at, head in enumerate(heads) if head and head <= nouns)
    return next(exact, next((at for at, head in enumerate(heads) if head & nouns and not head & _ATTRIBUTE_HEADS), 0))


def _read_list(listing: Listing, nouns: frozenset[str]) -> Listed:
    top = listing.top
    names = [_find_name(each) for each in top]
    inside = [name for each in top for name in (split_names(each.text) if "," in each.text else (_find_name(each),))]
    ways = {len(top): f"{len(top)} items", len(set(names)): f"{len(set(names))} different names"}
    if all(len(each.split()) <= LONGEST_NAME for each in inside):
        ways.setdefault(len(inside), f"{len(inside)} names")
        ways.setdefault(len(set(inside)), f"{len(set(inside))} different names")
    ways.setdefault(len(listing.items), f"{len(listing.items)} items")
    leading = [found[0].value for each in top if (found := find_counts(each.text)) and not found[0].start]
    if len(leading) > 1:
        ways.setdefault(sum(leading), f"{' + '.join(map(str, leading))} = {sum(leading)}")
    several_of = [_read_times(each.text) for each in top]
    ways.setdefault(sum(several_of), f"{sum(several_of)} with those that are there several times")
    last = max((each.number or 0 for each in top), default=0)
    ways.setdefault(last, f"numbered up to {last}")
    prefixes = [int(prefix[1]) for each in top if (prefix := re.search(r"(?:^|/)(\d{1,2})[-_][A-Za-z]", each.text))]
    ways.setdefault(max(prefixes, default=0), "numbered by its names")
    described = 2 * sum(bool(each.strong) for each in top) > len(top)
    several = len(inside) > len(top) and not described and all(_is_name(each) for each in inside)
    several_each = sum(bool(list_nouns(each) & nouns) for each in names) > 1
    named = _lists_names(top) and not leading and not several_each
    partial = any(_MORE.search(drop_parentheses(each.text)) for each in top[-1:]) or _is_part(listing)
    main = len(set(inside)) if several else len(top)
    return Listed(listing.line, ways, main, named, partial, tuple(inside if several else names))


def _is_part(listing: Listing) -> bool:
    """Whether its label says that there are more, or how many of them are shown: `the ten most used:`."""
    if listing.label is None:
        return False
    own = any(each.value == len(listing.top) for each in find_counts(listing.label.text))
    return own or bool(_MORE.search(listing.label.text) or _SOME.search(listing.label.text))


def _read_times(text: str) -> int:
    """How many of an item there are: `api x2`, `gpu (3)`; 1 if it does not say."""
    found = _SEVERAL.search(text[:80])
    return int(found[1] or found[2]) if found else 1


def _find_name(item: Item) -> str:
    """Bold text is a name if it has only a few words; list numbers are not part of it."""
    return item.strong if item.strong and item.text.startswith(item.strong) else name_of(item.text)


def _is_name(text: str) -> bool:
    return 0 < len(text.split()) <= LONGEST_NAME


def _lists_names(items: Sequence[Item]) -> bool:
    named = [_is_name(_find_name(each)) and not _is_attribute(each) for each in items]
    return bool(items) and sum(named) >= MOSTLY * len(named)


def _is_attribute(item: Item) -> bool:
    """Whether an item is a property, not a thing: `Image: postgres`, `**Reason**: …`."""
    return bool(_ATTRIBUTE.match(item.text)) or "=" in item.text.split(" ", 1)[0]
