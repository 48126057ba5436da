"""All rules over all hosts: findings in the order in which a reader goes through the files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from qtctl.errors import Place
from qtctl.findings.finding import Severity
from qtctl.lint.directives import directives
from qtctl.lint.folders import folders
from qtctl.lint.found import Finding
from qtctl.lint.leftovers import leftovers
from qtctl.lint.logins import logins
from qtctl.lint.memory import caps, memory
from qtctl.lint.misread import misread
from qtctl.lint.modules import modules
from qtctl.lint.names import names
from qtctl.lint.order import order
from qtctl.lint.sandbox import sandbox
from qtctl.lint.secrets import secrets
from qtctl.lint.streams import streams
from qtctl.lint.timers import timers
from qtctl.lint.view import Rule, look
from qtctl.lint.where import Keys
from qtctl.model.desired import Desired
from qtctl.model.registry import Registry

RULES: tuple[Rule, ...] = (
    order, streams, memory, names, sandbox, leftovers, secrets, misread, directives, timers, modules, caps, logins,
    folders,
)  # fmt: skip


def lint(registry: Registry, hosts: Iterable[Desired], templates: Mapping[str, str], keys: Keys) -> tuple[Finding, ...]:
    """Every finding once, with the severity that the policy gives it, sorted by place.

    `keys`: directive → keys of a table. `hosts` are rendered; one without `.files` could not be, and only what needs no
    unit is judged of it.
    """
    found: dict[Finding, None] = {}
    for number, desired in enumerate(hosts):
        view = look(registry, desired, templates, keys, first=number == 0)
        for rule in RULES:
            found.update(dict.fromkeys(rule(view)))
    severities = {id_: Severity(word) for id_, word in registry.policy.severities.items()}
    ruled = (replace(each, severity=severities.get(each.id, each.severity)) for each in found)
    return tuple(sorted(ruled, key=_place))


def _place(finding: Finding) -> tuple[object, ...]:
    at = finding.at
    where = (at.file, str(at.line or 0)) if isinstance(at, Place) else (at.file, *at.path)
    return (where, finding.id, finding.what, finding.subject)
