"""What a parity report reads of a host. A separate module: an audit asks for it too, and needs nothing else of it."""

from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Listeners, Unit
from qtctl.rules.places import map_places

PROTOCOLS = ("tcp", "udp")


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The facts that `compare` reads: every unit a service can have gone to, what starts it, and who listens."""
    found = {place for those in map_places(desired).values() for place in those}
    units = sorted({unit for place in found for unit in (place.unit, *place.starters)})
    return (*(Need(Unit.FACT, unit) for unit in units), *(Need(Listeners.FACT, protocol) for protocol in PROTOCOLS))
