"""redis-py's connection and parser over a given stream. Imported late: redis takes 0.1 s."""

import time
from typing import Any

from redis._parsers import _RESP2Parser
from redis.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from qtctl.adapters.wire import Wire
from qtctl.ports.host import StoreReply


class Broken(Exception):
    """The connection to Redis broke, timed out, or spoke something else."""


class WholeErrors(_RESP2Parser):  # type: ignore[misc, unused-ignore]
    """Leaves error texts whole: redis-py cuts off the code (NOAUTH, NOPERM) that tells what they mean."""

    EXCEPTION_CLASSES: dict[str, Any] = {}  # noqa: RUF012


class StreamConnection(AbstractConnection):  # type: ignore[misc, unused-ignore]
    """A connection that is already made, and on which nothing is sent but what is asked."""

    def __init__(self, wire: Wire, place: str) -> None:
        self._wire = wire
        self._place = place
        super().__init__(
            decode_responses=True,
            encoding_errors="backslashreplace",
            parser_class=WholeErrors,
            protocol=2,
            health_check_interval=0,
        )
        self._open()

    def exchange(self, commands: list[tuple[str, ...]], until: float) -> list[StoreReply]:
        """Send all commands, then read all replies. Broken after `until` (monotonic)."""
        try:
            self._patience(until)
            self._send(commands)
            return [self._reply(until) for _ in commands]
        except (RedisError, OSError, EOFError, ValueError) as error:
            raise Broken(" ".join(str(error).split()) or type(error).__name__) from error

    def on_connect(self) -> None:
        self._parser.on_connect(self)

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: ARG002
        """redis-py ≥ 6 calls this one in place of `on_connect`."""
        self._parser.on_connect(self)

    def repr_pieces(self) -> list[tuple[str, str]]:
        return [("at", self._place)]

    def _connect(self) -> Any:  # noqa: ANN401
        return self._wire

    def _host_error(self) -> str:
        return self._place

    def _error_message(self, exception: BaseException) -> str:
        return f"{self._place}: {exception}"

    def _open(self) -> None:
        self.connect()  # type: ignore[no-untyped-call]

    def _send(self, commands: list[tuple[str, ...]]) -> None:
        packed = self.pack_commands(commands)  # type: ignore[no-untyped-call]
        self.send_packed_command(packed, check_health=False)  # type: ignore[no-untyped-call]

    @property  # type: ignore[misc]
    def host(self) -> str:
        return self._place

    def _reply(self, until: float) -> StoreReply:
        self._patience(until)
        try:
            value = self.read_response()
        except ResponseError as error:
            return StoreReply(None, str(error))
        return StoreReply(value)

    def _patience(self, until: float) -> None:
        self._wire.settimeout(max(until - time.monotonic(), 0.001))
