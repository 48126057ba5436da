"""Whether an answer to a GET is as declared, and the command that shows it."""

import json
from collections.abc import Iterator

from qtctl.dialects import http
from qtctl.findings.remedy import Remedy
from qtctl.model.check_facts import Health
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.json import Json
from qtctl.rules.rule import ProofSource, Verdict

STATUS = "r.status"
BODY = f"r.read({http.MOST_BODY})"


def make_url(port: Listener) -> str:
    return http.make_url_subject(port.address, port.port, port.health_path)


def show_wanted_answer(port: Listener) -> dict[str, Json]:
    wanted: dict[str, Json] = {"status": port.health_status, "within": f"{_find_limit_s(port):g}s"}
    wanted |= {"text": port.health_text} if port.health_text else {}
    return wanted | ({"values": dict(port.health_values)} if port.health_values else {})


def judge_answer(need: Need, port: Listener, answer: Health, remedy: Remedy) -> Verdict:
    status = (_prove_answer(need, port, STATUS, answer.status or "none"),)
    observed: dict[str, Json] = {"status": answer.status} if answer.status else {"error": answer.error}
    if answer.status != port.health_status:
        return Verdict(False, observed, status, remedy=remedy)
    wrong = tuple(_list_wrong(need, port, answer))
    if not wrong:
        return Verdict(True, observed, status)
    if answer.cut:
        why = f"its answer is longer than the {http.MOST_BODY // 1024} KiB that are read of it"
        return Verdict(False, observed, status, unknown=why)
    found: dict[str, Json] = {"text": answer.text} if port.health_text else {}
    found |= {"values": answer.values or {}} if port.health_values else {}
    return Verdict(False, {**observed, **found}, wrong, remedy=remedy)


def _find_limit_s(port: Listener) -> float:
    return port.health_within_us / 1_000_000


def _list_wrong(need: Need, port: Listener, answer: Health) -> Iterator[ProofSource]:
    """The first thing in the body that is not as declared."""
    if port.health_text and not answer.text:
        yield _prove_answer(
            need, port, f'{http.quote_text(port.health_text)} in {BODY}.decode("utf-8", "replace")', False
        )
    values = answer.values or {}
    for key, wanted in port.health_values:
        if key not in values or not _is_same(values[key], wanted):
            parts = "".join(f"[{http.quote_text(part)}]" for part in key.split("."))
            line = _format_json(values[key]) if key in values else "none"
            yield _prove_answer(need, port, f"json.dumps(json.loads({BODY}){parts})", line)


def _is_same(found: Json, wanted: str | int | bool) -> bool:
    """`true` is not 1, but 1.0 is."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _format_json(value: Json) -> str:
    return json.dumps(value)


def _prove_answer(need: Need, port: Listener, expression: str, line: object) -> ProofSource:
    again = http.make_again(port.address, port.port, port.health_path, _find_limit_s(port), expression)
    return ProofSource(need, again, str(line))
