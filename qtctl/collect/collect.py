"""Needs → evidence: everything about one host over one connection, the slowest question first."""

from collections.abc import Iterable, Mapping

from qtctl.collect import commands, stores, units
from qtctl.collect.ledger import Ledger, iso
from qtctl.collect.look import Deadline, Look
from qtctl.errors import QtctlError
from qtctl.model.account_facts import Account, Auditor, Group, Hosts
from qtctl.model.desired import Desired
from qtctl.model.evidence import EVIDENCE_SCHEMA, Evidence, Need
from qtctl.model.facts import File, HostBaseline, Listeners, Reach, Unit, UnitListing, VenvCheck
from qtctl.model.secret import Secret
from qtctl.ports.clock import Clock
from qtctl.ports.host import Host
from qtctl.ports.progress import Progress
from qtctl.probes import accounts, baseline, files, hosts, listeners, logins, venvs
from qtctl.probes.answer import observed
from qtctl.probes.batch import Probe
from qtctl.probes.stores import FACTS as STORE_FACTS
from qtctl.version import VERSION

SSH = Need(Reach.FACT, "ssh")
ALWAYS = frozenset({SSH, units.REACH, commands.REACH, baseline.NEED})
"""Asked of every host, needed or not: which ways to it work, and what it is."""

OF_BUS = (UnitListing.FACT, Unit.FACT)
BATCHED = (Listeners.FACT, File.FACT, VenvCheck.FACT, Account.FACT, Group.FACT, Hosts.FACT, Auditor.FACT)
KNOWN = frozenset({Reach.FACT, HostBaseline.FACT, *OF_BUS, *STORE_FACTS, *BATCHED})


def collect(
    host: Host,
    desired: Desired,
    needs: Iterable[Need],
    clock: Clock,
    *,
    passwords: Mapping[str, Secret] | None = None,
    root: bool = False,
    deadline_s: float = 30.0,
    progress: Progress | None = None,
) -> Evidence:
    """Ask `host` for every need, and nothing else but `ALWAYS` and, with a listing, the fleet's undeclared units.

    `passwords`: store name → password. `root`: commands and bus as root. A family that cannot be asked is refused
    with its reason, the others go on. ValueError for a need that no probe answers.
    """
    wanted = _by_fact(needs)
    say = progress or _silent
    at, begin, ledger = clock.now(), clock.monotonic(), Ledger()
    look = Look(host, desired, ledger, clock, Deadline(clock, deadline_s))
    say("asking for sockets, files and interpreters")
    asked = commands.start(host, _families(wanted, desired), root=root)
    ledger.add(
        [observed(SSH, Reach(host.user), again="true")],
        [ledger.ask(host.transport, ("true",), "true", at=at, took_s=0)],
    )
    say("asking systemd")
    units.ask(look, _of(wanted, *OF_BUS), root=root)
    say("asking the stores")
    unanswered = stores.ask(look, _of(wanted, *STORE_FACTS), passwords or {})
    commands.finish(look, asked)
    stores.settle(look, unanswered)
    say(f"{len(ledger.items)} answers in {clock.monotonic() - begin:.2f} s")
    return _evidence(desired, at, ledger, address=host.address, transport=host.transport, user=host.user)


def unreachable(desired: Desired, needs: Iterable[Need], error: QtctlError, clock: Clock, address: str) -> Evidence:
    """The evidence of a host that could not be connected to: everything refused, with the connection's error."""
    at, ledger = clock.now(), Ledger()
    number = ledger.ask("ssh", ("ssh", address, "true"), f"ssh {address} true", at=at, took_s=0)
    ledger.refuse(_sorted(needs), str(error), [number])
    return _evidence(desired, at, ledger, address=address, transport="ssh", user="")


def _families(wanted: Mapping[str, list[Need]], desired: Desired) -> list[tuple[Probe, tuple[Need, ...]]]:
    secret = frozenset(service.secrets_file for service in desired.services)
    sockets, paths, venv_paths, users, groups, names, login = (tuple(wanted.get(fact, ())) for fact in BATCHED)
    return [
        (baseline.probe(), (baseline.NEED,)),
        (listeners.probe(sockets), sockets),
        (files.probe(paths, sealed=secret), paths),
        (venvs.probe(venv_paths), venv_paths),
        (accounts.probe(users, groups), (*users, *groups)),
        (logins.probe(login), login),
        (hosts.probe(names, desired.fleet, desired.hosts_file.names if desired.hosts_file else ()), names),
    ]


def _sorted(needs: Iterable[Need]) -> list[Need]:
    """The needs with `ALWAYS`, and with the sockets that explain a store which does not answer."""
    wanted = {*needs} | ALWAYS
    if any(need.fact in STORE_FACTS for need in wanted):
        wanted.add(stores.SOCKETS)
    return sorted(wanted, key=lambda need: (need.fact, need.subject, need.store))


def _by_fact(needs: Iterable[Need]) -> dict[str, list[Need]]:
    wanted: dict[str, list[Need]] = {}
    for need in _sorted(needs):
        if need.fact not in KNOWN:
            raise ValueError(f"no probe answers {need.fact!r}")
        wanted.setdefault(need.fact, []).append(need)
    return wanted


def _of(wanted: Mapping[str, list[Need]], *facts: str) -> list[Need]:
    return [need for fact in facts for need in wanted.get(fact, [])]


def _evidence(desired: Desired, at: float, ledger: Ledger, *, address: str, transport: str, user: str) -> Evidence:
    return Evidence(
        EVIDENCE_SCHEMA, VERSION, desired.host, address, transport, user, iso(at), ledger.asks, ledger.items
    )


def _silent(what: str) -> None:
    pass
