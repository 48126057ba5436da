"""SCAN to its end: each answer says where the next one begins. All patterns go on together, in one round trip each."""

from collections.abc import Sequence

from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Store, StoreReply
from qtctl.probes.stores import scan_on

MOST_ROUNDS = 200
"""Enough for two million keys."""
MOST_KEYS = 20_000
"""Keys that match one pattern."""
SHARE = 0.7
"""Of the time that the store has left: the questions after it wait."""


def follow(
    server: Store, commands: Sequence[tuple[str, ...]], replies: Sequence[StoreReply], clock: Clock, within_s: float
) -> list[StoreReply]:
    """The replies, those to SCAN with all keys that were found and the last cursor.

    That is "0" if all were seen. It ends earlier at its bounds, or if Redis breaks off: what came is kept.
    """
    until = clock.monotonic() + within_s * SHARE
    found = [_Found(command, reply) for command, reply in zip(commands, replies, strict=True)]
    for _ in range(MOST_ROUNDS):
        going = [(each, command) for each in found if (command := each.make_next())]
        left_s = until - clock.monotonic()
        if not going or left_s <= 0:
            break
        try:
            more = server.ask([command for _, command in going], left_s)
        except HostError:
            break
        for (each, _), reply in zip(going, more, strict=True):
            each.add(reply)
    return [each.reply for each in found]


class _Found:
    """A command, and the answers to it so far."""

    def __init__(self, command: tuple[str, ...], reply: StoreReply) -> None:
        self._command = command
        self._first = reply
        self._seen: dict[str, None] = {}
        self._cursor = ""
        self._ended = False
        if scan_on(command, reply.value):
            self.add(reply)

    def make_next(self) -> tuple[str, ...]:
        if self._ended or not self._cursor or len(self._seen) >= MOST_KEYS:
            return ()
        return scan_on(self._command, [self._cursor, []])

    def add(self, reply: StoreReply) -> None:
        match reply.value:
            case [str(cursor), list(names)]:
                self._cursor = cursor
                self._seen |= dict.fromkeys(str(name) for name in names)
            case _:
                self._ended = True

    @property
    def reply(self) -> StoreReply:
        return StoreReply([self._cursor, list(self._seen)]) if self._cursor else self._first
