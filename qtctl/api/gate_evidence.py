"""The evidence that a gate judges: of hosts that were asked just now, or saved below the folder in which qtctl runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qtctl.adapters.files_below import read_below
from qtctl.collect.document import load
from qtctl.dialects.shell import join
from qtctl.errors import InputError, Place
from qtctl.flows.declared import Declared
from qtctl.flows.earlier import check_host
from qtctl.model.evidence import Evidence
from qtctl.model.moments import parse_microseconds
from qtctl.model.policy import Gate

_MINUTE_US = 60_000_000
AHEAD_US = 60 * _MINUTE_US
"""How far the clock of the machine that saved the evidence may be ahead of ours."""


def decode(content: bytes, path: str) -> str:
    """InputError if it is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", hint="save it again with --save", place=Place(path)) from error


@dataclass
class EvidenceShelf:
    """`live`: by host, of those that were asked; None if none may be. `now`: UTC, ISO 8601."""

    gate: Gate
    now: str
    live: Mapping[str, Evidence] | None = None
    _read: dict[str, Evidence] = field(default_factory=dict)

    def find(self, declared: Declared) -> Evidence:
        """InputError if there is none that may be used."""
        host = declared.desired.host
        if self.gate.is_live:
            return self._find_live(host)
        if host not in self._read:
            self._read[host] = self._check_age(self._read_saved(declared), host)
        return self._read[host]

    def name(self, host: str) -> str:
        """The file that has the evidence of a host."""
        return f"{self.gate.saved.rstrip('/')}/{host}.json"

    def _find_live(self, host: str) -> Evidence:
        if self.live is None:
            raise InputError("it asks hosts, which was not allowed", hint="qtctl gate --live allows it")
        if host not in self.live:
            raise InputError(f"{host} was not asked", hint="qtctl gate --live asks it")
        return self.live[host]

    def _read_saved(self, declared: Declared) -> Evidence:
        host = declared.desired.host
        path = self.name(host)
        content = read_below(path)
        if content is None:
            again = join(("qtctl", "audit", "--host", host, "--save", path))
            raise InputError("there is no saved evidence", hint=again, place=Place(path))
        return check_host(load(decode(content, path), path), declared, path)

    def _check_age(self, evidence: Evidence, host: str) -> Evidence:
        age = parse_microseconds(self.now) - parse_microseconds(evidence.taken_at)
        place = Place(self.name(host))
        if age > self.gate.max_age_us:
            what = f"evidence of {evidence.taken_at}, older than {self.gate.max_age}"
            raise InputError(what, hint=f"qtctl audit --host {host} --save {place}", place=place)
        if age < -AHEAD_US:
            what = f"evidence of {evidence.taken_at}, which is in the future"
            raise InputError(what, hint="save it again", place=place)
        return evidence
