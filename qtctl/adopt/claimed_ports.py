"""Ports that two adopted units claim: a registry declares each port for one of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from qtctl.adopt.entry import Table
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.plan import find_started
from qtctl.adopt.tables import Made
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.listen import find_heard
from qtctl.errors import Place
from qtctl.model.units import LISTENS
from qtctl.rules.registry.addresses import QT101, WILDCARDS

Claim = tuple[str, str, int]
"""Protocol, address, port; for a unix socket its path, without a port."""


@dataclass(slots=True)
class _Claims:
    """`owners`: who claims what, and for which unit; sockets with ReusePort= share what they listen on."""

    owners: list[tuple[Claim, str, str, bool]] = field(default_factory=list)

    def find_owner(self, claim: Claim, serves: str, *, shared: bool) -> str:
        """Who already has the port, or one of its addresses; '' for nobody, and for a socket's own service."""
        for known, owner, served, shares in self.owners:
            if _collide(known, claim) and served != serves and not (shared and shares):
                return owner
        return ""

    def take(self, claims: Iterable[Claim], owner: str, serves: str, *, shared: bool = False) -> None:
        self.owners += [(claim, owner, serves, shared) for claim in claims]


def _collide(one: Claim, other: Claim) -> bool:
    same = one[0] == other[0] and one[2] == other[2]
    return same and (one[1] == other[1] or one[1] in WILDCARDS or other[1] in WILDCARDS)


def declare_ports(units: Iterable[Made], ledger: Ledger) -> None:
    """Ports of uvicorn: of two that claim one address, the second keeps its command line and no port. Of two sockets
    the second is declared stopped: systemd could not start both.
    """
    claims = _Claims()
    units = tuple(units)
    for each in units:
        if each.port:
            _declare_port(each, claims, ledger)
    for each in units:
        if each.kind == "sockets" and each.table.get("state", "active") == "active":
            _declare_socket(each, claims, ledger)


def _declare_port(made: Made, claims: _Claims, ledger: Ledger) -> None:
    address, _, port = made.port.rpartition(":")
    claim = ("tcp", address, int(port))
    owner = claims.find_owner(claim, made.original.unit, shared=False)
    if not owner:
        claims.take([claim], made.original.unit, made.original.unit)
        made.table["ports"] = {"http": {"listen": made.port}}
        return
    what = f"listens on {made.port}, as {owner} does: its port was not declared"
    ledger.note_error(QT101, made.original.unit, what, "give one of them another port", at=Place(made.original.path))
    made.table["run"] = _make_command(made.table["run"], made.port)


def _declare_socket(made: Made, claims: _Claims, ledger: Ledger) -> None:
    own, shared = tuple(_list_socket_claims(made.table)), parse_boolean(str(made.table.get("reuse_port", ""))) is True
    serves = find_started(made.original, "Socket", "Service")
    owners = [(claim, owner) for claim in own if (owner := claims.find_owner(claim, serves, shared=shared))]
    if not owners:
        claims.take(own, made.original.unit, serves, shared=shared)
        return
    (_, address, port), owner = owners[0]
    where = f"{address}:{port}" if port else address
    what = f"listens on {where}, as {owner} does: it was declared stopped"
    ledger.note_error(QT101, made.original.unit, what, "give one of them another", at=Place(made.original.path))
    made.entry.put(("state",), "stopped")
    made.table.pop("enabled", None)


def _list_socket_claims(table: Table) -> Iterator[Claim]:
    ipv6_only = table.get("bind_ipv6_only") == "ipv6-only"
    for each in table.get("listen", ()):
        word, _, address = each.partition(" ")
        if address.startswith("/"):
            yield "unix", address, 0
        elif not table.get("protocol") and (found := find_heard(LISTENS[word], address, ipv6_only=ipv6_only)):
            yield found.protocol, found.address, found.port


def _make_command(run: Table, listen: str) -> Table:
    host, _, port = listen.rpartition(":")
    words = ["-m", "uvicorn", run["app"], "--host", host.strip("[]"), "--port", port, *run.get("args", ())]
    kept = {key: value for key, value in run.items() if key in ("venv", "cwd")}
    python = {"python": run["python"]} if "python" in run else {}
    return {"kind": "module", "module": "uvicorn", "args": words[2:], "code": run["code"], **python, **kept}
