"""An earlier look at a host, which decides which findings are new: evidence, or an audit as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from qtctl.api import audit
from qtctl.api.evidence import check_host
from qtctl.collect.document import load
from qtctl.dialects.json_text import read_json
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Outcome
from qtctl.flows.declared import Declared
from qtctl.model.evidence import Evidence
from qtctl.reports.selection import Known, read_fingerprints

HINT = "give it evidence of --save, or an audit as --format json"


@dataclass(frozen=True, slots=True)
class Earlier:
    """`where`: the file, as the user named it."""

    text: str
    document: Mapping[str, object]
    where: str

    def find_evidence(self, declared: Declared) -> Evidence | None:
        """None if it is an audit. InputError if it is evidence of another host."""
        return check_host(load(self.text, self.where), declared, self.where) if "items" in self.document else None

    def find_known(self, declared: Declared) -> Known:
        """What was found then, and not waived."""
        name, evidence = PurePath(self.where).name, self.find_evidence(declared)
        if evidence is None:
            return Known(name, read_fingerprints(self.document, self.where))
        checks = audit.judge(declared, evidence)
        broken = (check for check in checks if check.outcome is Outcome.BROKEN and check.waiver is None)
        return Known(name, frozenset(check.fingerprint for check in broken))


def read_earlier(text: str, where: str) -> Earlier:
    """InputError if it is not a JSON object."""
    found = read_json(text, where, HINT)
    if not isinstance(found, dict):
        raise InputError("it is neither an audit nor evidence", hint=HINT, place=Place(where))
    return Earlier(text, found, where)
