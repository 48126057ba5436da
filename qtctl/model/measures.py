"""What qtctl measures of hosts: the families of its metrics, and the values of one host."""

from dataclasses import dataclass
from enum import StrEnum


class FamilyKind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with all its series. `name`: of a counter without the `_total` that its series end in."""

    name: str
    help: str
    labels: tuple[str, ...]
    kind: FamilyKind = FamilyKind.GAUGE

    @property
    def series(self) -> str:
        """The name of its series, as a query names them."""
        return f"{self.name}_total" if self.kind is FamilyKind.COUNTER else self.name


_HOST = ("fleet", "host")
"""Several fleets may be in one Prometheus, with hosts and units of the same names."""
_UNIT = (*_HOST, "unit")
_STREAM = (*_HOST, "store", "stream")
REACHED = Family("qtctl_host_reached", "Whether the host answered anything (1) or nothing (0).", _HOST)
VERDICT = Family("qtctl_host_verdict", "1 for the verdict of the last audit.", (*_HOST, "verdict"))
FINDINGS = Family(
    "qtctl_findings", "Findings of the last audit by id and severity.", (*_HOST, "id", "severity", "waived")
)
CHECKS = Family("qtctl_checks", "Checks of the last audit by outcome.", (*_HOST, "outcome"))
UNIT_STATE = Family("qtctl_unit_state", "1 for the state in which the unit was found.", (*_UNIT, "declared", "state"))
UNIT_RESTARTS = Family(
    "qtctl_unit_restarts", "Restarts by systemd since the unit was last started.", _UNIT, FamilyKind.COUNTER
)
STREAM_AGE = Family("qtctl_stream_age_seconds", "Age of the newest entry of a stream.", _STREAM)
STREAM_ENTRIES = Family("qtctl_stream_entries", "Entries that a stream holds.", _STREAM)
GROUP_LAG = Family(
    "qtctl_stream_group_lag", "Entries that a consumer group was never given.", (*_STREAM, "group", "service")
)
GROUP_PENDING = Family(
    "qtctl_stream_group_pending", "Entries that were delivered and not acknowledged.", (*_STREAM, "group", "service")
)
PORT = Family(
    "qtctl_port_listening",
    "Whether the unit listens at its declared address (1), or not, or elsewhere (0).",
    (*_UNIT, "declared", "protocol", "address", "port"),
)
VENV = Family("qtctl_venv_works", "Whether the interpreter of a venv runs (1) or not (0).", (*_HOST, "venv"))
AUDIT_DURATION = Family("qtctl_audit_duration_seconds", "How long the last audit of the host took.", _HOST)
AUDIT_TIME = Family("qtctl_audit_timestamp_seconds", "When the evidence of the last audit was taken.", _HOST)
DROPPED = Family("qtctl_series_dropped", "Series of the host that are over the limit of one host.", _HOST)
ROUND_FAILED = Family("qtctl_round_failed", "Whether the last round of audits failed (1): then values are old.", ())
BUILD = Family("qtctl_build_info", "The version of qtctl that measured.", ("version",))

FAMILIES = (
    REACHED,
    VERDICT,
    FINDINGS,
    CHECKS,
    UNIT_STATE,
    UNIT_RESTARTS,
    STREAM_AGE,
    STREAM_ENTRIES,
    GROUP_LAG,
    GROUP_PENDING,
    PORT,
    VENV,
    AUDIT_DURATION,
    AUDIT_TIME,
    DROPPED,
    ROUND_FAILED,
    BUILD,
)
"""In the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One series. `family`: its name in FAMILIES. `labels`: values in the order of the family's labels."""

    family: str
    labels: tuple[str, ...]
    value: float
