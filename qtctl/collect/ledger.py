"""Questions and answers as they come in, numbered, and their evidence."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from qtctl.errors import HostError
from qtctl.model.evidence import Ask, Item, Need, State
from qtctl.model.fact import make_value
from qtctl.probes.answer import Answer
from qtctl.probes.answer import answer_refused as refusal


def format_time(at: float) -> str:
    """Seconds since the epoch → UTC, ISO 8601, milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ledger:
    """The asks in the order they were noted, from 1, and one item for each need.

    `host`: the name under which it is asked, which reasons do not repeat.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._asks: list[Ask] = []
        self._items: dict[Need, Item] = {}

    def ask(
        self, via: str, argv: Sequence[str], again: str, *, at: float, took_s: float, exit_: int | None = None
    ) -> int:
        """Note a question; returns its number. `at` in seconds since the epoch."""
        number = len(self._asks) + 1
        took_ms = max(0, math.ceil(took_s * 1000))
        self._asks.append(Ask(number, via, tuple(argv), again, format_time(at), took_ms, exit_))
        return number

    def add(self, answers: Iterable[Answer], asks: Sequence[int] = ()) -> None:
        """Note answers; `asks` are the numbers of their probe's questions, empty if nothing could be asked.

        The answer of root takes the place of the one that needed it.
        """
        for answer in answers:
            known = self._items.get(answer.need)
            if known is not None and not known.needs_root:
                raise ValueError(f"two answers for {answer.need}")
            self._items[answer.need] = _build_item(answer, asks)

    def refuse(self, needs: Iterable[Need], why: str | HostError, asks: Sequence[int] = ()) -> None:
        """Note that all of them are unknown. The hint of an error becomes the help."""
        if isinstance(why, str):
            self.add((refusal(need, why) for need in needs), asks)
            return
        reason, fault = why.explain_beside(self._host), why.name_fault(self._host)
        answers = (refusal(need, reason, help_=why.hint) for need in needs)
        self.add((replace(answer, fault=fault) for answer in answers), asks)

    def find_item(self, need: Need) -> Item | None:
        return self._items.get(need)

    @property
    def asks(self) -> tuple[Ask, ...]:
        return tuple(self._asks)

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(sorted(self._items.values(), key=lambda item: (item.fact, item.subject, item.store)))


def _build_item(answer: Answer, asks: Sequence[int]) -> Item:
    need = answer.need
    asked = asks[answer.question] if asks and answer.state is not State.NOT_ASKED else 0
    value = None if answer.value is None else make_value(answer.value)
    return Item(
        need.fact, need.subject, answer.state, value, answer.reason, asked,
        again=answer.again, line=answer.line, store=need.store, help=answer.help,
        needs_root=answer.needs_root, fault=answer.fault,
    )  # fmt: skip
