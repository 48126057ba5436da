"""All claims of a document, line by line."""

import re
from collections.abc import Iterator, Sequence

from qtctl.claims.all_states import check_all_states
from qtctl.claims.checklists import check_checklists
from qtctl.claims.counts import check_counts
from qtctl.claims.groups import check_groups, find_groups
from qtctl.claims.line_sums import check_line, check_parts_below
from qtctl.claims.names import check_names, check_timers
from qtctl.claims.nearby import check_nearby
from qtctl.claims.nested import check_nested
from qtctl.claims.on_host import OnHost
from qtctl.claims.port_lists import check_port_lists
from qtctl.claims.ports import check_localhost, check_ports, find_ports
from qtctl.claims.records import check_expectations, check_lost, check_none, check_programs, check_records
from qtctl.claims.remainder import check_remainder
from qtctl.claims.state_totals import check_state_totals
from qtctl.claims.statuses import (
    check_array_counts,
    check_categories,
    check_fields_by_state,
    check_statuses,
    check_summaries,
    find_counted_arrays,
    find_status_columns,
    list_titled_states,
)
from qtctl.claims.table_sums import check_table
from qtctl.claims.wording import find_counts
from qtctl.dialects.document.markdown import list_lines
from qtctl.dialects.document.types import Document, Line, Table
from qtctl.model.claims import Examined, Ground, Judged, Known, Verdict

_SAYS_ALL = re.compile(r"\b(?:all|every|none|no|zero|100 ?%)\s+[a-z]", re.IGNORECASE)


def examine(document: Document, known: Known | None = None) -> Examined:
    """Every claim with its verdict, by line, and the lines that seem to claim something but were not understood."""
    lines = [*list_lines(document)]
    within = [*_check_document(document, lines)]
    told = {each.claim.line for each in within}
    ports = find_ports(document)
    on_host = [
        each for each in OnHost(document, known).check(ports) if known is not None or each.claim.line not in told
    ]
    judged = _drop_repeats(sorted((*within, *on_host), key=_order))
    checked = {each.claim.line for each in judged}
    unchecked = {each.line: each for each in lines if each.line not in checked and _has_claim(each.text)}
    return Examined(document.file, max((each.line for each in lines), default=0), judged, tuple(unchecked.values()))


def _check_document(document: Document, lines: Sequence[Line]) -> Iterator[Judged]:
    groups, columns, titled = find_groups(document), find_status_columns(document), list_titled_states(document)
    whole = [each for each in columns if each.whole]
    if document.structured:
        yield from check_array_counts(document)
    else:
        yield from check_counts(document)
        yield from check_groups(document, groups)
        yield from check_nearby(document)
        yield from check_nested(document)
        yield from check_checklists(document)
        yield from check_categories(document)
        yield from check_remainder(document, lines)
        yield from check_expectations(document)
        yield from check_timers(document)
    counted = find_counted_arrays(lines) if document.structured else frozenset()
    named = [each for each in whole if each.title in counted]
    for line in lines:
        yield from check_line(line)
        yield from (check_fields_by_state(line, named) if document.structured else check_statuses(line, whole, titled))
    if not document.structured:
        yield from check_summaries(document, columns)
    for block in document.blocks:
        if isinstance(block, Table):
            yield from check_table(block)
    yield from check_state_totals(document)
    yield from check_all_states(document, columns)
    yield from check_parts_below(document)
    yield from check_port_lists(document)
    yield from check_ports(document, find_ports(document))
    yield from check_localhost(document)
    yield from check_names(document, groups)
    yield from check_none(lines)
    yield from check_lost(document, lines, groups)
    yield from check_programs(lines)
    yield from check_records(document)


def _order(judged: Judged) -> tuple[int, int, str, str]:
    worst = (Verdict.CONTRADICTED, Verdict.FALSE, Verdict.UNKNOWN, Verdict.TRUE).index(judged.verdict)
    return judged.claim.line, worst, judged.claim.subject, judged.claim.value


def _drop_repeats(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Keep one of several judgments about the same number in a line."""
    found: dict[tuple[object, ...], Judged] = {}
    for each in judged:
        own = each.ground is Ground.DOCUMENT
        key = (each.claim.line, each.claim.kind, each.claim.value, each.verdict, own or each.claim.subject)
        found.setdefault(key, each)
    return tuple(found.values())


def _has_claim(text: str) -> bool:
    """Whether a line has a number that counts something, or mentions all or none."""
    return bool(_SAYS_ALL.search(text)) or any(each.nouns and not each.measured for each in find_counts(text))
