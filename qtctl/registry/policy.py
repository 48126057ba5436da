"""Whether policy.toml speaks of findings that exist."""

from collections.abc import Iterator
from difflib import get_close_matches

from qtctl.model.origin import Origin
from qtctl.model.registry import Policy
from qtctl.rules.problem import Problem


def policy(declared: Policy) -> Iterator[Problem]:
    if not declared.severities:
        return
    from qtctl.rules.catalogue import ids  # noqa: PLC0415 - loads every rule; few registries change a severity

    for id_ in declared.severities:
        if id_ not in ids():
            near = get_close_matches(id_.upper(), sorted(ids()), n=1, cutoff=0.7)
            hint = f"did you mean {near[0]}?" if near else "qtctl explain lists all"
            yield Problem(f"no finding has the id {id_[:200]}", Origin("policy.toml", ("severities", id_)), hint)
