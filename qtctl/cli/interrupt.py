"""Ctrl-C, and SIGTERM. If there is nothing to clean up, it ends the process at once; otherwise it is raised.

An interrupt that is raised can be lost: pydantic builds its models through callbacks that drop it, and CPython, if it
passes through `exec` of a text (dataclasses do that), dies of the signal whatever exit code was asked for. Both happen
while modules load, which is most of what a short command does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from qtctl.cli.exits import Exit


def exit_on_interrupt() -> None:
    """For commands that only read: an interrupt is one line and exit 130, whenever it comes."""
    signal.signal(signal.SIGINT, _exit)


def raise_on_interrupt() -> None:
    """For commands that leave something behind: an interrupt is raised, so that they can clean up.

    Locks are released, and what is half made is removed. SIGTERM, with which a CI job or a service is ended, counts
    too.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


class Interrupts:
    """Counts them, from now on: for a command that ends what it has begun in good order. SIGTERM counts, too."""

    def __init__(self) -> None:
        self._count = 0

    @classmethod
    def count(cls) -> "Interrupts":
        found = cls()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, found._note)
        return found

    def __call__(self) -> int:
        return self._count

    def _note(self, *_: object) -> None:
        self._count += 1


class FirstInterrupt:
    """Whether somebody wants the command to end. Calling it asks.

    A second interrupt ends the process at once, and so does the first, as long as there is nothing to `report`.
    """

    def __init__(self) -> None:
        self.report = False
        self._noticed = False

    def __call__(self) -> bool:
        return self._noticed

    def notice(self, *_: object) -> None:
        if self._noticed or not self.report:
            _exit()
        self._noticed = True


@contextmanager
def notice_interrupts() -> Iterator[FirstInterrupt]:
    """For commands that report what they know when they are interrupted, by Ctrl-C or SIGTERM."""
    interrupts = FirstInterrupt()
    before = {number: signal.signal(number, interrupts.notice) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(*_: object) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(Exit.INTERRUPTED)
