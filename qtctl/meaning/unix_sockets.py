"""Unix sockets that a host must have: those that services and externals declare, and those that systemd listens on."""

from collections.abc import Iterable

from qtctl.model.desired_unit import DesiredUnit, Pairs, UnixListener
from qtctl.model.origin import Origin
from qtctl.model.unit_kinds import UnitKind

LISTENS = ("ListenStream", "ListenDatagram", "ListenSequentialPacket")
ROOT, OPEN = "root", "0666"
"""SocketUser= and SocketMode= where nothing is said (systemd.socket(5))."""


def list_unix_sockets(settings: Pairs, origin: Origin, *, specifiers: bool) -> tuple[UnixListener, ...]:
    """The paths that a socket unit listens on, with owner and mode. An empty assignment forgets all before it.

    Where SocketUser= names an account and no group is named, its group is the account's own: not judged. Nor is a path
    in which systemd has something to replace.
    """
    said = dict(settings)
    user = said.get("SocketUser", "")
    group = said.get("SocketGroup", "") or ("" if user else ROOT)
    mode = (said.get("SocketMode", "") or OPEN).zfill(4)
    paths = [path for path in _list_paths(settings) if path.startswith("/") and not (specifiers and "%" in path)]
    return tuple(UnixListener(path, path, user or ROOT, group, mode, origin) for path in dict.fromkeys(paths))


def _list_paths(settings: Pairs) -> list[str]:
    found: list[str] = []
    for directive, value in settings:
        if directive in LISTENS:
            found = [*found, value] if value else []
    return found


def must_listen(units: Iterable[DesiredUnit]) -> dict[str, tuple[DesiredUnit, UnixListener]]:
    """Path → the unit that must listen there and what it says: of a service and its socket the socket."""
    found: dict[str, tuple[DesiredUnit, UnixListener]] = {}
    for unit in units:
        if not unit.must_be_active:
            continue
        for each in unit.unix_sockets:
            if each.path not in found or unit.kind is UnitKind.SOCKET:
                found[each.path] = (unit, each)
    return found
