"""Laws of saved evidence: reading it, and judging whatever it says."""

import json
from dataclasses import replace

from qtctl.collect.document import dump, load
from qtctl.errors import InputError
from qtctl.flows.audit import judge_placed
from qtctl.formats.markdown import write_markdown
from qtctl.model.evidence import Evidence
from qtctl.reports import audit, audit_page, module_registry, module_registry_page
from tests.collect.test_document import GOOD
from tests.fuzz.evidence import declared, taken, with_its_asks
from tests.fuzz.target import Target, placed, said

FILE = "evidence.json"


def reads(data: bytes) -> None:
    """Evidence, which is the same when it is written and read again; or an error with a place."""
    text = said(data)
    evidence = _read(text)
    if evidence is not None:
        assert load(dump(evidence), FILE) == evidence


def _read(text: str) -> Evidence | None:
    try:
        return load(text, FILE)
    except InputError as error:
        placed(error, {FILE: text})
        return None


def judges(data: bytes) -> None:
    """Whatever evidence says that could be read: an audit and a registry of it."""
    evidence = _read(said(data))
    if evidence is None:
        return
    checks = judge_placed(declared(), evidence)
    report = audit.build_report(declared().desired, evidence, checks)
    assert json.loads(audit.to_json(report))
    assert write_markdown(audit_page.build_page(report))
    built = module_registry.build_report(declared().desired, evidence, checks)
    assert json.loads(module_registry.to_json(built))
    assert write_markdown(module_registry_page.build_page(built))


def seeds() -> list[bytes]:
    """What was asked of the small fleet, in parts that are short enough, some of it refused."""
    parts = [replace(taken(every), items=taken(every).items[at::8]) for every in (1, 3, 7) for at in range(8)]
    return [dump(each).encode() for each in (GOOD, *map(with_its_asks, parts))]


TOKENS = (
    "null", "true", "-1", "0", "1e400", "1e-400", "NaN", "Infinity", "9" * 30, "9" * 5000, '""', "[]", "{}", "[" * 200,
    '"\\u0000"', '"\\ud800"', '"\\uffff"', '"\u2028"', ",", ":", "[", "]", "{", "}", '"', "\\", "\n", "\u2028",
    '"observed"', '"absent"', '"refused"', '"unparseable"', '"not-asked"', '"schema_version"', '"items"', '"asks"',
    '"value"', '"state"', '"fact"', '"subject"', '"store"', '"unit"', '"file"', '"stream.group"', '"listeners"',
    '"venv"',
    '"host"', '"key"', '"stream"', '"0-0"', '"18446744073709551615-0"', '"failed"', '"active"', '"infinity"',
    '"2026-01-17T07:25:01.318Z"', '"9999-12-31T23:59:59.999Z"', '"0001-01-01T00:00:00.000Z"',
)  # fmt: skip

EVIDENCE = Target("evidence", reads, seeds, TOKENS)
AUDIT = Target("audit", judges, seeds, TOKENS)
