"""JSON Schemas of the report documents."""

from qtctl.reports.adopt import AdoptReport
from qtctl.reports.audit import AuditReport
from qtctl.reports.backup import BackupReport, BackupsReport
from qtctl.reports.deploy import DeployReport
from qtctl.reports.document import schema_of
from qtctl.reports.drift import DriftReport
from qtctl.reports.fleet import FleetReport
from qtctl.reports.generation import GenerationReport
from qtctl.reports.generations import GenerationsReport
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.parity import ParityDocument
from qtctl.reports.plan import PlanReport
from qtctl.reports.preparation import PreparationReport
from qtctl.reports.secrets import SecretsReport
from qtctl.reports.verify import VerifyReport


def schemas() -> dict[str, dict[str, object]]:
    """By document: adopt, audit, backup(s), deploy, drift, fleet-audit, generation(s), parity, plan, registry …"""
    return {
        "adopt": schema_of(AdoptReport),
        "audit": schema_of(AuditReport),
        "backup": schema_of(BackupReport),
        "backups": schema_of(BackupsReport),
        "deploy": schema_of(DeployReport),
        "drift": schema_of(DriftReport),
        "fleet-audit": schema_of(FleetReport),
        "generation": schema_of(GenerationReport),
        "generations": schema_of(GenerationsReport),
        "parity": schema_of(ParityDocument),
        "plan": schema_of(PlanReport),
        "preparation": schema_of(PreparationReport),
        "registry": schema_of(RegistryReport),
        "secrets": schema_of(SecretsReport),
        "verify": schema_of(VerifyReport),
    }
