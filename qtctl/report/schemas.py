"""JSON Schemas of the report documents."""

from qtctl.report.adopt import AdoptReport
from qtctl.report.audit import AuditReport
from qtctl.report.deploy import DeployReport
from qtctl.report.document import schema_of
from qtctl.report.fleet import FleetReport
from qtctl.report.parity import ParityDocument
from qtctl.report.registry import RegistryReport
from qtctl.report.verify import VerifyReport


def schemas() -> dict[str, dict[str, object]]:
    """By document: adopt, audit, deploy, fleet-audit, parity, registry, verify."""
    return {
        "adopt": schema_of(AdoptReport),
        "audit": schema_of(AuditReport),
        "deploy": schema_of(DeployReport),
        "fleet-audit": schema_of(FleetReport),
        "parity": schema_of(ParityDocument),
        "registry": schema_of(RegistryReport),
        "verify": schema_of(VerifyReport),
    }
