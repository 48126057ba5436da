"""What the reports read of a host, in a module of its own: an audit asks for all of it without loading their models."""

from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import File, HostBaseline, Listeners, Unit, UnitListing
from qtctl.model.states import KeyType
from qtctl.model.store_facts import KeyFact, StoreClock, StoreServer, Stream, StreamGroup, group_subject

PROTOCOLS = ("tcp", "udp")


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The facts that the registry report reads; many of them the audit asks for anyway."""
    found = {Need(HostBaseline.FACT, "host"), Need(UnitListing.FACT, "*")}
    found |= {Need(Unit.FACT, each.unit) for each in desired.units()}
    found |= {Need(Unit.FACT, retired.unit) for retired in desired.retired_units}
    found |= {Need(File.FACT, each.entry_point) for each in desired.services if each.entry_point.startswith("/")}
    found |= {Need(Listeners.FACT, protocol) for protocol in PROTOCOLS}
    found |= {Need(VenvCheck.FACT, venv.path) for venv in desired.venvs}
    found |= {Need(kind.FACT, store.name) for kind in (StoreServer, StoreClock) for store in desired.stores}
    for key in desired.keys:
        found.add(Need(Stream.FACT if key.type is KeyType.STREAM else KeyFact.FACT, key.name, key.store))
    for service in desired.services:
        for each in service.consumes:
            found.add(Need(StreamGroup.FACT, group_subject(each.stream, each.group), each.store))
    return tuple(sorted(found, key=lambda need: (need.fact, need.subject, need.store)))
