"""Health URLs, all at the same time, while everything else is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.collect.look import HEALTH_SHARE, Observation
from qtctl.interfaces.host import Gets
from qtctl.model.check_facts import Health
from qtctl.model.evidence import Need
from qtctl.model.inquiry import HealthQuestion
from qtctl.probes import health as probe
from qtctl.probes.answer import answer_not_asked

FACT = Health.FACT


@dataclass(frozen=True, slots=True)
class Asked:
    needs: tuple[Need, ...]
    questions: tuple[HealthQuestion, ...]
    gets: Gets | None
    at: float


def start(look: Observation, needs: Iterable[Need]) -> Asked:
    """Send every request. Only what the inquiry declares is requested."""
    declared = {question.subject: question for question in look.inquiry.health}
    wanted = [need for need in needs if need.subject in declared]
    look.ledger.add(answer_not_asked(need, "no such health URL is declared") for need in needs if need not in wanted)
    questions = tuple(declared[need.subject] for need in wanted)
    gets = look.host.get(questions) if questions else None
    return Asked(tuple(wanted), questions, gets, look.clock.now())


def finish(look: Observation, asked: Asked) -> None:
    if asked.gets is None:
        return
    replies = asked.gets.finish(look.deadline.left(HEALTH_SHARE))
    for need, question, reply in zip(asked.needs, asked.questions, replies, strict=True):
        again = probe.make_again(question)
        number = look.ledger.ask("http", ("GET", need.subject), again, at=asked.at, took_s=reply.took_s)
        look.ledger.add([probe.answer(need, question, reply)], [number])
