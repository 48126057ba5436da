"""Health URLs (fact `health`): what to ask, and what the answers mean. Only the declared parts of a body are kept."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qtctl.dialects import http
from qtctl.model.check_facts import Health
from qtctl.model.evidence import Need
from qtctl.model.inquiry import HealthQuestion
from qtctl.model.json import Json
from qtctl.probes.answer import Answer, answer_observed, answer_refused

_LONGEST_VALUE = 200
STATUS = "r.status"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """`error`: why there was no complete answer, if the program is to blame. `refused`: why nothing was learned.

    `help`: what to do about that, unless sshd refuses to forward.
    """

    status: int = 0
    body: bytes = b""
    whole: bool = True
    error: str = ""
    refused: str = ""
    help: str = ""
    took_s: float = 0.0


def make_again(question: HealthQuestion) -> str:
    return http.make_again(question.address, question.port, question.path, question.within_us / 1e6, STATUS)


def answer(need: Need, question: HealthQuestion, reply: HttpReply) -> Answer:
    command = make_again(question)
    if reply.refused:
        return answer_refused(need, reply.refused, again=command, help_=reply.help)
    text = reply.body.decode("utf-8", "replace")
    values = _read_values(text, question.keys) if question.keys and not reply.error else {}
    found = Health(
        status=reply.status,
        error=reply.error,
        cut=not reply.whole,
        text=(question.text in text) if question.text and not reply.error else None,
        values=values,
    )
    return answer_observed(need, found, again=command, line=str(reply.status) if reply.status else "none")


def _read_values(text: str, keys: Iterable[str]) -> dict[str, Json]:
    """The declared keys that the document has. A table or list is replaced by the name of its type."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = ((key, _find_value(document, key)) for key in keys)
    return {key: value for key, (there, value) in found if there}


def _find_value(document: object, key: str) -> tuple[bool, Json]:
    at = document
    for part in key.split("."):
        if not isinstance(at, Mapping) or part not in at:
            return False, None
        at = at[part]
    if isinstance(at, str):
        return True, at[:_LONGEST_VALUE].encode("utf-8", "replace").decode()
    if at is None or isinstance(at, bool | float):
        return True, at if not isinstance(at, float) or math.isfinite(at) else str(at)
    if isinstance(at, int):
        return True, at if abs(at) < 2**63 else str(at)[:_LONGEST_VALUE]
    return True, "(a list)" if isinstance(at, list) else "(a table)"
