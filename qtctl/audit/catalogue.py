"""All rules, and finding one by its id."""

from difflib import get_close_matches

from qtctl.audit.rules import env_files, groups, host, ports, streams, unit_names, unit_states, units, venvs
from qtctl.errors import InputError
from qtctl.model.checks import Rule

FAMILIES = (units, unit_names, unit_states, ports, venvs, streams, groups, env_files, host)
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for family in FAMILIES for rule in family.RULES), key=lambda rule: rule.id)
)


def rule(name: str) -> Rule:
    """The rule with this id, in any case. InputError where there is none."""
    wanted = name.strip().upper()
    found = next((each for each in RULES if each.id == wanted), None)
    if found is not None:
        return found
    known = [each.id for each in RULES]
    near = [each for each in known if each.startswith(wanted or "-")] or get_close_matches(wanted, known, n=3) or known
    raise InputError(f"no finding has the id {name}", hint=f"there is {', '.join(near)}")
