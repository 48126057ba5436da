"""policy.toml: what its fleet makes of findings."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.expect import Expect
from qtctl.model.fields import Day, Node, Span
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


class Policy(Node):
    fail_on: Literal["info", "warning", "error"] = "warning"
    evidence: Literal["user", "root"] = "user"
    severities: dict[str, Literal["info", "warning", "error"]] = {}
    waivers: tuple[Waiver, ...] = ()
    deploy: DeployPolicy = DeployPolicy()
    rehearsal: RehearsalPolicy = RehearsalPolicy()

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
