"""What the functions of the API take and return: plain values, whose fields are frozen with them."""

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.findings.finding import Finding, Fix, Outcome, Proof, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.fleet.examine import HostResult, Judging
from qtctl.flows.lint import Linted
from qtctl.flows.rollback import EarlierGeneration
from qtctl.interfaces.progress import Progress
from qtctl.lint.found import Fixed, Placed
from qtctl.model.desired_file import DesiredFile
from qtctl.model.events import Event, EventState, Stage
from qtctl.model.evidence import Ask, Evidence, Item, State
from qtctl.model.generation import GenerationRecord
from qtctl.model.origin import Origin
from qtctl.model.plan import (
    Choices,
    Dragged,
    Effect,
    Note,
    NoteKind,
    Plan,
    Refusal,
    Step,
    StepKind,
    StepResult,
    StepStatus,
)
from qtctl.model.secret import Secret
from qtctl.model.selection import HostSelection
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind, UnitFailure
from qtctl.reports.audit import AuditReport
from qtctl.reports.check import Check
from qtctl.reports.fleet import Compared, FleetReport, FleetTotals, Shared, ToDo
from qtctl.reports.selection import Selection
from qtctl.reports.totals import Counts, Totals

__all__ = [
    "Ask",
    "AuditReport",
    "ChangeClass",
    "Check",
    "Choices",
    "Compared",
    "Conclusion",
    "Counts",
    "DeployOutcome",
    "DeployStatus",
    "DesiredFile",
    "Dragged",
    "EarlierGeneration",
    "Effect",
    "Event",
    "EventState",
    "Evidence",
    "Finding",
    "Fix",
    "Fixed",
    "FleetReport",
    "FleetTotals",
    "GenerationRecord",
    "HostResult",
    "HostSelection",
    "Item",
    "Judging",
    "Linted",
    "Note",
    "NoteKind",
    "Origin",
    "Outcome",
    "Placed",
    "Plan",
    "Progress",
    "Proof",
    "Reason",
    "ReasonKind",
    "Refusal",
    "Secret",
    "Selection",
    "Severity",
    "Shared",
    "Stage",
    "State",
    "Step",
    "StepKind",
    "StepResult",
    "StepStatus",
    "ToDo",
    "Totals",
    "UnitFailure",
]
