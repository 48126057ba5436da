"""policy.toml: what its fleet makes of findings."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.expect import Expect
from qtctl.model.fields import Day, Node, Number, Part, PathBelow, Span, Switch
from qtctl.model.origin import Origin
from qtctl.model.rehearsal import Failure
from qtctl.model.waiver import Waived

Line = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=500), Expect("a line of text, not empty")
]

LONGEST_WAIT_S = 600.0


class Waiver(Node):
    id: Annotated[str, StringConstraints(pattern=r"^QT[0-9]+$"), Expect('the id of a finding, such as "QT208"')]
    subject: Line
    reason: Line
    owner: Line
    expires: Day


class Watch(Node):
    steady: Span = "10s"

    @property
    def steady_s(self) -> float:
        return parse_microseconds(self.steady) / 1e6


class DeployPolicy(Node):
    watch: Watch = Watch()


class RehearsalPolicy(Node):
    failures: tuple[Literal["kill", "redis", "reboot", "disk-full"], ...] = ("kill", "redis", "reboot", "disk-full")
    within: Span = "30s"

    @property
    def within_s(self) -> float:
        return min(parse_microseconds(self.within) / 1e6, LONGEST_WAIT_S)

    def list_failures(self) -> tuple[Failure, ...]:
        """Each once, in the order in which a rehearsal makes them."""
        return tuple(each for each in Failure if each.value in self.failures)


class RolloutPolicy(Node):
    """How a deploy of several hosts goes through them."""

    batches: Annotated[tuple[Part, ...], Field(min_length=1, max_length=100)] = (1, "25%", "100%")
    on_failure: Literal["host", "batch", "all"] = "host"
    at_once: Annotated[Number, Field(ge=1, le=100)] = 8


class GateStep(StrEnum):
    """The steps that `qtctl gate` can run, in their order."""

    LINT = "lint"
    VERIFY = "verify"
    RENDERED = "rendered"
    PARITY = "parity"
    AUDIT = "audit"
    NEW = "new_since"
    SNAPSHOTS = "snapshots"


HostGlob = Annotated[
    str,
    StringConstraints(pattern=r"^(@[A-Za-z0-9._-]+|[A-Za-z0-9_.*?\[\]!-]{1,253})$"),
    Expect('the name of a host in hosts.toml, a glob such as "web-*", or a tag such as "@workers"'),
]


class Gate(Node):
    """Paths are relative to the folder in which qtctl runs, and lead nowhere else."""

    hosts: Annotated[tuple[HostGlob, ...], Field(min_length=1)] = ("*",)
    lint: Switch = False
    verify: Switch = False
    rendered: PathBelow | None = None
    parity: tuple[PathBelow, ...] = ()
    audit: Literal["saved", "live"] | None = None
    saved: PathBelow = "evidence"
    max_age: Span = "7d"
    new_since: PathBelow | None = None
    snapshots: PathBelow | None = None

    @property
    def steps(self) -> tuple[GateStep, ...]:
        """Those that are asked for, in the order in which they run."""
        return tuple(step for step in GateStep if getattr(self, step.value))

    @property
    def is_live(self) -> bool:
        """Whether hosts are asked: the evidence of an audit serves the other steps, too."""
        return self.audit == "live"

    @property
    def max_age_us(self) -> int:
        return parse_microseconds(self.max_age)


class Policy(Node):
    fail_on: Literal["info", "warning", "error"] = "warning"
    evidence: Literal["user", "root"] = "user"
    severities: dict[str, Literal["info", "warning", "error"]] = {}
    waivers: tuple[Waiver, ...] = ()
    deploy: DeployPolicy = DeployPolicy()
    rollout: RolloutPolicy = RolloutPolicy()
    rehearsal: RehearsalPolicy = RehearsalPolicy()
    gate: Gate = Gate()

    def list_waivers(self) -> tuple[Waived, ...]:
        """Reports show the reasons: without what looks like a secret in them."""
        if not self.waivers:
            return ()
        from qtctl.dialects.secrets import mask_message  # noqa: PLC0415 - 10 ms, and few registries have waivers

        return tuple(
            Waived(each.id, each.subject, mask_message(each.reason), each.owner, each.expires, make_origin(number))
            for number, each in enumerate(self.waivers)
        )


def make_origin(number: int) -> Origin:
    """Of the waiver of that number, from 0."""
    return Origin("policy.toml", ("waivers", str(number)))
