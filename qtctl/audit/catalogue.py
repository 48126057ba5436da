"""All rules of an audit."""

from qtctl.audit.rule import Rule
from qtctl.audit.rules import (
    accounts,
    env_files,
    folders,
    groups,
    host,
    hosts_file,
    logins,
    ports,
    streams,
    unit_names,
    unit_states,
    units,
    venvs,
)

FAMILIES = (
    units,
    unit_names,
    unit_states,
    ports,
    venvs,
    streams,
    groups,
    env_files,
    host,
    hosts_file,
    logins,
    accounts,
    folders,
)
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for family in FAMILIES for rule in family.RULES), key=lambda rule: rule.id)
)
