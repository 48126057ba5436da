import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qtctl.api.claims import check
from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion
from qtctl.flows.adopt import Adopted
from qtctl.history.chain import check_chain
from qtctl.model.control import ControlVerb
from qtctl.model.log_line import ClockOffset, HostLog, LogLine, LogState
from qtctl.model.policy import GateStep
from qtctl.model.preparation import PrepareAction, PreparePlan, PrepareStep
from qtctl.model.rehearsal import StepKind
from qtctl.model.watch import Change, Kind
from qtctl.registry.load import load
from qtctl.reports import (
    adopt,
    audit,
    backup,
    catalogue,
    claims,
    control,
    deploy,
    drift,
    evolution,
    fleet,
    fleet_lines,
    flow,
    gate,
    generation,
    generations,
    log_lines,
    module_registry,
    overview,
    parity,
    plan,
    plan_fleet,
    preparation,
    rehearsal,
    rollout,
    secrets,
    snapshot,
    unit_status,
    verify,
    watch_lines,
    why,
)
from qtctl.reports.schemas import make_schemas
from tests.adopt.small import adopt as adopt_texts
from tests.apply.test_backup_archive import backup as make_backup
from tests.builders.reported import FILES, desired, evidence
from tests.claims.judging import read
from tests.history.test_year import EVOLUTION
from tests.history.year import snapshots
from tests.rules.history.test_chain import good, without
from tests.rules.rehearsal.test_steps import FOUND as OPEN
from tests.rules.rehearsal.test_steps import failed, report_of
from tests.rules.rehearsal.test_steps import rehearsal as make_rehearsal

from .checks import CHECKS
from .test_control import CONTROLLED, LOOKS
from .test_deploy import FAILED
from .test_drift import DRIFTED
from .test_generations import CURRENT, NEW
from .test_parity import reports
from .test_plan import report as planned
from .test_rollout import planned as plans_of_fleet
from .test_rollout import report as rolled_out
from .test_secrets import FOUND
from .test_verify import VERIFIED

EXAMINED, FOUND_IN = check(read("# Services (3)\n\n- web-a\n- web-b\n\nAll 4 hosts\n"), None)
YEAR = snapshots()
CHECKED = check_chain(without(3), good)
BACKUP, TAKEN = Path("lab1.qtbackup"), make_backup()
REHEARSED = make_rehearsal(failed(StepKind.KILL, "shop-api.service", findings=(OPEN,)))
PREPARED = PreparePlan("f", "h1", (PrepareStep(PrepareAction.CREATE, "file", "/etc/sudoers.d/f", "missing", "+ a"),))
SEEN = module_registry.build_report(desired(), evidence(), CHECKS)
LINE = LogLine(1_768_600_000_000_000, "web-1", "shop-api.service", "api", "up", 1_768_600_000_000_007, 6, 12)
CHANGE = Change(1_768_600_000.5, "web-1", Kind.UNIT, "shop-api.service", "", "active (running)")
REGISTRY = load({path: text.encode() for path, text in FILES.items()})
WRITTEN = {
    "adopt": lambda: adopt.to_json(adopt.build_report(adoption().adoption, "out")),
    "audit": lambda: audit.to_json(audit.build_report(desired(), evidence(), CHECKS, every=True)),
    "audit-line": lambda: fleet_lines.write_host(audit.build_report(desired(), evidence(), CHECKS)),
    "backup": lambda: backup.to_json(backup.build_report(BACKUP, TAKEN)),
    "backups": lambda: backup.to_json(backup.build_list([(BACKUP, TAKEN)], [(BACKUP, "cut off")])),
    "catalogue": lambda: catalogue.to_json(catalogue.build_report(desired(), evidence(), CHECKS)),
    "claims": lambda: claims.to_json(claims.build_report(EXAMINED, FOUND_IN, None, Severity.WARNING)),
    "control": lambda: control.to_json(control.build_report([("lab1", CONTROLLED)], ControlVerb.STOP, "", exit_code=1)),
    "deploy": lambda: deploy.to_json(deploy.build_report(FAILED, fleet="f", address="lab1", exit_code=5)),
    "drift": lambda: drift.to_json(DRIFTED),
    "evolution": lambda: evolution.to_json(evolution.build_report(EVOLUTION)),
    "fleet-audit": lambda: fleet.to_json(fleet.build_report([audit.build_report(desired(), evidence(), CHECKS)] * 2)),
    "fleet-plan": lambda: plan_fleet.to_json(plans_of_fleet()),
    "flow": lambda: flow.to_json(flow.build_report(REGISTRY, SEEN)),
    "gate": lambda: gate.to_json(
        gate.build_report(
            (
                gate.StepResult(
                    GateStep.SNAPSHOTS, "box", Conclusion.NOT_AS_DECLARED, CHECKED.findings, ("qtctl", "x y")
                ),
            ),
            fleet="f",
            registry="registry",
            hosts=("box",),
            gate=Severity.WARNING,
            now="2026-12-02T00:00:00.000Z",
        )
    ),
    "generation": lambda: generation.to_json(generation.build_report(((CURRENT, NEW),), address="lab1")),
    "generations": lambda: generations.to_json(generations.build_report((CURRENT,), host="h1", address="lab1")),
    "log-line": lambda: log_lines.write_object(LINE),
    "overview": lambda: overview.to_json(overview.build_report(desired(), evidence(), CHECKS)),
    "parity": lambda: parity.to_json(reports(evidence())),
    "plan": lambda: plan.to_json(planned()),
    "preparation": lambda: preparation.to_json(
        preparation.build_report(PREPARED, address="lab1", helper="0" * 8, applied=False)
    ),
    "registry": lambda: module_registry.to_json(module_registry.build_report(desired(), evidence(), CHECKS)),
    "rehearsal": lambda: rehearsal.to_json(report_of(REHEARSED)),
    "rollout": lambda: rollout.to_json(rolled_out()),
    "secrets": lambda: secrets.to_json(secrets.build_report((FOUND,), fleet="f", host="h1", address="lab1")),
    "snapshot": lambda: snapshot.to_json(snapshot.build_report(YEAR[3], "box/4", 900, ("box/1",))),
    "snapshot-check": lambda: snapshot.to_json(
        snapshot.build_check("s", {"box": 12}, CHECKED.findings, Severity.WARNING, "2026-12-02T00:00:00.000Z")
    ),
    "snapshots": lambda: snapshot.to_json(
        snapshot.build_list("s", [snapshot.build_row(each, "box/1", 900) for each in YEAR], ["box/9"])
    ),
    "status": lambda: unit_status.to_json(unit_status.build_report(LOOKS)),
    "verify": lambda: verify.to_json(verify.build_report(VERIFIED)),
    "watch-line": lambda: watch_lines.write_object(CHANGE),
    "why": lambda: why.to_json(
        why.build_report(json.loads(module_registry.to_json(SEEN)), "r.json", ("summary", "running"))
    ),
}


def adoption() -> Adopted:
    return adopt_texts({"a.service": "# why\n[Service]\nExecStart=/bin/a\nMemoryMax=1G # all\n", "b.txt": "no unit"})


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_what_its_schema_says(name: str) -> None:
    schema = make_schemas()[name]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(WRITTEN[name]()))
    with pytest.raises(Exception, match=r"Additional properties|not valid under any"):
        Draft202012Validator(schema).validate(json.loads(WRITTEN[name]()) | {"more": 1})


def test_the_last_line_of_an_audit_is_what_its_schema_says() -> None:
    line = fleet_lines.write_summary(fleet.build_report([audit.build_report(desired(), evidence(), CHECKS)]))
    Draft202012Validator(make_schemas()["audit-line"]).validate(json.loads(line))


LOGGED = {
    "bare": LogLine(0, "web-1", "", "", "", 0),
    "whole host": HostLog("web-1", LogState.COMPLETE, (LINE,), ClockOffset(-40_000_000, 700)),
    "unknown host": HostLog("web-1", LogState.UNKNOWN, why="no connection", hint="is it up?"),
    "cut host": HostLog("web-1", LogState.CUT, why="more than 256 MiB", hint="ask for less", left_out=3),
}


@pytest.mark.parametrize("each", LOGGED.values(), ids=LOGGED)
def test_what_logs_print_is_what_its_schema_says(each: LogLine | HostLog) -> None:
    Draft202012Validator(make_schemas()["log-line"]).validate(json.loads(log_lines.write_object(each)))


@pytest.mark.parametrize("kind", Kind)
def test_what_watch_prints_is_what_its_schema_says(kind: Kind) -> None:
    change = Change(1_768_600_000.5, "web-1", kind, "s", "connected", "lost", "no answer")
    Draft202012Validator(make_schemas()["watch-line"]).validate(json.loads(watch_lines.write_object(change)))


def test_every_document_has_a_schema() -> None:
    assert make_schemas().keys() == WRITTEN.keys()
