"""Parts that several reports have: checks, their totals, the host itself."""

from collections.abc import Iterator

from qtctl.reports.numbers.rules import Items, Number, count, declared, is_set, said, seen

OUTCOMES = ("holds", "broken", "unknown", "not_asked")
_ROWS = {"broken": "findings", "unknown": "unknowns", "not_asked": "not_asked"}


def list_check_numbers(prefix: str, name: str) -> Iterator[Number]:
    """The numbers of a list of checks. Those in `expected` and `observed` are the check's own."""
    row = f"{prefix}/{name}/{{{prefix.count('*')}}}"
    yield declared(f"{prefix}/{name}/*/expected/**", "what was expected, as the registry declares it", row)
    yield seen(f"{prefix}/{name}/*/observed/**", "what was observed", row)
    yield said(f"{prefix}/{name}/*/proof/*/ask", "the number of the question in the evidence")


LISTS = ("findings", "unknowns", "not_asked")


def list_total_numbers(
    prefix: str = "", rows: tuple[str, ...] = LISTS, condensed: tuple[str, str] = ("unreachable", "unknowns/0")
) -> Iterator[Number]:
    """The numbers of the totals of checks beside `held` and the lists of `rows`.

    `condensed`: what is set if one row stands for all checks of a host that was not reached, and that row.
    """
    at = prefix.count("*")
    stand_in = (f"{_number_stars(prefix)}/{condensed[0]}", f"{_number_stars(prefix)}/{condensed[1]}")
    for outcome in OUTCOMES:
        word = outcome.replace("_", "-")
        said_word = "hold" if outcome == "holds" else f"are {word.replace('-', ' ')}"
        stands = stand_in if outcome == "unknown" else None
        yield count(
            f"{prefix}/totals/{outcome}", f"checks that {said_word}", *_list_items(prefix, outcome, rows), stands=stands
        )
        yield count(
            f"{prefix}/totals/by_severity/*/{outcome}",
            f"checks of severity {{{at}}} that {said_word}",
            *_list_items(prefix, outcome, rows, severity=f"{{{at}}}"),
            stands=stands,
        )
        yield count(
            f"{prefix}/totals/by_rule/*/{outcome}",
            f"checks of {{{at}}} that {said_word}",
            *_list_items(prefix, outcome, rows, id=f"{{{at}}}"),
            stands=stands,
        )
    every = tuple(each for outcome in OUTCOMES for each in _list_items(prefix, outcome, rows))
    yield count(f"{prefix}/totals/total", "checks", *every, stands=stand_in)
    waived = Items(f"{_number_stars(prefix)}/{rows[0]}/*", {"outcome": "broken", "waiver": is_set})
    yield count(f"{prefix}/totals/waived", "broken checks that are waived", waived)


def _number_stars(prefix: str) -> str:
    """A prefix with its stars numbered: `{0}`, `{1}` …"""
    for number in range(prefix.count("*")):
        prefix = prefix.replace("*", f"{{{number}}}", 1)
    return prefix


def _list_items(prefix: str, outcome: str, rows: tuple[str, ...], **where: str) -> Iterator[Items]:
    if outcome == "holds":
        names = {"#0": where["severity"]} if "severity" in where else {"#1": where["id"]} if "id" in where else {}
        every = f"{_number_stars(prefix)}/checks"
        yield Items(f"{every}/*", {"outcome": "holds", **where}, given=every)
        yield Items(f"{_number_stars(prefix)}/held/*/*/*", names, label=("#1", ""), lacking=every)
        return
    for row in rows if len(rows) == 1 else (_ROWS[outcome],):
        yield Items(f"{_number_stars(prefix)}/{row}/*", {"outcome": outcome.replace("_", "-"), **where})


def list_baseline_numbers(path: str) -> Iterator[Number]:
    yield seen(f"{path}/value/**", "what the host says about itself", _number_stars(path))
