"""What a finding is, why it matters and how to fix it, as Markdown."""

from qtctl.audit.catalogue import RULES, rule
from qtctl.model.checks import Rule

FAMILIES = {
    "QT2": "Units",
    "QT3": "Ports",
    "QT4": "Virtual environments",
    "QT5": "Streams and keys",
    "QT6": "Env files",
    "QT7": "The host",
}
INTRODUCTION = """# Findings

A check is one thing that should hold for one subject. It holds, is broken (a finding), or is unknown because part of
its evidence is missing; unknown is never a pass. Ids never change meaning. `qtctl explain ID` prints these texts;
severities can be changed in `policy.toml`. This page is generated from the rules."""


def explain(check_id: str) -> str:
    """One rule as Markdown that ends in a newline. InputError where no rule has this id."""
    return _section(rule(check_id), "#") + "\n"


def catalogue_markdown() -> str:
    """All rules: the content of docs/findings.md."""
    table = ["| id | title | severity |", "|---|---|---|"]
    table += [f"| [{each.id}](#{_anchor(each)}) | {each.title} | {each.severity} |" for each in RULES]
    parts = [INTRODUCTION, "\n".join(table)]
    for prefix, family in FAMILIES.items():
        parts.append(f"## {family}")
        parts += [_section(each, "###") for each in RULES if each.id.startswith(prefix)]
    return "\n\n".join(parts) + "\n"


def _section(each: Rule, level: str) -> str:
    return "\n\n".join(
        (
            _heading(each, level),
            f"Severity: {each.severity}",
            f"**What it is.** {each.what}",
            f"**Why it matters.** {each.why}",
            f"**How to fix it.** {each.fix}",
        )
    )


def _heading(each: Rule, level: str) -> str:
    return f"{level} {each.id} {each.title}"


def _anchor(each: Rule) -> str:
    """The name that GitHub gives the heading."""
    words = _heading(each, "").strip().lower()
    return "".join(letter for letter in words if letter.isalnum() or letter in " -").replace(" ", "-")
