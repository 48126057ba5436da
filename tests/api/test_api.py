"""What a program may call: from a folder of TOML files to a report."""

from pathlib import Path

import pytest

from qtctl.adapters.files import locate_shipped
from qtctl.api import audit, deploy, evidence, fleet, plan, registry
from qtctl.engines.inline import Inline
from qtctl.engines.processes import Processes
from qtctl.errors import InputError, InputErrors
from qtctl.findings.verdict import Conclusion
from qtctl.model.plan import Choices, StepStatus
from qtctl.model.selection import HostSelection
from qtctl.plan.outcome import DeployStatus
from tests.cli.world import ROOT
from tests.live.box import Box

# With its time: a process that is older than its env file would be restarted.
EDITED = "cd /etc/quantum; cp -a ai-engine.env /root/ai-engine.env; echo '# by hand' >>ai-engine.env"
AS_IT_WAS = "mv -T /root/ai-engine.env /etc/quantum/ai-engine.env"


def test_a_host_is_asked_the_same_by_every_engine() -> None:
    declared = registry.declare(ROOT / "registry", "local")
    inquiry = evidence.make_inquiry(declared, "local")
    with Inline() as inline, Processes(1) as processes:
        found = [evidence.collect(inquiry, engine) for engine in (inline, processes)]
    one, other = ([(item.need, item.state) for item in each.items] for each in found)
    assert one == other
    asked, again = ([ask.argv for ask in each.asks] for each in found)
    assert asked == again


def test_saved_evidence_is_judged_and_reported(tmp_path: Path) -> None:
    declared = registry.declare(locate_shipped("registry"))
    saved = evidence.read(locate_shipped("recorded") / "evidence.json", declared)
    checks = audit.judge(declared, saved)
    report = audit.report(declared, saved, checks)
    assert report.verdict is Conclusion.AS_DECLARED
    assert report.totals.total == len(checks)
    (tmp_path / "again.json").write_text(evidence.format_evidence(saved))
    assert evidence.read(tmp_path / "again.json", declared) == saved
    assert fleet.report([report, report]).totals.as_declared == 2


def test_what_is_wrong_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no registry here"):
        registry.load(tmp_path)
    (tmp_path / "policy.toml").write_text("")
    with pytest.raises(InputError, match=r"fleet\.toml is missing"):
        registry.load(tmp_path)
    loaded = registry.load(ROOT / "registry")
    with pytest.raises(InputErrors):
        fleet.select_hosts(loaded, HostSelection(("no-such", "nor-*")))
    with pytest.raises(InputError, match="no such host"):
        registry.declare(ROOT / "registry", as_name="no-such")


@pytest.mark.lab
def test_a_plan_changes_nothing(box: Box) -> None:
    declared = registry.declare(box.registry, box.name)
    planned = plan.plan(declared, box.name)
    assert (planned.steps, planned.refusals) == ((), ())
    box.sh(EDITED)
    try:
        changed = plan.plan(declared, box.name, choices=Choices(take_over=True))
        assert changed.steps[0].subject == "/etc/quantum/ai-engine.env"
        assert box.sh("tail -n 1 /etc/quantum/ai-engine.env") == "# by hand\n"
    finally:
        box.sh(AS_IT_WAS)


@pytest.mark.lab
def test_a_deploy_that_is_not_agreed_to_ends_as_a_value(box: Box) -> None:
    declared = registry.declare(box.registry, box.name)
    unchanged = deploy.deploy(declared, box.name, confirm=lambda _: pytest.fail("asked"))
    assert (unchanged.status, unchanged.results) == (DeployStatus.UNCHANGED, ())
    box.sh(EDITED)
    try:
        declined = deploy.deploy(declared, box.name, confirm=lambda _: False)
        assert declined.status is DeployStatus.DECLINED
        assert {result.status for result in declined.results} == {StepStatus.NOT_RUN}
        assert box.sh("tail -n 1 /etc/quantum/ai-engine.env") == "# by hand\n"
    finally:
        box.sh(AS_IT_WAS)
