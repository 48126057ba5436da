"""What a finding is, why it matters and how to fix it, as Markdown."""

from collections.abc import Sequence

from qtctl.dialects.nearest import suggest_name
from qtctl.errors import InputError
from qtctl.findings.meaning import Meaning
from qtctl.rules.catalogue import find_near_ids, list_meanings

FAMILIES = {
    "QT1": "The registry and its units (`qtctl lint`, `qtctl verify`)",
    "QT2": "Units",
    "QT3": "Ports",
    "QT4": "Virtual environments",
    "QT5": "Streams and keys",
    "QT6": "Env files",
    "QT7": "The host",
    "QT8": "Parity with the compose files (`qtctl parity`)",
    "QT10": "Snapshots (`qtctl snapshot verify`)",
    "QT11": "Claims of documents (`qtctl check-claims`)",
    "QT12": "Rehearsals (`qtctl rehearse`)",
    "QT13": "Gates (`qtctl gate`)",
}
INTRODUCTION = """# Findings

A check is one thing that should hold for one subject. It holds, is broken (a finding), or is unknown because part of
its evidence is missing; unknown is never a pass. Ids never change meaning. `qtctl explain ID` prints these texts;
severities can be changed in `policy.toml`. This page is generated from the rules."""
_MOST_NEAR = 12
"""Ids that a hint names."""


def explain(check_id: str, own: Sequence[Meaning] = ()) -> str:
    """One finding as Markdown that ends in a newline. InputError if none has this id.

    `own`: the checks that a registry has of its own.
    """
    return _write_section(_find(check_id, own), "#") + "\n"


def write_catalogue() -> str:
    """All findings: the content of docs/findings.md."""
    table = ["| id | title | severity |", "|---|---|---|"]
    table += [f"| [{each.id}](#{_make_anchor(each)}) | {each.title} | {each.severity} |" for each in list_meanings()]
    parts = [INTRODUCTION, "\n".join(table)]
    for prefix, family in FAMILIES.items():
        parts.append(f"## {family}")
        parts += [_write_section(each, "###") for each in list_meanings() if each.id[:-2] == prefix]
    return "\n\n".join(parts) + "\n"


def _find(name: str, own: Sequence[Meaning]) -> Meaning:
    wanted = name.strip().upper()
    every = (*list_meanings(), *own)
    found = next((each for each in every if each.id == wanted), None)
    if found is not None:
        return found
    known = [each.id for each in every]
    raise InputError(f"no finding has the id {name}", hint=_suggest(wanted, known))


def _suggest(wanted: str, known: Sequence[str]) -> str:
    begun = [each for each in known if each.startswith(wanted or "-")]
    if 0 < len(begun) <= _MOST_NEAR:
        return f"there {'is' if len(begun) == 1 else 'are'} {', '.join(begun)}"
    near = [] if begun else find_near_ids(wanted, known, 1)
    return suggest_name(near[0]) if near else "`qtctl explain` lists all"


def _write_section(each: Meaning, level: str) -> str:
    return "\n\n".join(
        (
            _write_heading(each, level),
            f"Severity: {each.severity}",
            f"**What it is.** {_join_lines(each.what)}",
            f"**Why it matters.** {_join_lines(each.why)}",
            f"**How to fix it.** {_join_lines(each.fix)}",
        )
    )


def _write_heading(each: Meaning, level: str) -> str:
    return f"{level} {each.id} {_join_lines(each.title)}"


def _join_lines(text: str) -> str:
    """A check's own text may have line breaks, but becomes a single paragraph."""
    return " ".join(text.split())


def _make_anchor(each: Meaning) -> str:
    """The name that GitHub gives the heading."""
    words = _write_heading(each, "").strip().lower()
    return "".join(letter for letter in words if letter.isalnum() or letter in " -").replace(" ", "-")
