"""Which series of Prometheus a rule or a panel asks for."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.model.measures import Family


@dataclass(frozen=True, slots=True)
class Scope:
    """The series of one fleet, and of `hosts` alone unless that is empty."""

    fleet: str
    hosts: tuple[str, ...] = ()

    def select(self, family: Family, *matchers: str) -> str:
        """The series that also match these."""
        own = (f"fleet={quote(self.fleet)}", match_names("host", self.hosts))
        return f"{family.series}{{{','.join(filter(None, (*own, *matchers)))}}}"


def match_names(label: str, names: Iterable[str]) -> str:
    """A matcher for these values; "" for none."""
    found = sorted(set(names))
    return f"{label}=~{quote('|'.join(map(_escape, found)))}" if found else ""


def _escape(text: str) -> str:
    """As RE2 wants it, which knows fewer escapes than Python."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)


def quote(text: str) -> str:
    """A string of PromQL, which has the escapes of Go: those of JSON are among them."""
    return json.dumps(text, ensure_ascii=False)
