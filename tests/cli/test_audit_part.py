"""A part of an audit: by id and subject, by what is new, and by another gate. Of the recorded host, in process."""

import json
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.files import locate_shipped, read_text
from tests.cli.conftest import RunHere

FROZEN, FAILED = "quantum-meta-regime.service", "quantum-clm.service"
STATE = {
    FROZEN: {"freezer_state": "frozen"},
    FAILED: {"active_state": "failed", "sub_state": "failed", "result": "exit-code", "exec_main_code": 1},
}


def evidence(*broken: str) -> str:
    document = json.loads(read_text(locate_shipped("recorded") / "evidence.json"))
    for item in document["items"]:
        if item["fact"] == "unit" and item["subject"] in broken:
            item["value"] |= STATE[item["subject"]]
    return json.dumps(document)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "before.json").write_text(evidence(FAILED))
    (tmp_path / "now.json").write_text(evidence(FAILED, FROZEN))
    return tmp_path


def audited(desk: Path, run_here: RunHere, *argv: str) -> tuple[int, dict[str, Any]]:
    source = ("--from", "now.json", "--registry", str(locate_shipped("registry")))
    ran = run_here(desk, "audit", *source, "--format", "json", *argv)
    return ran.code, json.loads(ran.out) if ran.out else {"error": ran.err}


def failing(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["id"], each["subject"]) for each in report["findings"] if each["waiver"] is None}


def test_by_id_and_subject(desk: Path, run_here: RunHere) -> None:
    code, report = audited(desk, run_here, "--only", "QT204,QT226", "--subject", "quantum-meta-*")
    assert (code, failing(report)) == (1, {("QT226", FROZEN)})
    assert {each["subject"] for each in report["unknowns"]} <= {FROZEN}
    assert report["selection"].startswith("only QT204 QT226 quantum-meta-*, ")
    assert audited(desk, run_here, "--only", "qt204", "--subject", FROZEN)[0] == 0


@pytest.mark.parametrize("kind", ["evidence", "report", "fleet"])
def test_only_what_is_new_fails(desk: Path, run_here: RunHere, kind: str) -> None:
    if kind != "evidence":
        source = ("--from", "before.json", "--registry", str(locate_shipped("registry")))
        before = run_here(desk, "audit", *source, "--format", "json").out
        text = before if kind == "report" else json.dumps({"hosts": [json.loads(before)]})
        (desk / "before.json").write_text(text)
    code, report = audited(desk, run_here, "--new-since", "before.json")
    assert (code, failing(report)) == (1, {("QT226", FROZEN)})
    known = [each["waiver"] for each in report["findings"] if (each["id"], each["subject"]) == ("QT204", FAILED)]
    assert known == ["found before: before.json"]
    code, report = audited(desk, run_here, "--new-since", "now.json")
    assert (code, failing(report)) == (3 if report["unknowns"] else 0, set())


def test_another_gate(desk: Path, run_here: RunHere) -> None:
    assert audited(desk, run_here, "--only", "QT218", "--fail-on", "error")[1]["fail_on"] == "error"
    code, report = audited(desk, run_here, "--only", "QT226", "--fail-on", "info")
    assert (code, report["fail_on"]) == (1, "info")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--only", "QT9999"), "no finding has an id that begins with 'QT9999'"),
        (("--only", ""), "no finding has an id that begins with ''"),
        (("--only", "QT901"), "no check of quantumtrader-prod-1 matches QT901"),
        (("--subject", "nope"), "no check of quantumtrader-prod-1 matches nope"),
        (("--new-since", "gone.json"), "gone.json"),
        (("--new-since", "list.json"), "list.json: it is neither an audit nor evidence"),
        (("--new-since", "odd.json"), "odd.json: it is neither an audit nor evidence"),
        (("--new-since", "deep.json"), "deep.json: nested deeper than 64"),
        (("--fail-on", "high"), "'high' is not one of 'info', 'warning', 'error'"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Path, run_here: RunHere, argv: tuple[str, ...], said: str) -> None:
    (desk / "list.json").write_text("[]")
    (desk / "odd.json").write_text('{"hosts": [{"findings": 5}]}')
    (desk / "deep.json").write_text("[" * 100_000)
    code, report = audited(desk, run_here, *argv)
    assert code == 2
    assert said in report["error"]
    assert len(report["error"].splitlines()) == 1


def test_checks_of_a_registrys_own(world: Path, run_here: RunHere) -> None:
    check = '[QT901]\nsummary = "no core"\nremedy = "remove it"\nfile = { path = "/core", kind = "absent" }\n'
    (world / "registry/checks.toml").write_text(check)
    ran = run_here(world, "audit", "--from", "evidence.json", "--only", "QT9", "--format", "json")
    assert [each["id"] for each in json.loads(ran.out)["unknowns"]] == ["QT901"]
