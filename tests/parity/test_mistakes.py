"""The kinds of mistake that hand-written parity audits make: none can be written down, or each is found."""

from typing import Any

import pytest
from pydantic import ValidationError

from qtctl.dialects.compose.load import load
from qtctl.model.facts import Facts
from qtctl.model.registry import Legacy
from qtctl.parity.claims import Known, Record, list_new_services, list_uncompared
from qtctl.parity.compare import Ground, compare_file
from qtctl.parity.rows import ParityReport
from qtctl.reports.parity import ParityDocument, build_report
from tests.builders.compared import desired, facts

from .case import API, TO_API, UP


def record(text: str, file: str, services: dict[str, Any], **said: Any) -> Record:
    return Record(load(text, file), Legacy.model_validate({"compose": file, "services": services, **said}))


def compare(files: tuple[Record, ...], known: Facts | None = None) -> tuple[ParityReport, ...]:
    ground = Ground.of(desired(), known)
    return tuple(compare_file(each, ground, files=Known.of(files)) for each in files)


RAN = record("services: {api: {image: x}, worker: {image: x}}", "ran.yml",
             {"api": TO_API, "worker": {"is": "absorbed", "why": "w", "to": ["api"]}})  # fmt: skip
ASIDE = record("services: {api: {image: x}}", "aside.yml", {"api": TO_API}, ran=False)


def test_the_wrong_compose_file() -> None:
    """Parity with a file that did not run is none while the registry records one that did."""
    legacies = [each.legacy for each in (RAN, ASIDE) if each.legacy]
    known = facts(UP, [])
    alone = compare((ASIDE,), known)
    missing = list_uncompared(Known.of((ASIDE,)), legacies)
    assert (missing, build_report(alone).verdict, alone[0].ran) == (("ran.yml",), "parity", False)
    report = build_report(alone, uncompared=missing)
    assert (report.verdict, report.conclusion) == ("unknown", "incomplete")
    assert list_uncompared(Known.of((RAN, ASIDE)), legacies) == ()
    other = compare((record("services: {web: {image: x}}", "ran.yml", {"api": TO_API}),))
    assert [each.id for each in other[0].findings] == ["QT801", "QT809"], "another file under the name of one"


@pytest.mark.parametrize("where", ["totals", "services", "dimensions", "settings"])
def test_rows_that_do_not_add_up(where: str) -> None:
    from .whole import Shop

    document = build_report((Shop().compare(),)).model_dump()
    ParityDocument.model_validate(document)
    file = document["files"][0]
    if where == "totals":
        document["totals"]["by_verdict"]["parity"] += 1
    elif where == "services":
        file["services"] = file["services"][:-1]
    elif where == "dimensions":
        file["dimensions"][2]["by_fate"]["kept"] += 1
    else:
        part = file["services"][1]["dimensions"][2]
        part["settings"] = part["settings"][:-1]
    with pytest.raises(ValidationError, match=r"add up|follow"):
        ParityDocument.model_validate(document)


@pytest.mark.parametrize(
    ("service", "to", "place"),
    [("nightly", "worker", "b.yml:1"), ("NIGHTLY", "worker", "b.yml:1"), ("old_name", "nightly", "b.yml:1")],
)
def test_new_services_that_were_not_new(service: str, to: str, place: str) -> None:
    """The claim of one file is checked against every file: by the name, and by what a service became."""
    first = record("services: {api: {image: x}}", "a.yml", {"api": TO_API}, new={"nightly": "came in January"})
    second = record(f"services: {{{service}: {{image: x}}}}", "b.yml", {service: TO_API | {"to": [to]}})
    assert [each.id for each in compare((first,))[0].findings] == [], "this file alone has none"
    found = compare((first, second))[0].findings
    assert [(each.id, each.subject, each.observed) for each in found] == [
        ("QT810", "new.nightly", f"it was in {place} all along")
    ]
    new = {each.name: each.why for each in list_new_services(Known.of((first,)), desired())}
    assert new == {"nightly": "came in January", "worker": ""}
    assert "nightly" not in {each.name for each in list_new_services(Known.of((first, second)), desired())}


def test_services_that_appear_nowhere() -> None:
    """A service of the file is a row, whoever forgot it in the record."""
    forgotten = record("services: {api: {image: x}, lost: {image: x}}", "f.yml", {"api": TO_API})
    (report,) = compare((forgotten,))
    assert [row.service for row in report.rows] == ["api", "lost"]
    assert [(each.id, each.subject) for each in report.findings] == [("QT801", "compose:lost")]


def test_one_port_with_two_owners() -> None:
    """Whatever two dispositions say, a port is its unit's alone: on the host, and in the registry without one."""
    text = "services: {api: {image: x, ports: ['8000:80']}, worker: {image: x, ports: ['8001:80']}}"
    both = record(text, "f.yml", {"api": TO_API, "worker": TO_API | {"to": ["worker"], "ports": {"8001": "8000"}}})
    known = facts(UP | {"q-worker.service": "up"}, [API])
    for evidence, told in ((known, "q-api.service listens on 8000/tcp"), (None, "q-api.service declares 8000/tcp")):
        (report,) = compare((both,), evidence)
        found = [(each.id, each.subject, each.observed) for each in report.rows[1].findings]
        assert found == [("QT803", "8000/tcp", told)]
        assert report.rows[0].findings == ()
