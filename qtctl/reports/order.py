"""Root causes first, and beneath each what follows from it."""

from collections.abc import Iterable, Iterator

from qtctl.findings.finding import Finding
from qtctl.reports.check import Check


def rank_check(check: Check | Finding) -> tuple[int, str, str, str]:
    """Worst first, then by id and subject."""
    return -check.severity.rank, check.id, check.subject, check.fingerprint


def nest_by_cause(checks: Iterable[Check]) -> list[tuple[int, Check]]:
    """(depth, check), each once. A check whose cause is not among them is a root, and so is the first of a cycle."""
    ordered = sorted(checks, key=rank_check)
    present = {check.fingerprint for check in ordered}
    children: dict[str | None, list[Check]] = {}
    for check in ordered:
        children.setdefault(check.because if check.because in present else None, []).append(check)
    seen: set[int] = set()
    roots = children.get(None, [])
    return [each for root in (*roots, *ordered) for each in _nest_below(root, 0, children, seen)]


def _nest_below(
    check: Check, depth: int, children: dict[str | None, list[Check]], seen: set[int]
) -> Iterator[tuple[int, Check]]:
    if id(check) in seen:
        return
    seen.add(id(check))
    yield depth, check
    for child in children.get(check.fingerprint, []):
        yield from _nest_below(child, depth + 1, children, seen)
