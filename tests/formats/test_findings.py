"""One finding of each kind in SARIF, JUnit and GitHub's commands; and texts that would be more than texts."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from qtctl.cli.output import present, withhold
from qtctl.dialects.terminal import is_safe
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Finding, Outcome, Proof, Severity, make_fingerprint
from qtctl.formats.catalogue import write_text
from qtctl.formats.findings import github
from qtctl.model.origin import Origin
from qtctl.model.secret import HIDDEN, Secret
from qtctl.reports.blocks import Paragraph, Title
from qtctl.reports.view import View, name_under
from tests.formats.sarif_schema import validate
from tests.security.hostile import BREAKS, TRICKS

HOSTILE = {
    **TRICKS,
    **BREAKS,
    "command": "::error::x",
    "old command": "##[error]x",
    "entities": "]]>&#0;<x a='\"'>",
    "nul": "\0",
}


def finding(id_: str, outcome: Outcome, subject: str, **more: Any) -> Finding:
    made = {"severity": Severity.ERROR, "title": "unit failed", "host": "box", **more}
    return Finding(id=id_, outcome=outcome, subject=subject, fingerprint=make_fingerprint(id_, "box", subject), **made)


PROOF = (Proof(1, "systemctl show a", "ActiveState=failed", "2026-01-01T00:00:00Z"),)
AT = Place("services/a b.toml", 7)
FINDINGS = (
    finding("QT201", Outcome.HOLDS, "a.service", place=Origin("services/a b.toml", ("run",))),
    finding("QT204", Outcome.BROKEN, "a.service", place=AT, proof=PROOF,
            expected=True, observed=["x", None], remedy="systemctl start a"),
    finding("QT205", Outcome.BROKEN, "a.service", severity=Severity.WARNING, place=AT,
            cause=make_fingerprint("QT204", "box", "a.service")),
    finding("QT208", Outcome.BROKEN, "b.service", severity=Severity.INFO, waiver="until March: 5%, ok"),
    finding("QT301", Outcome.UNKNOWN, "8000/tcp", reason="permission denied"),
    finding("QT603", Outcome.NOT_ASKED, "/etc/a.env", reason="only root can tell"),
)  # fmt: skip


def view(*findings: Finding) -> View:
    return View(
        name="audit",
        about="box",
        json=lambda: "{}",
        page=lambda: (Title("Audit of box"), Paragraph("all of it")),
        findings=lambda: findings,
        locate=name_under(Path("my registry"), None),
        home=lambda: Place("hosts.toml", 2),
    )


def test_sarif() -> None:
    document = json.loads(write_text(view(*FINDINGS), "sarif"))
    validate(document)
    (run,) = document["runs"]
    assert run["automationDetails"]["id"] == "qtctl/audit/box/"
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {each.id for each in FINDINGS}
    shown = {result["ruleId"]: result for result in run["results"]}
    assert list(shown) == ["QT204", "QT205", "QT208", "QT301", "QT603"]
    where = {id_: result["locations"][0]["physicalLocation"] for id_, result in shown.items()}
    assert where["QT204"]["artifactLocation"]["uri"] == "my%20registry/services/a%20b.toml"
    assert where["QT204"]["region"]["startLine"] == 7
    assert where["QT301"]["artifactLocation"]["uri"] == "my%20registry/hosts.toml"
    assert [result["level"] for result in shown.values()] == ["error", "warning", "note", "none", "none"]
    assert (shown["QT301"]["kind"], shown["QT603"]["kind"]) == ("open", "open")
    assert "? not asked (needs --become): only root can tell" in shown["QT603"]["message"]["text"]
    assert shown["QT208"]["suppressions"][0]["justification"] == "until March: 5%, ok"
    assert shown["QT204"]["partialFingerprints"] == {"qtctl/v1": FINDINGS[1].fingerprint}
    expected = "a.service: unit failed: expected yes, observed x, none. To do: systemctl start a"
    assert shown["QT204"]["message"]["text"] == expected


def test_junit() -> None:
    (suite,) = JUnitXml.fromstring(write_text(view(*FINDINGS), "junit").encode())
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 2, 1, 2)
    results = {case.name.split()[0]: case.result for case in suite}
    assert results["QT201"] == []
    kinds = {id_: type(found[0]) for id_, found in results.items() if found}
    assert kinds == {"QT204": Failure, "QT205": Failure, "QT208": Skipped, "QT301": Error, "QT603": Skipped}
    assert results["QT204"][0].text.splitlines()[1] == "systemctl show a → ActiveState=failed"
    assert "until March" in results["QT208"][0].message
    assert "not asked (needs --become)" in results["QT603"][0].message
    assert "permission denied" in results["QT301"][0].message
    files = [(case._elem.get("file"), case._elem.get("line")) for case in suite]
    assert files[:2] == [("my registry/services/a b.toml", "1"), ("my registry/services/a b.toml", "7")]


def test_github() -> None:
    lines = write_text(view(*FINDINGS), "github").splitlines()
    where = "file=my registry/services/a b.toml,line=7"
    assert lines[0].startswith(f"::error {where},title=QT204::a.service: unit failed: expected yes")
    assert [line.split()[0] for line in lines] == ["::error", "::notice", "::warning", "::warning", "::notice"]
    assert "title=QT208 waived%2C until March%3A 5%25%2C ok::" in lines[1]
    assert "title=QT301 unknown::" in lines[3]
    assert lines[-1].endswith("::3 findings (1 waived), 1 unknown, 1 of 6 hold; 1 check needs --become")


def hostile() -> Iterator[Finding]:
    for trick in HOSTILE.values():
        for outcome in Outcome:
            yield Finding(
                id="QT204",
                outcome=outcome,
                severity=Severity.ERROR,
                title=trick,
                subject=trick,
                host=trick,
                place=Place(trick, 3),
                observed={trick: [trick]},
                proof=(Proof(1, trick, trick, trick),),
                remedy=trick,
                reason=trick,
                waiver=trick if outcome is Outcome.BROKEN else None,
                fingerprint="0" * 16,
            )


@pytest.mark.parametrize("name", ["sarif", "junit", "github"])
def test_texts_stay_texts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    findings = tuple(hostile())
    present(view(*findings), name)
    out = capsys.readouterr().out
    assert all(map(is_safe, out.replace("\n", "")))
    broken = sum(each.outcome is not Outcome.HOLDS for each in findings)
    if name == "sarif":
        document = json.loads(out)
        assert len(document["runs"][0]["results"]) == broken
    elif name == "junit":
        tags = {element.tag for element in ET.fromstring(out).iter()}  # noqa: S314 - our own
        assert tags == {"testsuites", "testsuite", "testcase", "skipped", "error"}
        (suite,) = JUnitXml.fromstring(out.encode())
        assert suite.tests == len(findings)
    else:
        lines = out.splitlines()
        asked = sum(each.outcome not in (Outcome.HOLDS, Outcome.NOT_ASKED) for each in findings)
        assert len(lines) == asked + 1
        assert all(re.fullmatch(r"::(error|warning|notice) [^:]+::.+", line) for line in lines)


@pytest.mark.parametrize("name", ["md", "sarif", "junit", "github"])
def test_secrets_stay_secret_in_every_spelling(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "p%a:s,s&w<o\"r'd|x"
    withhold(Secret(secret))
    seen = view(finding("QT204", Outcome.BROKEN, secret, waiver=secret, reason=secret, remedy=f"use {secret}"))
    present(seen, name)
    out = capsys.readouterr().out
    assert name == "md" or HIDDEN in out
    assert not re.search(r"p(%25|%)a", out)


def test_the_summary_is_added_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    present(view(*FINDINGS), "github")
    assert summary.read_text() == "before\n# Audit of box\n\nall of it\n"
    monkeypatch.setattr(github, "MOST", 20)
    assert github.make_asides(view())["GITHUB_STEP_SUMMARY"].startswith("# Audit of box\n\n\nCut here")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(InputError, match="cannot be written"):
        present(view(*FINDINGS), "github")
