"""Unix sockets that a host must have: declared by services and externals, or listened on by systemd."""

from collections.abc import Iterable

from qtctl.model.desired_unit import DesiredUnit, Pairs, UnixListener
from qtctl.model.origin import Origin
from qtctl.model.unit_kinds import UnitKind

LISTENS = ("ListenStream", "ListenDatagram", "ListenSequentialPacket")
ROOT, OPEN = "root", "0666"
"""Defaults of SocketUser= and SocketMode= (systemd.socket(5))."""


def list_unix_sockets(settings: Pairs, origin: Origin, *, specifiers: bool) -> tuple[UnixListener, ...]:
    """The paths that a socket unit listens on, with owner and mode. An empty assignment drops all before it.

    If SocketUser= names an account and no group is set, the group is the account's own and not judged. Nor is a path
    with a specifier.
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
    """Path → the unit that must listen there and its settings: of a service and its socket, the socket."""
    found: dict[str, tuple[DesiredUnit, UnixListener]] = {}
    for unit in units:
        if not unit.must_be_active:
            continue
        for each in unit.unix_sockets:
            if each.path not in found or unit.kind is UnitKind.SOCKET:
                found[each.path] = (unit, each)
    return found
