"""Which services are killed at the same time: none that systemd stops or starts along with another one."""

from collections.abc import Iterable, Sequence

from qtctl.model.desired import Desired, DesiredService
from qtctl.model.states import ServiceState

_TIED = ("Requisite", "Upholds", "PropagatesStopTo", "StopPropagatedFrom", "JoinsNamespaceOf")
"""Directives of [Unit] that tie units together, besides those for which every unit has a field."""


def list_killed(desired: Desired) -> tuple[DesiredService, ...]:
    """Services whose processes keep running."""
    return tuple(
        each
        for each in desired.services
        if each.state is ServiceState.RUNNING and each.type != "oneshot" and not each.is_template
    )


def make_batches(services: Iterable[DesiredService]) -> tuple[tuple[DesiredService, ...], ...]:
    """Each service once. No two in one batch are tied to each other, or to the same third unit that would go with them.

    Units that they are only ordered after, or only want, do not tie them: systemd leaves those alone when they end.
    """
    batches: list[list[DesiredService]] = []
    every = tuple(services)
    ties = {each.unit: _list_ties(each) for each in every}
    for service in every:
        fits = (batch for batch in batches if not any(_are_tied(ties, service, other) for other in batch))
        batch = next(fits, None)
        if batch is None:
            batches.append([service])
        else:
            batch.append(service)
    return tuple(map(tuple, batches))


def _list_ties(service: DesiredService) -> frozenset[str]:
    named = [name for key, text in service.unit_settings if key in _TIED for name in text.split()]
    return frozenset((*service.requires, *service.binds_to, *service.part_of, *named))


def _are_tied(ties: "dict[str, frozenset[str]]", one: DesiredService, other: DesiredService) -> bool:
    return one.unit in ties[other.unit] or other.unit in ties[one.unit]


def describe_restart(service: DesiredService) -> str:
    """As its unit says: Restart=on-failure."""
    return f"Restart={dict(service.restart).get('Restart', 'no')}"


__all__: Sequence[str] = ("describe_restart", "list_killed", "make_batches")
