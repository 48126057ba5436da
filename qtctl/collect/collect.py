"""Inquiry → evidence: everything about one host over one connection, the slowest question first."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from qtctl.collect import commands, health, stores, units
from qtctl.collect.ledger import Ledger, format_time
from qtctl.collect.look import Deadline, Observation
from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.model.evidence import EVIDENCE_SCHEMA, Evidence, Need
from qtctl.model.facts import FACT_KINDS, Channel, Reach, UnixSocket
from qtctl.model.inquiry import Inquiry
from qtctl.probes import baseline
from qtctl.probes.answer import answer_observed, needs_root
from qtctl.probes.batch import Probe
from qtctl.probes.family import list_families
from qtctl.probes.stores import FACTS as STORE_FACTS
from qtctl.version import VERSION

SSH = Need(Reach.FACT, "ssh")
ALWAYS = frozenset({SSH, units.REACH, commands.REACH, commands.REACH_ROOT, baseline.NEED})
"""Asked of every host, whether needed or not: which channels to it work, and what it is."""
OF_UNITS = frozenset({SSH, units.REACH})
"""Instead of them, if only units are asked for: no command is run for that."""
ROOT_ALONE = "only root can tell, and root was not asked: --become was not given"

list_families()  # Imported now: once a host is connected to, nothing should wait for that.
OF_BUS = tuple(kind.name for kind in FACT_KINDS.values() if kind.channel is Channel.BUS)


def collect(
    host: Host,
    inquiry: Inquiry,
    clock: Clock,
    *,
    root: bool = False,
    deadline_s: float = 30.0,
) -> Evidence:
    """Ask `host` for every need, and nothing else but `ALWAYS` and, with a listing, the fleet's undeclared units.

    If the inquiry names only units, `OF_UNITS` takes the place of `ALWAYS`.

    `root`: commands and bus as root. Root is asked only for what no other account can tell, and only if
    `inquiry.become` is set or the account is root. A family that cannot be asked is refused with its reason; the others
    go on.

    ValueError for a need that no probe answers.
    """
    wanted = _group_by_fact(inquiry)
    inquiry = replace(inquiry, nonce=secrets.token_hex(16))
    at, ledger = clock.now(), Ledger(host.address)
    look = Observation(host, inquiry, ledger, clock, Deadline(clock, deadline_s))
    # First: while PAM keeps a session waiting, for a D-Bus that hangs, sshd forwards nothing more.
    urls = health.start(look, _select(wanted, health.FACT))
    families = _group_by_family(wanted, inquiry, root=root)
    asked = commands.start(host, families, root=root) if families else None
    if not root:
        ledger.add(needs_root(need, ROOT_ALONE) for need in _select_of_root(wanted))
    ledger.add(
        [answer_observed(SSH, Reach(host.user), again="true")],
        [ledger.ask(host.transport, ("true",), "true", at=at, took_s=0)],
    )
    of_bus = _select(wanted, *OF_BUS)
    asked_units = units.ask(look, of_bus, root=root, last=False)
    unanswered = stores.ask(look, _select(wanted, *STORE_FACTS))
    health.finish(look, urls)
    if asked is not None:
        commands.finish(look, asked)
    if not root and (inquiry.become or host.user == "root"):
        _ask_root(look, wanted)
    if not asked_units:
        units.ask(look, of_bus, root=root)
    stores.settle(look, unanswered)
    return _build_evidence(inquiry, at, ledger, address=host.address, transport=host.transport, user=host.user)


def refuse_all(inquiry: Inquiry, error: HostError, clock: Clock, address: str) -> Evidence:
    """The evidence of a host that could not be connected to: every answer is refused, with the connection's error."""
    at, ledger = clock.now(), Ledger(address)
    number = ledger.ask("ssh", ("ssh", address, "true"), f"ssh {address} true", at=at, took_s=0)
    ledger.refuse(_complete_needs(inquiry), error, [number])
    return _build_evidence(inquiry, at, ledger, address=address, transport="ssh", user="")


def _group_by_family(
    wanted: Mapping[str, list[Need]], inquiry: Inquiry, *, root: bool
) -> list[tuple[Probe, tuple[Need, ...]]]:
    """The probes of one exec, each with the needs that it answers. `root`: also those that only root could run.

    A family of which nothing is needed asks nothing.
    """
    able = (each for each in list_families() if root or not each.of_root)
    asked = ((each, tuple(_select(wanted, *(fact.FACT for fact in each.facts)))) for each in able)
    return [(family.ask(needs, inquiry), needs) for family, needs in asked if needs]


def _select_of_root(wanted: Mapping[str, list[Need]]) -> list[Need]:
    """What only root can tell, also whether it can be asked."""
    kinds = [kind.name for kind in FACT_KINDS.values() if kind.channel is Channel.ROOT]
    reach = (need for need in wanted.get(Reach.FACT, ()) if need == commands.REACH_ROOT)
    return [*reach, *_select(wanted, *kinds)]


def _ask_root(look: Observation, wanted: Mapping[str, list[Need]]) -> None:
    """What only root can tell, and what the auditing account was denied, in one exec.

    Files that may hold values of an environment are not read for a digest.
    """
    inquiry = replace(look.inquiry, protected_paths=look.inquiry.protected_paths | look.inquiry.env_paths)
    asked = [
        (family.ask(needs, inquiry), needs)
        for family in list_families()
        if (needs := tuple(_select_needing_root(look, _select(wanted, *(fact.FACT for fact in family.facts)))))
    ]
    if asked or not inquiry.named_only:
        commands.finish(look, commands.start(look.host, asked, root=True, reach=commands.REACH_ROOT))


def _select_needing_root(look: Observation, needs: Iterable[Need]) -> Iterator[Need]:
    items = ((need, look.ledger.find_item(need)) for need in needs)
    return (need for need, item in items if item is not None and item.needs_root)


def _complete_needs(inquiry: Inquiry) -> list[Need]:
    """The needs with `ALWAYS`, and with the sockets that explain why a store does not answer."""
    wanted = {*inquiry.needs} | (OF_UNITS if inquiry.named_only else ALWAYS)
    sockets = (store.socket for store in inquiry.stores if store.socket)
    if any(need.fact in STORE_FACTS for need in wanted):
        wanted |= {stores.SOCKETS, *(Need(UnixSocket.FACT, each) for each in sockets)}
    return sorted(wanted, key=lambda need: (need.fact, need.subject, need.store))


def _group_by_fact(inquiry: Inquiry) -> dict[str, list[Need]]:
    wanted: dict[str, list[Need]] = {}
    for need in _complete_needs(inquiry):
        if need.fact not in FACT_KINDS:
            raise ValueError(f"no probe answers {need.fact!r}")
        wanted.setdefault(need.fact, []).append(need)
    return wanted


def _select(wanted: Mapping[str, list[Need]], *facts: str) -> list[Need]:
    return [need for fact in facts for need in wanted.get(fact, [])]


def _build_evidence(
    inquiry: Inquiry, at: float, ledger: Ledger, *, address: str, transport: str, user: str
) -> Evidence:
    return Evidence(
        EVIDENCE_SCHEMA, VERSION, inquiry.host, address, transport, user, format_time(at), ledger.asks, ledger.items
    )
