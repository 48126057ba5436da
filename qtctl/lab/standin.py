"""Stands in for a program of the fleet on a lab host: listens, publishes, consumes. Runs there, not in qtctl.

Standard library only, Python 3.9 or newer, and few imports of that: forty of these start at once on two cores.
Which unit it plays it reads from its own cgroup; what that unit does, from /etc/qtctl-lab/standins.json. Tests inflict
faults through /etc/qtctl-lab/override.json, which is read at start: {UNIT: {"listen": [[address, port, health path,
status] …], "bodies": {health path: text}, "exit": STATUS, "consume": false, "publish": false}}.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time

TYPE_CHECKING = False  # typing itself is not imported: it takes a third of the start
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    Spec = dict[str, Any]
    Command = tuple[Any, ...]
    Reply = Any

SPECS = "/etc/qtctl-lab/standins.json"
OVERRIDES = "/etc/qtctl-lab/override.json"
TICK_S = 0.5
"""How often a consumer reads; it publishes every second tick."""
KEYS_EVERY = 10
KEEP = 1000
REDIS_TIMEOUT_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
ONESHOT_WAIT_S = 10.0
REQUEST_MAX = 65536


def say(text: str) -> None:
    """Log one line to the journal."""
    sys.stderr.write(f"{text}\n")


class RedisError(Exception):
    """An error that Redis answered."""


class Redis:
    """A minimal Redis client: pipelined commands over one connection."""

    def __init__(self, address: str, port: int) -> None:
        self.socket = socket.create_connection((address, port), timeout=REDIS_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The replies in order; an error reply is a RedisError in its place."""
        self.socket.sendall(b"".join(map(encode, commands)))
        return [self.reply() for _ in commands]

    def reply(self) -> Reply:
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return RedisError(rest.decode())
        number = int(rest)
        if kind == b":" or number < 0:
            return number if kind == b":" else None
        if kind == b"$":
            return self.file.read(number + 2)[:-2].decode()
        return [self.reply() for _ in range(number)]

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def encode(command: Command) -> bytes:
    words = [str(word).encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def find_unit(cgroup: str) -> str:
    """The unit in the text of /proc/PID/cgroup, '' if there is none."""
    for line in cgroup.split("\n"):
        for part in reversed(line.split("/")):
            if part.endswith(".service"):
                return part
    return ""


def read_json(path: str) -> dict[str, Spec]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs more than all else here
            found: dict[str, Spec] = json.load(file)
    except FileNotFoundError:
        return {}
    return found


def read_listeners(listen: list[Any], argv: Sequence[str]) -> list[Any]:
    """What uvicorn listens on: --host and --port override the first declared address."""
    given = dict(zip(argv, argv[1:]))  # noqa: B905, RUF007 - Python 3.9
    host, port = given.get("--host", "127.0.0.1"), int(given.get("--port", "8000"))
    if not listen:
        return [[host, port, "", 200]]
    address, _, path, status = listen[0]
    if strip_brackets(address) != host:
        address = host
    return [[address, port, path, status], *listen[1:]]


def strip_brackets(address: str) -> str:
    return "::" if address == "*" else address.strip("[]")


def bind_socket(address: str, port: int, kind: int) -> socket.socket:
    """A bound socket. `*`, as ss prints it, is for both address families; `[::]` only for IPv6."""
    host = strip_brackets(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address in ("*", "::") else 1)
    server.bind((host, port))
    return server


def open_ports(spec: Spec) -> list[socket.socket]:
    """Bind everything before serving anything: a taken port ends the program, as it would the real one."""
    tcp = [(bind_or_exit(row[0], row[1], socket.SOCK_STREAM), row[2], row[3]) for row in spec["listen"]]
    udp = [bind_or_exit(address, port, socket.SOCK_DGRAM) for address, port in spec["udp"]]
    for server, path, status in tcp:
        server.listen(64)
        threading.Thread(target=serve, args=(server, path, status, spec["bodies"].get(path)), daemon=True).start()
    return [*(row[0] for row in tcp), *udp]


def bind_or_exit(address: str, port: int, kind: int) -> socket.socket:
    try:
        return bind_socket(address, port, kind)
    except OSError as error:
        say(f"{address}:{port}: {error.strerror or error}")
        sys.exit(1)


def serve(server: socket.socket, path: str, status: int, body: str | None = None) -> None:
    while True:
        connection, _ = server.accept()
        with connection:
            try:
                connection.settimeout(2)
                answer(connection, path, status, body)
            except OSError:
                continue  # the client closed the connection


def answer(connection: socket.socket, path: str, status: int, said: str | None = None) -> None:
    request = b""
    while b"\r\n\r\n" not in request and len(request) < REQUEST_MAX:
        part = connection.recv(4096)
        if not part:
            return
        request += part
    words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    asked = words[1].split("?")[0] if len(words) > 1 else ""
    code = status if path and asked == path else 404
    body = said.encode() if said is not None and code == status else b'{"status": %d}\n' % code
    head = "HTTP/1.1 %d Lab\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    connection.sendall((head % (code, len(body))).encode() + (b"" if words[0] == "HEAD" else body))


def build_messages(spec: Spec) -> list[Command]:
    """One entry for each stream it publishes to."""
    now = f"{time.time():.3f}"
    return [("XADD", key, "MAXLEN", "~", KEEP, "*", "at", now, "by", spec["unit"]) for key in spec["publishes"]]


def build_writes(spec: Spec) -> Iterator[Command]:
    """A write to each key it keeps, of that key's type."""
    now = f"{time.time():.3f}"
    for key, kind in spec["writes"]:
        if kind == "hash":
            yield "HSET", key, "at", now, "by", spec["unit"]
        elif kind == "string":
            yield "SET", key, now
        elif kind == "set":
            yield "SADD", key, spec["unit"]
        elif kind == "zset":
            yield "ZADD", key, now, spec["unit"]
        elif kind == "list":
            yield "LPUSH", key, now
            yield "LTRIM", key, 0, KEEP
        else:
            yield "XADD", key, "MAXLEN", "~", KEEP, "*", "at", now, "by", spec["unit"]


class Work:
    """What a service does with Redis, over connections that may break."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.groups_made = False
        self.ticks = 0
        self.said: set[str] = set()

    def run_forever(self) -> None:
        """Run until killed. Reconnects when Redis is back, but creates its consumer groups only once, at start."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                redis = Redis(*self.spec["redis"])
            except OSError as error:
                self.say_once(f"Redis: {error}")
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            self.said.clear()
            pause = FIRST_PAUSE_S
            self.run_until_disconnect(redis)
            time.sleep(pause)

    def run_until_disconnect(self, redis: Redis) -> None:
        try:
            while True:
                self.tick(redis)
                time.sleep(TICK_S)
        except (OSError, ValueError) as error:
            say(f"Redis went away: {error}")
        finally:
            redis.close()

    def tick(self, redis: Redis) -> None:
        if not self.groups_made:
            self.make_groups(redis)
        commands = build_messages(self.spec) if self.ticks % 2 == 0 else []
        if self.ticks % KEYS_EVERY == 0:
            commands += build_writes(self.spec)
        self.check(redis.ask(commands))
        self.consume(redis)
        self.ticks += 1

    def make_groups(self, redis: Redis) -> None:
        made = redis.ask([("XGROUP", "CREATE", s, g, "$", "MKSTREAM") for s, g in self.spec["consumes"]])
        errors = [reply for reply in made if isinstance(reply, RedisError) and "BUSYGROUP" not in str(reply)]
        self.check(errors)
        self.groups_made = not any(str(error).startswith(("LOADING", "NOAUTH")) for error in errors)

    def consume(self, redis: Redis) -> None:
        wanted = self.spec["consumes"]
        me = self.spec["unit"].partition(".")[0]
        reads = redis.ask([("XREADGROUP", "GROUP", g, me, "COUNT", 200, "STREAMS", s, ">") for s, g in wanted])
        self.check(reads)
        acks = [
            ("XACK", stream, group, *(entry[0] for entry in reply[0][1]))
            for (stream, group), reply in zip(wanted, reads)  # noqa: B905 - Python 3.9
            if isinstance(reply, list) and reply and reply[0][1]
        ]
        self.check(redis.ask(acks))

    def check(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            if isinstance(reply, RedisError):
                self.say_once(f"Redis: {reply}")

    def say_once(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            say(text)


def run_once(spec: Spec) -> None:
    """For a oneshot: write everything once. It waits for a Redis that is still starting."""
    commands = [*build_messages(spec), *build_writes(spec)]
    if not commands:
        return
    deadline = time.monotonic() + ONESHOT_WAIT_S
    while True:
        try:
            redis = Redis(*spec["redis"])
            break
        except OSError as error:
            if time.monotonic() > deadline:
                say(f"Redis: {error}")
                sys.exit(1)
            time.sleep(TICK_S)
    failed = [reply for reply in redis.ask(commands) if isinstance(reply, RedisError)]
    redis.close()
    if failed:
        say(f"Redis: {failed[0]}")
        sys.exit(1)


def tell_systemd(state: bytes) -> None:
    """sd_notify, for units of Type=notify."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect("\0" + path[1:] if path.startswith("@") else path)
            channel.sendall(state)


def fork_to_background() -> int:
    """Fork, as a unit of Type=forking does. The parent goes once the child says it is ready, on the returned pipe."""
    ready, say_ready = os.pipe()
    if os.fork():
        os.close(say_ready)
        os._exit(0 if os.read(ready, 1) else 1)
    os.close(ready)
    return say_ready


def write_pid(path: str) -> None:
    if path:
        with open(path, "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(f"{os.getpid()}\n")


def load_spec(argv: Sequence[str], *, uvicorn: bool) -> Spec:
    with open("/proc/self/cgroup", encoding="utf-8") as file:  # noqa: PTH123
        unit = find_unit(file.read())
    spec: Spec = {"listen": [], "udp": [], "publishes": [], "consumes": [], "writes": [], "redis": ["127.0.0.1", 6379]}
    spec.update(read_json(SPECS).get(unit, {}))
    spec["unit"] = unit
    spec["bodies"] = {**spec.get("bodies", {})}
    if uvicorn:
        spec["listen"] = read_listeners(spec["listen"], argv)
    override = read_json(OVERRIDES).get(unit, {})
    spec["bodies"].update(override.get("bodies", {}))
    if "listen" in override:
        spec["listen"] = override["listen"]
    if override.get("consume", True) is False:
        spec["consumes"] = []
    if override.get("publish", True) is False:
        spec["publishes"], spec["writes"] = [], []
    spec["exit"] = override.get("exit")
    return spec


def main(argv: Sequence[str], *, uvicorn: bool = False) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    spec = load_spec(argv, uvicorn=uvicorn)
    if spec["exit"] is not None:
        say(f"told to exit with {spec['exit']}")
        sys.exit(spec["exit"])
    if spec.get("oneshot"):
        run_once(spec)
        return
    parent = fork_to_background() if spec.get("forks") else None
    spec["servers"] = open_ports(spec)
    tell_systemd(b"READY=1")
    if parent is not None:
        write_pid(spec["pid_file"])
        os.write(parent, b".")
    if spec["publishes"] or spec["consumes"] or spec["writes"]:
        Work(spec).run_forever()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
