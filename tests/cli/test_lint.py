"""qtctl lint as it is run: what it prints in each format, its exit codes, and what --fix writes."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qtctl.flows.schemas import LINT
from tests.cli.world import ROOT, qtctl

API = "registry/services/api.toml"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_nothing_to_find(world: Path) -> None:
    for format_ in ("table", "json", "md", "sarif"):
        ran = qtctl(world, "lint", "--format", format_)
        assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("format_", ["table", "json", "md", "sarif"])
def test_findings_have_file_line_severity_id_and_remedy(world: Path, format_: str) -> None:
    edit(world / API, 'venv = "main"', 'venv = "main"\ncwd = "/var/lib/x"')
    ran = qtctl(world, "lint", "--format", format_)
    assert ran.code == 1
    for part in ("QT113", "warning", "api.toml", "set PYTHONPATH"):
        assert part in ran.out.replace("Set", "set")
    assert ran.err == ""


def test_the_gate_decides(world: Path) -> None:
    edit(world / API, 'venv = "main"', 'venv = "main"\ncwd = "/var/lib/x"')
    (world / "registry/policy.toml").write_text('fail_on = "error"\n')
    assert qtctl(world, "lint").code == 0
    (world / "registry/policy.toml").write_text('fail_on = "error"\nseverities = { QT113 = "error" }\n')
    assert qtctl(world, "lint").code == 1


def test_json_of_findings_follows_its_schema(world: Path) -> None:
    edit(world / API, 'after = ["feed"]', 'requires = ["feed"]')
    ran = qtctl(world, "lint", "--format", "json")
    document = json.loads(ran.out)
    Draft202012Validator(LINT).validate(document)
    (finding,) = document["findings"]
    assert (finding["file"], finding["line"], finding["fixable"]) == ("services/api.toml", 16, True)
    assert document["summary"] == {"error": 0, "warning": 1, "info": 0}
    assert document["gate"] == "warning"


def test_sarif_of_a_registry_that_cannot_be_loaded(world: Path) -> None:
    edit(world / API, 'venv = "main"', 'venv = "mane"')
    ran = qtctl(world, "lint", "--format", "sarif")
    assert ran.code == 2
    (result,) = json.loads(ran.out)["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], where["artifactLocation"]["uri"], where["region"]["startLine"]) == ("QT102", API, 9)
    assert "QT102" in ran.err


def test_fix_writes_and_says_so(world: Path) -> None:
    edit(world / API, 'after = ["feed"]', 'requires = ["feed"] # needs it')
    (world / API).chmod(0o640)
    ran = qtctl(world, "lint", "--fix")
    assert ran.code == 0
    assert "`services/api.toml:15` QT103 feed added to order.after" in ran.out.replace("\\", "")
    assert 'requires = ["feed"] # needs it\nafter = ["feed"]\n' in (world / API).read_text()
    assert (world / API).stat().st_mode & 0o777 == 0o640
    again = qtctl(world, "lint", "--fix", "--format", "json")
    assert json.loads(again.out)["fixed"] == []


def test_fix_of_an_error_and_what_is_left(world: Path) -> None:
    job = 'summary = "Job"\nstate = "on-timer"\n[run]\nkind = "command"\nargv = ["/usr/bin/job"]\n'
    (world / "registry/services/job.toml").write_text(job)
    (world / "registry/timers.toml").write_text(
        '[job]\nsummary = "J"\nservice = "job"\non_boot = "5min"\npersistent = true\n'
    )
    edit(world / API, 'venv = "main"', 'venv = "mane"')
    assert qtctl(world, "lint").code == 2
    ran = qtctl(world, "lint", "--fix")
    assert ran.code == 2
    assert "fixed timers.toml:5: QT112 persistent of job taken out" in ran.out
    assert "QT112" not in ran.err
    assert "venv mane is not declared" in ran.err
    assert "persistent" not in (world / "registry/timers.toml").read_text()


def test_without_fix_nothing_is_written(world: Path) -> None:
    edit(world / API, 'after = ["feed"]', 'requires = ["feed"]')
    before = {path: path.read_bytes() for path in (world / "registry").rglob("*.toml")}
    assert qtctl(world, "lint").code == 1
    assert {path: path.read_bytes() for path in (world / "registry").rglob("*.toml")} == before


def test_a_template_of_ones_own(world: Path) -> None:
    edit(world / "templates/service.j2", "[Service]\n", "[Service]\nMemoryLimit=1G\nStartLimitIntervalSec=5\n")
    ran = qtctl(world, "lint", "--templates", "templates", "--format", "sarif")
    assert ran.code == 1
    results = json.loads(ran.out)["runs"][0]["results"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert uris == ["templates/service.j2"] * 2
    assert [each["level"] for each in results] == ["warning", "error"]


def test_a_template_with_an_error(world: Path) -> None:
    edit(world / "templates/service.j2", "[Service]\n", "[Service]\n{{ nothing }}\n")
    ran = qtctl(world, "lint", "--templates", "templates")
    assert ran.code == 2
    assert "service.j2:" in ran.err


def test_the_shipped_registry_has_no_finding_at_its_gate(tmp_path: Path) -> None:
    ran = qtctl(tmp_path, "lint", "--registry", str(ROOT / "registry"), "--format", "json")
    assert ran.code == 0
    summary = json.loads(ran.out)["summary"]
    assert (summary["error"], summary["warning"]) == (0, 0)
