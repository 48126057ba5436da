"""QT106: names that differ only in - and _."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from qtctl.findings.finding import Finding, Severity
from qtctl.model.registry import Registry
from qtctl.rules.view import View, ViewRule

KINDS = ("services", "externals", "targets", "timers", "venvs", "keys", "hosts")

FEW = 20
"""Up to this many similar names, each pair is reported; beyond that, each name with the next."""


def check_names(view: View) -> Iterator[Finding]:
    if not view.first:
        return
    registry = view.registry
    for kind in KINDS:
        alike: dict[str, list[str]] = {}
        for name in getattr(registry, kind):
            alike.setdefault(name.replace("_", "-"), []).append(name)
        for those in alike.values():
            found = sorted(those)
            for first, second in combinations(found, 2) if len(found) <= FEW else pairwise(found):
                yield from _judge_twins(registry, kind, first, second)


def _judge_twins(registry: Registry, kind: str, first: str, second: str) -> Iterator[Finding]:
    if _is_explained(registry, kind, first, second) or _is_explained(registry, kind, second, first):
        return
    yield QT106.make_broken(
        second,
        f"differs from {first} only in - and _: whoever mistypes one gets the other",
        "give one of them another name; if one is gone, retire it and say so in its replaced_by",
        registry.origins[kind, second],
    )


def _is_explained(registry: Registry, kind: str, gone: str, other: str) -> bool:
    """Whether `gone` is retired and says why, or says that `other`, or what replaced `other` too, has replaced it."""
    nodes = getattr(registry, kind)
    if getattr(nodes[gone], "state", None) != "retired":
        return False
    if not hasattr(nodes[gone], "replaced_by"):
        return bool(nodes[gone].why)
    successors = set(nodes[gone].replaced_by)
    return other in successors or bool(successors & set(getattr(nodes[other], "replaced_by", ())))


QT106 = ViewRule(
    "QT106",
    "names that differ by hyphens only",
    Severity.WARNING,
    what="Two services, externals, targets, timers, venvs, keys or hosts have names that differ only in - and _. A "
    "retired one is fine if `replaced_by` (or `why`, where there is no `replaced_by`) says what became of it.",
    why="Anyone who mistypes one name acts on the other, and reports count one program twice: exposure_balancer ran "
    "while documents spoke of exposure-balancer.",
    fix="Rename one, or retire it with `replaced_by`.",
    look=check_names,
)
RULES = (QT106,)
