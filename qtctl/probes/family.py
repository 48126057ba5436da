"""Families of facts, each asked in one exec and found by folder: each file in `probes/` with a FAMILY is one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from qtctl import probes
from qtctl.model.evidence import Need
from qtctl.model.fact import Fact
from qtctl.model.facts import FACT_KINDS, Channel
from qtctl.model.inquiry import Inquiry
from qtctl.probes.batch import Probe


@dataclass(frozen=True, slots=True)
class Family:
    """The facts that one probe answers, and how to ask for some of them. All are asked through one channel.

    `asks_systemd`: its commands wait for systemd, which answers a look's questions on the bus first.
    """

    facts: tuple[type[Fact], ...]
    ask: Callable[[Sequence[Need], Inquiry], Probe]
    asks_systemd: bool = False

    @property
    def of_root(self) -> bool:
        """Whether only root is asked."""
        return FACT_KINDS[self.facts[0].FACT].channel is Channel.ROOT


@cache
def list_families() -> tuple[Family, ...]:
    """In the order of the kinds of fact, those that wait for systemd last: no other command waits with them."""
    order = list(FACT_KINDS)
    return tuple(sorted(_find_families(), key=lambda each: (each.asks_systemd, order.index(each.facts[0].FACT))))


def _find_families() -> Iterator[Family]:
    for found in iter_modules(probes.__path__):
        family = getattr(import_module(f"{probes.__name__}.{found.name}"), "FAMILY", None)
        if family is not None:
            yield family
