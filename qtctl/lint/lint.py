"""All rules over all hosts: findings in the order in which a reader goes through the files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.findings.policy import Policy
from qtctl.lint.waivers import judge_waivers
from qtctl.model.desired import Desired
from qtctl.model.registry import Registry
from qtctl.rules.catalogue import list_view_rules
from qtctl.rules.locate import Keys
from qtctl.rules.view import View, look


def lint(
    registry: Registry,
    hosts: Iterable[Desired],
    templates: Mapping[str, str],
    keys: Keys,
    *,
    unsure: frozenset[str] | None = None,
    today: str = "",
    alike: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Every finding once, with the severity that the policy gives it, sorted by place.

    `keys`: directive → keys of a table. `hosts` are rendered. A host without `.files` could not be rendered, so only
    rules that need no unit judge it. `unsure`: as in `View`. `today`: the date by which waivers and dates expire,
    ISO 8601, or "". `alike`: host → an earlier host that has the same; only rules about the host itself judge it again.
    """
    found: dict[Finding, None] = {}
    hosts = tuple(hosts)
    views: dict[str, View] = {}
    for desired in hosts:
        like = views.get(alike.get(desired.host, ""))
        if like is None:
            view = look(registry, desired, templates, keys, first=not views, unsure=unsure, today=today)
            views[desired.host] = view
        else:
            view = replace(like, desired=desired, first=False)
        for rule in list_view_rules():
            if like is None or rule.each_host:
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
