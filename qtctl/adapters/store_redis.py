"""redis-py's connection and parser over a given stream. Imported late: redis takes 0.1 s."""

from typing import Any

from redis._parsers import _RESP2Parser
from redis.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from qtctl.adapters.bounds import Deadline, said
from qtctl.adapters.byte_stream import Wire
from qtctl.adapters.store_replies import Broken, Replies
from qtctl.interfaces.host import StoreReply


class WholeErrors(_RESP2Parser):  # type: ignore[misc, unused-ignore]
    """Leaves error texts whole: redis-py cuts off the code (NOAUTH, NOPERM) that tells what they mean."""

    EXCEPTION_CLASSES: dict[str, Any] = {}  # noqa: RUF012


class StreamConnection(AbstractConnection):  # type: ignore[misc, unused-ignore]
    """A connection that is already made, and on which nothing is sent but what is asked."""

    def __init__(self, wire: Wire, place: str) -> None:
        self._replies = Replies(wire)
        self._place = place
        super().__init__(
            decode_responses=True,
            encoding_errors="backslashreplace",
            parser_class=WholeErrors,
            protocol=2,
            health_check_interval=0,
        )
        self._open()

    @property
    def alive(self) -> bool:
        """False once it broke: it answers nothing any more."""
        return self._sock is not None

    def exchange(self, commands: list[tuple[str, ...]], deadline: Deadline) -> list[StoreReply]:
        """Send all commands, then read all replies. Broken where it breaks before the first of them.

        Where it breaks later, or the deadline passes, the commands that are not answered have that as their error.
        """
        replies: list[StoreReply] = []
        try:
            self._replies.expect(commands, deadline)
            self._send(commands)
            replies.extend(self._reply() for _ in commands)
        except (Broken, RedisError, OSError, EOFError, ValueError, RecursionError) as error:
            why = said(str(error)) or type(error).__name__
            self.disconnect()  # type: ignore[no-untyped-call, unused-ignore]
            if not replies:
                raise Broken(why) from error
            replies += [StoreReply(None, f"no answer: {why}")] * (len(commands) - len(replies))
        return replies

    def on_connect(self) -> None:
        self._parser.on_connect(self)

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: ARG002
        """redis-py ≥ 6 calls this one in place of `on_connect`."""
        self._parser.on_connect(self)

    def repr_pieces(self) -> list[tuple[str, str]]:
        return [("at", self._place)]

    def _connect(self) -> Any:  # noqa: ANN401
        return self._replies

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

    def _reply(self) -> StoreReply:
        try:
            value = self.read_response()
        except ResponseError as error:
            return StoreReply(None, said(str(error), limit=500))
        return StoreReply(value)
