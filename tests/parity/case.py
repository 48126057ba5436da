"""One compose service and one disposition a case → the verdict, the findings (id, subject, observed), the unknowns."""

from typing import Any, NamedTuple

from qtctl.model.facts import Facts

UP = {"q-api.service": "up", "redis-server.service": "up"}
API = ["127.0.0.1", "8000", "q-api.service"]
TO_API: dict[str, Any] = {"is": "mapped", "to": ["api"], "why": "same"}


class Case(NamedTuple):
    service: str
    disposition: dict[str, Any] | None
    facts: Facts | None
    verdict: str
    findings: tuple[tuple[str, str, str], ...] = ()
    unknowns: tuple[str, ...] = ()
