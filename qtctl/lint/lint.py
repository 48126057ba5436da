"""All rules over all hosts: findings in the order in which a reader goes through the files."""

from collections.abc import Iterable, Mapping

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.findings.policy import Policy
from qtctl.lint.waivers import judge_waivers
from qtctl.model.desired import Desired
from qtctl.model.registry import Registry
from qtctl.rules.catalogue import list_view_rules
from qtctl.rules.locate import Keys
from qtctl.rules.view import look


def lint(
    registry: Registry,
    hosts: Iterable[Desired],
    templates: Mapping[str, str],
    keys: Keys,
    *,
    unsure: frozenset[str] | None = None,
    today: str = "",
) -> tuple[Finding, ...]:
    """Every finding once, with the severity that the policy gives it, sorted by place.

    `keys`: directive → keys of a table. `hosts` are rendered; one without `.files` could not be, and only what needs no
    unit is judged of it. `unsure`: as a view has it. `today`: what waivers and dates expire by, ISO 8601, or "".
    """
    found: dict[Finding, None] = {}
    hosts = tuple(hosts)
    for number, desired in enumerate(hosts):
        view = look(registry, desired, templates, keys, first=number == 0, unsure=unsure, today=today)
        for rule in list_view_rules():
            found.update(dict.fromkeys(rule.look(view)))
    waivers = registry.policy.list_waivers()
    expired = judge_waivers(waivers, hosts, found, today, whole=unsure is None)
    found.update(dict.fromkeys(tuple(expired)))
    policy = Policy.of(registry.policy.fail_on, registry.policy.severities, waivers, today)
    return tuple(sorted(map(policy.rule, found), key=_make_sort_key))


def _make_sort_key(finding: Finding) -> tuple[object, ...]:
    at = finding.place
    where = (at.file, str(at.line or 0)) if isinstance(at, Place) else (at.file, *at.path) if at else ()
    return (where, finding.id, finding.what, finding.subject)
