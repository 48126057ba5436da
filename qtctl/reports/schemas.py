"""JSON Schemas of the report documents."""

from qtctl.reports.adopt import AdoptReport
from qtctl.reports.audit import AuditReport
from qtctl.reports.backup import BackupReport, BackupsReport
from qtctl.reports.catalogue import CatalogueReport
from qtctl.reports.claims import ClaimsReport
from qtctl.reports.control import ControlReport
from qtctl.reports.deploy import DeployReport
from qtctl.reports.document import make_schema
from qtctl.reports.drift import DriftReport
from qtctl.reports.evolution import make_schema as make_evolution_schema
from qtctl.reports.fleet import FleetReport
from qtctl.reports.fleet_lines import AuditLine
from qtctl.reports.flow import FlowReport
from qtctl.reports.gate import GateReport
from qtctl.reports.generation import GenerationReport
from qtctl.reports.generations import GenerationsReport
from qtctl.reports.line_schemas import LogObject, WatchObject
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.overview import OverviewReport
from qtctl.reports.parity import ParityDocument
from qtctl.reports.plan import PlanReport
from qtctl.reports.plan_fleet import FleetPlanReport
from qtctl.reports.preparation import PreparationReport
from qtctl.reports.rehearsal import RehearsalReport
from qtctl.reports.rollout import RolloutReport
from qtctl.reports.secrets import SecretsReport
from qtctl.reports.snapshot import SnapshotCheckReport, SnapshotReport, SnapshotsReport
from qtctl.reports.unit_status import StatusReport
from qtctl.reports.verify import VerifyReport
from qtctl.reports.why import WhyReport


def make_schemas() -> dict[str, dict[str, object]]:
    """By document: adopt, audit, backup(s), claims, deploy, drift, fleet-audit, generation(s), parity, plan …"""
    return {
        "adopt": make_schema(AdoptReport),
        "audit": make_schema(AuditReport),
        "audit-line": make_schema(AuditLine),
        "backup": make_schema(BackupReport),
        "backups": make_schema(BackupsReport),
        "catalogue": make_schema(CatalogueReport),
        "claims": make_schema(ClaimsReport),
        "control": make_schema(ControlReport),
        "deploy": make_schema(DeployReport),
        "drift": make_schema(DriftReport),
        "evolution": dict(make_evolution_schema()),
        "fleet-audit": make_schema(FleetReport),
        "fleet-plan": make_schema(FleetPlanReport),
        "flow": make_schema(FlowReport),
        "gate": make_schema(GateReport),
        "generation": make_schema(GenerationReport),
        "generations": make_schema(GenerationsReport),
        "log-line": make_schema(LogObject),
        "overview": make_schema(OverviewReport),
        "parity": make_schema(ParityDocument),
        "plan": make_schema(PlanReport),
        "preparation": make_schema(PreparationReport),
        "registry": make_schema(RegistryReport),
        "rehearsal": make_schema(RehearsalReport),
        "rollout": make_schema(RolloutReport),
        "secrets": make_schema(SecretsReport),
        "snapshot": make_schema(SnapshotReport),
        "snapshot-check": make_schema(SnapshotCheckReport),
        "snapshots": make_schema(SnapshotsReport),
        "status": make_schema(StatusReport),
        "verify": make_schema(VerifyReport),
        "watch-line": make_schema(WatchObject),
        "why": make_schema(WhyReport),
    }
