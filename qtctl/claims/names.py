"""Names in a document: the kind of each, whether the document's own lists have it, and timers that start nothing."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qtctl.claims.facets import Facets, find_facets
from qtctl.claims.groups import Group
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import find_counts, normalise_name
from qtctl.dialects.document.types import Document, Line, Listing, Table
from qtctl.model.claims import ClaimKind, Judged

_KEY = re.compile(r"(?<![\w:/.-])[A-Za-z][\w-]*(?::[A-Za-z][\w.-]*)+(?![\w:/-])")
"""`orders:paid`, as keys and topics are called; not a URL, not host:port."""
_STREAMED = re.compile(r"\b(?:publish(?:es)?(?: to)?|consumes?(?: from)?|subscribes?(?: to)?)\W{1,3}", re.IGNORECASE)
_OF_KIND = re.compile(r"\((?P<kind>hash|stream|list|set|string|zset|key)\b[^()]*\)", re.IGNORECASE)
_EXCLUSIVE = split_words("list stream set hash queue zset topic string")
_ALL_UNITS = re.compile(
    r"\b(?:all|every|complete)\b[^.|]{0,40}\b(?:units?|modules?|services?)\b[^.|]{0,30}"
    r"|\b(?:0|no|none) (?:missing|unclassified|unlisted|undocumented)\b",
    re.IGNORECASE,
)
_CLASSIFIED = re.compile(
    r"\b(?:classified|mapped|listed|inventory|inventoried|documented|discovered|missing)\b", re.IGNORECASE
)
_TIMER = re.compile(r"(?<![\w@.-])([A-Za-z][\w@-]*)\.timer\b")
LEAST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Used:
    """A name that looks like a key, and its place. `kind`: what the document calls it there; '' if it does not say."""

    name: str
    line: Line
    kind: str
    facets: Facets


def check_names(document: Document, groups: Sequence[Group]) -> Iterator[Judged]:
    """Keys that are given two different kinds, and keys that are missing from a list that claims to be complete."""
    listed = [each for each in groups if each.listed.named and len(each.listed.names) >= LEAST_NAMES]
    used = [*_list_uses(document, {each.line.line: each for each in groups})]
    yield from _check_kinds(used)
    yield from _check_unlisted(document, used, listed)


def _list_uses(document: Document, groups: Mapping[int, Group]) -> Iterator[Used]:
    for place, section in enumerate(document.sections):
        for block in section.blocks:
            if isinstance(block, Table):
                yield from _find_uses_in_table(block, find_facets(document, place))
                continue
            group = groups.get(block.label.line) if isinstance(block, Listing) and block.label else None
            kinds = group.nouns & _EXCLUSIVE if group and len(group.nouns) == 1 else frozenset()
            facets = group.facets if group else find_facets(document, place)
            for line in block.lines:
                yield from _find_uses(line, next(iter(kinds), ""), facets)


def _find_uses_in_table(table: Table, facets: Facets) -> Iterator[Used]:
    """Keys in the first column of a table with a column Type."""
    at = next((n for n, head in enumerate(table.header) if n and head.strip().lower() in ("type", "kind")), None)
    for row in table.rows if at is not None else ():
        kind = row.cells[at or 0].strip().lower()
        if _KEY.fullmatch(row.cells[0]) and kind in _EXCLUSIVE:
            yield Used(row.cells[0], row.whole, kind, facets)


def _find_uses(line: Line, listed_as: str, facets: Facets) -> Iterator[Used]:
    for found in _KEY.finditer(line.text):
        before, after = line.text[: found.start()], line.text[found.end() : found.end() + 60]
        own = _OF_KIND.match(after.strip())
        streamed = _STREAMED.search(before[-20:])
        kind = own["kind"].lower() if own else "stream" if streamed else listed_as
        yield Used(found[0], line, kind if kind in _EXCLUSIVE else "", facets)


def _check_kinds(used: Sequence[Used]) -> Iterator[Judged]:
    first: dict[str, Used] = {}
    for each in used:
        if not each.kind:
            continue
        before = first.setdefault(each.name, each)
        if before is not each and before.facets.allows(each.facets) and before.kind != each.kind:
            why = f"it is a {before.kind} there"
            yield judge(each.line, ClaimKind.NAME, each.name, f"a {each.kind}", holds=False, why=why,
                        other=before.line.line)  # fmt: skip


def _check_unlisted(document: Document, used: Sequence[Used], groups: Sequence[Group]) -> Iterator[Judged]:
    """Keys that are missing from a list. A list claims to be complete if the document states its length elsewhere."""
    counted = _list_counted(document)
    for group in groups:
        names = set(group.listed.names)
        prefix = _find_prefix(names)
        if not prefix or not any((noun, len(names)) in counted for noun in group.nouns):
            continue
        seen: set[str] = set()
        for each in used:
            if not each.name.startswith(prefix) or not each.facets.agree(group.facets) or each.name in seen:
                continue
            seen.add(each.name)
            if each.name not in names:
                why = f"it is not among the {len(names)} that are listed"
                yield judge(each.line, ClaimKind.NAME, each.name, "used", holds=False, why=why, other=group.line.line)


def _list_counted(document: Document) -> frozenset[tuple[str, int]]:
    """Things and their counts, as stated in the document."""
    found = set()
    for block in document.blocks:
        if not isinstance(block, Table):
            for line in block.lines:
                found |= {(noun, each.value) for each in find_counts(line.text) for noun in each.nouns}
    return frozenset(found)


def _find_prefix(names: set[str]) -> str:
    """The prefix that all the names share, up to a colon; '' if they share none or are not keys."""
    if not all(_KEY.fullmatch(each) for each in names):
        return ""
    common = min(names, default="")
    while common and not all(each.startswith(common) for each in names):
        common = common[:-1]
    return common[: common.rfind(":") + 1]


def check_timers(document: Document) -> Iterator[Judged]:
    """A timer starts the service of the same name: an inventory that claims to be complete must list that service."""
    lines = [line for block in document.blocks for line in block.lines]
    claims = [each for each in lines if " | " not in each.text and _claims_all(each.text)]
    if not claims or not any(isinstance(block, Table) for block in document.blocks):
        return
    names = {
        normalise_name(word)
        for line in lines
        for word in re.findall(r"[A-Za-z][\w@.-]*\w", line.text)
        if not word.endswith(".timer")
    }
    prefix = _find_own_prefix(names)
    seen: set[str] = set()
    for line in lines:
        for found in _TIMER.finditer(line.text):
            name = normalise_name(found[1])
            if name in seen or not name.startswith(prefix or "\n"):
                continue
            seen.add(name)
            why = f"{found[1]}.service, which it starts, is nowhere in an inventory that is said to be complete"
            yield judge(line, ClaimKind.NAME, f"{found[1]}.timer", "has a row", holds=name in names, why=why,
                        other=claims[0].line)  # fmt: skip


def _claims_all(text: str) -> bool:
    return bool(_ALL_UNITS.search(text) and _CLASSIFIED.search(text))


def _find_own_prefix(names: set[str]) -> str:
    """The prefix of the document's own units, up to a hyphen, if many of them share it."""
    firsts = Counter(each.partition("-")[0] for each in names if "-" in each)
    first, number = next(iter(firsts.most_common(1)), ("", 0))
    return f"{first}-" if number >= LEAST_NAMES and 4 * number >= sum(firsts.values()) else ""
