"""Adoption ends as its findings, what is to be done, and the policy say; a policy.toml that was there stays."""

import pytest

from qtctl.adopt.adoption import Adoption
from qtctl.adopt.entry import Entry
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.read import Assignment
from qtctl.cli.exits import Exit, choose_exit
from qtctl.errors import InputErrors
from qtctl.findings.verdict import Conclusion
from qtctl.flows.adopt import Adopted, keep_policy
from qtctl.flows.lint import lint
from qtctl.model.service import Service
from qtctl.model.vocabulary import list_fields
from qtctl.reports.adopt import build_report
from tests.adopt.small import adopt
from tests.lint.case import TEMPLATES

PLAIN = (
    "[Unit]\nDescription=A\n[Service]\nExecStart=/bin/x\nRestart=always\nRestartSec=5\n"
    "[Install]\nWantedBy=multi-user.target\n"
)
IGNORED = PLAIN.replace("Restart=always", "Restart=always\nNice=much")
SECRET = PLAIN.replace("/bin/x", "/bin/x --password hunter2hunter2")
LOST = "[Service]\nType=simple\n"


def conclusion_of(adopted: Adopted) -> Conclusion:
    """Also of the report, and of the exit code."""
    report = build_report(adopted.adoption, "made")
    assert report.conclusion is adopted.adoption.conclusion
    assert report.fail_on is adopted.adoption.policy.gate
    assert choose_exit(report.conclusion) in (Exit.OK, Exit.FINDINGS)
    return report.conclusion


@pytest.mark.parametrize(
    ("text", "policy", "conclusion"),
    [
        (PLAIN, "", "as-declared"),
        (IGNORED, "", "not-as-declared"),
        (IGNORED, 'severities = { QT110 = "warning" }\nfail_on = "error"\n', "as-declared"),
        (IGNORED, 'severities = { QT110 = "warning" }\n', "not-as-declared"),
        (SECRET, 'fail_on = "error"\n', "not-as-declared"),
        (SECRET, 'severities = { QT109 = "info" }\n', "as-declared"),
    ],
    ids=["nothing", "ignored", "said to be a warning", "warnings fail", "a secret", "said to be information"],
)
def test_the_conclusion_follows_findings_and_policy(text: str, policy: str, conclusion: str) -> None:
    adopted = adopt({"a.service": text})
    if policy:
        adopted = keep_policy(adopted, policy.encode())
        assert adopted.files["policy.toml"] == policy.encode()
    assert conclusion_of(adopted) == conclusion


def test_what_could_not_be_adopted_fails_whatever_the_gate_is() -> None:
    adopted = keep_policy(adopt({"a.service": PLAIN, "b.service": LOST}), b'fail_on = "error"\n')
    assert "not adopted, see their findings: b.service" in adopted.adoption.to_do
    assert conclusion_of(adopted) is Conclusion.NOT_AS_DECLARED


def test_a_policy_that_cannot_be_read_is_an_error_of_its_own() -> None:
    with pytest.raises(InputErrors) as raised:
        keep_policy(adopt({"a.service": PLAIN}), b'fail_in = "error"\n')
    assert str(raised.value) == "policy.toml:1: unknown key fail_in (did you mean fail_on?)"


def test_a_healthy_fleet_that_was_adopted_passes_lint() -> None:
    """With warnings: these units restart for ever, and have no cap."""
    made = adopt({f"{name}.service": PLAIN for name in "abc"}).files
    linted = lint({path: text for path, text in made.items() if path.endswith(".toml")}, TEMPLATES)
    assert {each.severity.value for each in linted.findings} == {"warning"}
    assert linted.conclusion is Conclusion.AS_DECLARED


def test_a_value_that_the_model_refuses_is_told_in_words() -> None:
    ledger = Ledger()
    entry = Entry("a.service", list_fields("services"), ledger)
    said = Assignment("Service", "MemoryMax", "lots", "a.service", 3)
    for path, value in {("summary",): "A", ("state",): "stopped"}.items():
        entry.put(path, value)
    entry.put(("limits", "memory_max"), "lots", (said,))
    assert entry.settle(Service)
    (finding,) = ledger.judgments
    assert finding.what.startswith('MemoryMax= was left out: it should be a size, such as "512M"')


def test_an_adoption_of_nothing_is_as_declared() -> None:
    assert Adoption("here", (), (), (), (), ()).conclusion is Conclusion.AS_DECLARED
