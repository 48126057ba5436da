"""One host, watched over an open connection: signals of systemd, positions of streams, listening sockets."""

from collections.abc import Iterator, Mapping

from qtctl.dialects.systemd.unit_name import make_object_path
from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import BusCall, BusReply, Store, StoreReply
from qtctl.interfaces.stream import SignalBus, Stream, StreamingHost
from qtctl.model.desired_store import DesiredStore
from qtctl.model.secret import Secret
from qtctl.model.watch import Key, Kind, Watched
from qtctl.remote.scripts import read_script

POLL_S = 0.5
"""Between looks at streams, and at sockets on the host."""
PING_S = 5.0
"""A connection that is dead without saying so is found out after so long."""
ANSWERS_S = 5.0
MOST_TEXT = 1 << 20
"""Bytes of sockets."""
SOCKETS_ENDED = "unknown: its sockets are no longer reported"
_MANAGER_PATH = "/org/freedesktop/systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"
_UNIT = "org.freedesktop.systemd1.Unit"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_CHANGED = (
    f"type='signal',sender='org.freedesktop.systemd1',interface='{_PROPERTIES}',member='PropertiesChanged',"
    f"path_namespace='{_MANAGER_PATH}/unit'"
)
_PING = BusCall(_MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping")


class HostWatch:
    """A host that is watched. Every answer is a part of its view. Close it in any case."""

    def __init__(
        self,
        host: StreamingHost,
        watched: Watched,
        stores: Mapping[str, DesiredStore],
        passwords: Mapping[str, Secret],
        clock: Clock,
    ) -> None:
        """HostError if there is no bus, or it does not answer. A store or `ss` that is missing is said in the view."""
        self._host, self._watched, self._clock = host, watched, clock
        self._paths = {make_object_path(unit): unit for unit in watched.units}
        self._bus: SignalBus = host.signal_bus()
        self._sockets: Stream | None = host.stream(_make_script()) if watched.ports else None
        self._text = b""
        self._stores = {
            name: _open_store(host, stores[name], passwords.get(name)) for name in watched.streams if name in stores
        }
        self._asked_at = self._pinged_at = clock.monotonic()

    def begin(self) -> dict[Key, str]:
        """Subscribe, then read what there is: nothing that changes meanwhile is missed."""
        self._bus.subscribe((_CHANGED,), ANSWERS_S)
        units = sorted(self._watched.units)
        (listed,) = self._call([BusCall(_MANAGER_PATH, _MANAGER, "ListUnitsByNames", "as", (units,))])
        services = [unit for unit in units if unit.endswith(".service")]
        counts = self._call([_ask_restarts(unit) for unit in services])
        found = dict(_read_listed(listed, self._watched))
        found |= {
            (Kind.RESTARTS, unit): str(reply.body[0])
            for unit, reply in zip(services, counts, strict=True)
            if not reply.error and reply.body and isinstance(reply.body[0], int)
        }
        return found | self._ask_stores()

    def wait(self) -> dict[Key, str]:
        """What changed, after at most half a second. HostError if the connection is lost, or the host hangs."""
        found: dict[Key, str] = {}
        for signal in self._bus.wait_signals(POLL_S / 2):
            if (unit := self._paths.get(signal.path)) is not None:
                found |= self._read_signal(unit, signal.body)
        now = self._clock.monotonic()
        if now - self._asked_at >= POLL_S:
            self._asked_at = now
            found |= self._ask_stores()
        if now - self._pinged_at >= PING_S:
            self._pinged_at = now
            self._call([_PING])
        return found | self._read_sockets()

    def close(self) -> None:
        if self._sockets is not None:
            self._sockets.close()
        self._bus.close()

    def _call(self, calls: list[BusCall]) -> list[BusReply]:
        return self._bus.call(calls, ANSWERS_S)

    def _read_signal(self, unit: str, body: tuple[object, ...]) -> dict[Key, str]:
        match body:
            case [str(_), dict(changed), *_]:
                found: dict[Key, str] = {}
                active, sub = changed.get("ActiveState"), changed.get("SubState")
                if isinstance(active, str) and isinstance(sub, str):
                    found[Kind.UNIT, unit] = _say_state(active, sub)
                if isinstance(restarts := changed.get("NRestarts"), int):
                    found[Kind.RESTARTS, unit] = str(restarts)
                return found
        return {}

    def _ask_stores(self) -> dict[Key, str]:
        found: dict[Key, str] = {}
        for name, store in self._stores.items():
            streams = self._watched.streams[name]
            try:
                replies = store.ask([("XINFO", "GROUPS", stream) for stream in streams], ANSWERS_S)
            except HostError as error:
                why = f"unknown: {shorten(error.what)}"
                found |= {(Kind.LAG, f"{stream}/{group}"): why for stream in streams for group in streams[stream]}
                continue
            for (stream, groups), reply in zip(streams.items(), replies, strict=True):
                lags = _read_lags(reply)
                found |= {(Kind.LAG, f"{stream}/{group}"): lags.get(group, _explain_no_lag(reply)) for group in groups}
        return found

    def _read_sockets(self) -> dict[Key, str]:
        """Whether each declared port is listened on, if that was told anew."""
        if self._sockets is None:
            return {}
        while piece := self._sockets.read(0.0):
            self._text = (self._text + piece)[-MOST_TEXT:]
        if piece == b"":
            self._sockets.close()
            self._sockets = None
            return dict.fromkeys(map(name_port, self._watched.ports), SOCKETS_ENDED)
        whole, end, self._text = self._text.rpartition(b"end\n") if b"end\n" in self._text else (b"", b"", self._text)
        if not end:
            return {}
        last = whole.rpartition(b"end\n")[2].decode("utf-8", "replace")
        return read_ports(last, self._watched.ports)


def name_port(port: tuple[str, str, int]) -> Key:
    return Kind.PORT, f"{port[0]} {port[1]}:{port[2]}"


def read_ports(text: str, ports: tuple[tuple[str, str, int], ...]) -> dict[Key, str]:
    """`text`: a line for each listening socket: protocol, address:port."""
    lines = text.split("\n")
    if "missing" in lines:
        return dict.fromkeys(map(name_port, ports), "unknown: ss is not installed")
    bound = [line.partition(" ")[::2] for line in lines if " " in line]
    found: dict[Key, str] = {}
    for protocol, address, number in ports:
        there = {place.rpartition(":")[0] for each, place in bound if each == protocol and place.endswith(f":{number}")}
        elsewhere = f"listening on {', '.join(sorted(there))[:80]}" if there else "closed"
        found[name_port((protocol, address, number))] = "listening" if address in there else elsewhere
    return found


def _make_script() -> str:
    return f"{{\n{read_script('watch.sh')}attend_sockets {POLL_S:g}\nexit\n}}\n"


def _open_store(host: StreamingHost, store: DesiredStore, password: Secret | None) -> Store:
    return host.store(store.address, store.port, password, store.user, store.db, tls=store.tls)


def _ask_restarts(unit: str) -> BusCall:
    service = "org.freedesktop.systemd1.Service"
    return BusCall(make_object_path(unit), _PROPERTIES, "Get", "ss", (service, "NRestarts"))


def _read_listed(reply: BusReply, watched: Watched) -> Iterator[tuple[Key, str]]:
    rows = reply.body[0] if reply.body and isinstance(reply.body[0], list) else []
    if reply.error:
        raise HostError(f"systemd did not list units: {reply.error}", hint="is dbus running there?")
    for row in rows:
        match row:
            case [str(unit), _, str(load), str(active), str(sub), *_] if unit in watched.units:
                yield (Kind.UNIT, unit), load if load != "loaded" else _say_state(active, sub)


def _say_state(active: str, sub: str) -> str:
    return f"{active[:40]} ({sub[:40]})"


def _read_lags(reply: StoreReply) -> dict[str, str]:
    if reply.error or not isinstance(reply.value, list):
        return {}
    found = {}
    for each in reply.value:
        pairs = dict(zip(each[::2], each[1::2], strict=False)) if isinstance(each, list) else {}
        name, lag, pending = pairs.get("name"), pairs.get("lag"), pairs.get("pending")
        if isinstance(name, str):
            found[name] = f"{lag if isinstance(lag, int) else 'unknown'} behind, {pending} pending"
    return found


def _explain_no_lag(reply: StoreReply) -> str:
    return f"unknown: {shorten(reply.error)}" if reply.error else "no such group"


def shorten(text: str) -> str:
    return " ".join(text.split())[:120]
