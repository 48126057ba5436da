"""What our parser makes of a unit, written again in the plainest way: one assignment a line, nothing twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from qtctl.dialects.systemd.directives import AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.splitting import quote, quote_literal
from qtctl.dialects.systemd.unitfile import Effective

_JOINED: Mapping[AssignmentRule, Callable[[str], str]] = {
    AssignmentRule.UNITS: str.strip,
    AssignmentRule.INSTALL: str.strip,
    AssignmentRule.WORDS: quote,
    AssignmentRule.PATHS: quote_literal,
    AssignmentRule.MOUNTS: quote_literal,
}


def plain_text(found: Effective) -> str:
    """`found` as the text of a unit file. Empty assignments go first: they may empty other directives, too."""
    sections = {section for section, _ in found if not section.startswith("X-")} | {"Unit"}
    return "".join(
        f"[{section}]\n{''.join(_lines(section, found, empty=True))}{''.join(_lines(section, found, empty=False))}"
        for section in sorted(sections)
    )


def _lines(section: str, found: Effective, *, empty: bool) -> Iterator[str]:
    for (home, key), values in found.items():
        if home == section and empty is not bool(values):
            yield from (f"{key}={value}\n" for value in _values(key, values))


def _values(key: str, values: Sequence[str]) -> Sequence[str]:
    word = _JOINED.get(find_assignment_rule(key))
    return values or ("",) if word is None else (" ".join(map(word, values)),)
