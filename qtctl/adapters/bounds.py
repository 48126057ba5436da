"""Limits on what is read from a host, whatever it sends. In bytes, unless stated otherwise.

What a host sends is kept as Python objects of up to a dozen times its size: together they stay well below 300 MB.
"""

import time

KIB, MIB = 1024, 1024 * 1024

SSH_PACKET = 256 * KIB + 64
"""OpenSSH's PACKET_MAX_SIZE plus framing."""
SSH_BANNER_LINE = 8 * KIB
"""The most bytes of up to a hundred lines before the server's version."""

BUS_LOGIN = 16 * KIB
BUS_MESSAGE = 8 * MIB
"""D-Bus allows 128 MiB. A list of 20,000 units has 6."""
BUS_EXCHANGE = 32 * MIB
"""Everything that a bus sends during an exchange: replies, signals, and what nobody asked for."""
BUS_VALUES = 1_000_000
"""Values in all replies of an exchange. A unit has 200."""
BUS_JOBS = 20_000
"""Jobs that end while we wait for some of them."""

BUS_SIGNALS = 10_000
"""Signals that wait until somebody reads them; older ones are dropped."""

STORE_LINE = 16 * KIB
STORE_TEXT = 1 * MIB
"""The most bytes of one text. INFO has 6 KiB."""
STORE_EXCHANGE = 8 * MIB
"""The most bytes of all replies that are kept."""
STORE_DROPPED = 1024 * MIB
"""The most bytes that are read and dropped: entries of streams."""
STORE_ITEMS = 200_000
"""Elements of all replies."""

OUTPUT = 16 * MIB
"""What a command prints on one of its two streams: an archive of unit files is the longest."""
BRIDGE_SAID = 64 * KIB

SFTP_PACKET = 256 * KIB
SAID = 200
"""Characters of a host's own words in our messages."""


class Deadline:
    """A moment (of time.monotonic) by which something must have ended: every wait for it takes what is left."""

    __slots__ = ("seconds", "until")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, never 0, which sockets take for "do not wait". TimeoutError if none are left."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer in {self.seconds:g} s")
        return left


def shorten_output(text: str | bytes, limit: int = SAID) -> str:
    """What a host said, as one short line without control characters."""
    if isinstance(text, bytes):
        text = text[: limit * 8].decode("utf-8", "replace")
    plain = "".join(each if each.isprintable() else " " for each in text[: limit * 8])
    line = " ".join(plain.split())
    return line if len(line) <= limit else f"{line[:limit]}…"
