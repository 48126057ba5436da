"""A Redis server over our own stream (a forwarded channel, a socket): reading commands only, pipelined.

Nothing but these commands is sent: no HELLO, no CLIENT SETINFO (decision 83).
"""

import contextlib
import re
from collections.abc import Callable, Sequence

from qtctl.adapters.bounds import Deadline
from qtctl.adapters.byte_stream import Wire
from qtctl.adapters.store_connection import StreamConnection
from qtctl.adapters.store_replies import Broken
from qtctl.errors import HostError
from qtctl.interfaces.host import StoreReply
from qtctl.model.desired_store import StoreTls
from qtctl.model.secret import Secret, Withheld

READING = frozenset(
    {
        *("PING", "INFO", "DBSIZE", "TIME", "TYPE", "EXISTS", "TTL", "PTTL"),
        *("XINFO", "XLEN", "XRANGE", "XREVRANGE", "XPENDING", "SCAN", "STRLEN", "HLEN", "LLEN", "SCARD", "ZCARD"),
    }
)
"""First words of the commands that this adapter sends, besides its own AUTH and SELECT."""
READING_PAIRS = frozenset({("CLIENT", "LIST"), ("ACL", "DRYRUN")})
"""The same for commands whose first word does not say that they read."""

_HINT = "does Redis listen there, and does it respond? CLIENT PAUSE and long scripts block it"
AT_A_TIME = 2000
"""Commands per exchange: each exchange has its own bound on what is read."""

_OF_AUTH = re.compile(
    r"WRONGPASS invalid username-password pair[ a-z.]*|ERR invalid password|"
    r"ERR Client sent AUTH, but no password is set|"
    r"ERR AUTH <password> called without any password configured for the default user[A-Za-z .,?]*|"
    r"(LOADING|BUSY|MASTERDOWN|DENIED|NOPERM)\b[A-Za-z0-9 .,'-]{,200}"
)
"""Redis's usual replies to AUTH. Other replies may quote the password in any form."""


def place_of(address: str, port: int) -> str:
    """The name of a store in messages: address and port, or the path of a unix socket."""
    return address if address.startswith("/") else f"{address}:{port}"


class RedisStore:
    """qtctl.interfaces.host.Store. Connects when first asked, and again after a broken connection."""

    def __init__(
        self,
        dial: Callable[[float], Wire],
        place: str,
        password: Secret | None,
        user: str = "",
        db: int = 0,
        *,
        tls: StoreTls | None = None,
        host: str = "",
    ) -> None:
        """`dial` connects within a number of seconds; Refused or HostError if it cannot. `host`: who connects."""
        self._user, self._db, self._tls = user, db, tls
        self._dial = dial
        self._place, self._host = place, host
        self._password = password
        self._withheld = Withheld(shortest=1)
        if password:
            self._withheld.add(password)
        self._connection: StreamConnection | None = None

    def ask(self, commands: Sequence[tuple[str, ...]], deadline_s: float) -> list[StoreReply]:
        """Replies in order, in RESP2's shapes (lists, str, int, None), bytes decoded as UTF-8.

        Refused or HostError if Redis is not reached; ValueError for a command that is not a reading one.
        """
        for command in commands:
            _must_read(command)
        deadline = Deadline(deadline_s)
        try:
            first = [] if self._connection is not None else self._connect(deadline)
            replies = self._exchange([*first, *commands[:AT_A_TIME]], deadline)[len(first) :]
            return self._read_rest(replies, commands, deadline)
        except HostError:
            self.close()
            raise

    def _read_rest(
        self, replies: list[StoreReply], commands: Sequence[tuple[str, ...]], deadline: Deadline
    ) -> list[StoreReply]:
        """The replies to the remaining commands.

        If the connection breaks, what came is kept, and the others say why.
        """
        why = "the connection broke"
        while len(replies) < len(commands) and self._connection is not None:
            try:
                replies += self._exchange([*commands[len(replies) : len(replies) + AT_A_TIME]], deadline)
            except HostError as error:
                self.close()
                why = error.explain_beside(self._host)
        return replies + [StoreReply(None, f"no answer: {why}")] * (len(commands) - len(replies))

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError, EOFError):
                self._connection.disconnect()
            self._connection = None

    def _connect(self, deadline: Deadline) -> list[tuple[str, ...]]:
        """Open the connection. AUTH and SELECT, which must come first, are sent with the first commands."""
        wire = self._dial(deadline.seconds)
        if self._tls is not None:
            from qtctl.adapters.tls_wire import open_tls  # noqa: PLC0415 - 35 ms to import, and few stores want it

            wire = open_tls(wire, self._tls, self._place, self._host, deadline)
        self._connection = StreamConnection(wire)
        login = (self._user,) if self._user else ()
        password = self._password.reveal() if self._password else ""
        auth = [("AUTH", *login, password)] if login or password else []
        return [*auth, *([("SELECT", str(self._db))] if self._db else [])]

    def _exchange(self, commands: list[tuple[str, ...]], deadline: Deadline) -> list[StoreReply]:
        try:
            replies = self._open().exchange(commands, deadline)
        except Broken as error:
            # Not from the error: whatever listens there may have quoted what it was sent.
            what = f"{self._place}: {self._withheld.out_of(str(error))}"
            uncertified = self._tls is not None and not self._tls.certificate
            hint = "does it want a client certificate (tls-auth-clients)?" if uncertified else _HINT
            raise HostError(what, host=self._host, hint=hint) from None
        if self._connection and not self._connection.alive:
            self.close()
        found = [self._clean(reply) for reply in replies]
        if commands[:1] and commands[0][0] == "AUTH" and replies[0].error:
            return [_explain_no_auth(reply, self._explain_refusal(replies[0].error)) for reply in found]
        return self._check_database(commands, found)

    def _open(self) -> StreamConnection:
        if self._connection is None:
            raise Broken("the connection was closed")
        return self._connection

    def _check_database(self, commands: list[tuple[str, ...]], found: list[StoreReply]) -> list[StoreReply]:
        """If the database was not selected, the answers come from another one."""
        selected = next((reply for command, reply in zip(commands, found, strict=True) if command[0] == "SELECT"), None)
        if selected is None or not selected.error:
            return found
        self.close()
        return [StoreReply(None, reply.error or f"database {self._db}: {selected.error}") for reply in found]

    def _clean(self, reply: StoreReply) -> StoreReply:
        return StoreReply(None, self._withheld.out_of(reply.error)) if reply.error else reply

    def _explain_refusal(self, error: str) -> str:
        """The reply to AUTH, without a word that may be the password."""
        if _OF_AUTH.fullmatch(error):
            return self._withheld.out_of(error)
        if "unknown command" in error:
            return "ERR unknown command"
        return "an answer that is not shown: it may quote the password"


def _explain_no_auth(reply: StoreReply, why: str) -> StoreReply:
    """A command refused for a missing login is explained by the answer to AUTH: WRONGPASS says more than NOAUTH."""
    return StoreReply(None, f"{reply.error} (AUTH: {why})") if reply.error.startswith("NOAUTH") else reply


def _must_read(command: tuple[str, ...]) -> None:
    words = tuple(word.upper() for word in command[:2])
    if words[:1] and words[0] in READING:
        return
    if words not in READING_PAIRS:
        raise ValueError(f"not a reading command: {' '.join(command[:1])!r}")
