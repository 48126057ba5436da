"""Who listens where: whether a declared port is served by its unit, at its address."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from qtctl.meaning.addresses import Relation, relation
from qtctl.model.desired_unit import Listener

Row = list[str]
"""Address, port, unit ('' where the kernel names none) and the line that ss printed."""


class Served(StrEnum):
    """How a declared port was found. The first that applies, in this order."""

    LISTENING = "listening"
    """Its unit listens at the declared address, and nowhere wider."""
    WRONG_ADDRESS = "wrong-address"
    """Its unit listens on the port, wider or narrower than declared, or at another address."""
    TAKEN = "taken"
    """Another unit has the address."""
    UNOWNED = "unowned"
    """Somebody has the address, and the kernel does not say who."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Sockets:
    """The listening sockets on a port number, by what they mean for the declared one.

    `there`: of the unit, answering at the declared address or part of it. `elsewhere`: of the unit, at other addresses.
    `taken`: of other units, overlapping. `unowned`: overlapping, of nobody the kernel names. `wrong`: of the unit, and
    not exactly at the declared address.
    """

    there: tuple[Row, ...]
    elsewhere: tuple[Row, ...]
    taken: tuple[Row, ...]
    unowned: tuple[Row, ...]
    wrong: tuple[Row, ...]
    all: tuple[Row, ...]
    exact: bool

    @property
    def served(self) -> Served:
        if self.there:
            return Served.LISTENING if self.exact else Served.WRONG_ADDRESS
        if self.taken:
            return Served.TAKEN
        if self.unowned:
            return Served.UNOWNED
        return Served.WRONG_ADDRESS if self.elsewhere else Served.NOBODY


def find_sockets(rows: Iterable[Row], port: Listener, names: Collection[str]) -> Sockets:
    """Of all `rows` of the port's protocol those on its number. `names`: every name its unit may go by."""
    here = tuple(row for row in rows if row[1] == str(port.port))
    related = [(row, relation(port.address, row[0])) for row in here]
    overlapping = [(row, bound) for row, bound in related if bound is not Relation.ELSEWHERE]
    there = [(row, bound) for row, bound in overlapping if row[2] in names]
    elsewhere = tuple(row for row, bound in related if bound is Relation.ELSEWHERE and row[2] in names)
    bounds = {bound for _, bound in there}
    return Sockets(
        there=tuple(row for row, _ in there),
        elsewhere=elsewhere,
        taken=tuple(row for row, _ in overlapping if row[2] and row[2] not in names),
        unowned=tuple(row for row, _ in overlapping if not row[2]),
        wrong=tuple(row for row, bound in there if bound is not Relation.EXACT) if there else elsewhere,
        all=here,
        exact=Relation.EXACT in bounds and Relation.WIDER not in bounds,
    )
