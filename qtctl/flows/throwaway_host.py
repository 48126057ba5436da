"""The throwaway host of a rehearsal: deploy to it, audit it, and wait until it is as declared."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from qtctl.adapters.clock import SystemClock
from qtctl.audit.judge import judge
from qtctl.engines.connect import connect, make_declared_route
from qtctl.engines.worker import answer
from qtctl.errors import LabError
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import fails
from qtctl.flows.deploy import deploy
from qtctl.flows.questions import make_inquiry
from qtctl.flows.rollback import fetch_earlier
from qtctl.flows.settled import Settled
from qtctl.interfaces.host import Connector
from qtctl.interfaces.progress import Progress
from qtctl.lab import lab
from qtctl.meaning.registry_digest import digest_registry
from qtctl.meaning.units import get_start_us, is_awaiting_restart, is_down, is_up
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import Choices, Plan
from qtctl.model.tree import TreeFile
from qtctl.plan.identity import make_deployable
from qtctl.plan.outcome import DeployOutcome
from qtctl.version import VERSION

NAME = "rehearsal"
DEADLINE_S = 60.0
STEADY_S = 1.0
POLL_S = 0.3
EXPECTED = frozenset({"QT218"})
"""Expected after every failure, however well the fleet recovers: services were restarted."""
_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Waited:
    """`open`: what does not hold at the last look but did before. `facts`: of that look."""

    open: tuple[Finding, ...]
    facts: Facts
    took_s: float


@dataclass
class ThrowawayHost:
    """One booted host that stands in for the real one. `gate`: findings below it do not count."""

    progress: Progress
    gate: Severity
    known: dict[str, str] = field(default_factory=dict)
    """Fingerprint and subject of what did not hold before a failure: it does not count after it."""

    seen: Facts = field(default_factory=lambda: Facts(()))
    """What the last audit saw."""

    def run(self, script: str) -> None:
        """A shell script as root. LabError if it fails."""
        done = lab.execute(NAME, ["sh", "-euc", script])
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise LabError(f"the throwaway host: {said or f'a script ended with {done.returncode}'}")

    def write(self, file: TreeFile) -> None:
        """Replace a file of root."""
        done = lab.execute(
            NAME, ["sh", "-euc", 'cat > "$1.new"; mv "$1.new" "$1"', "sh", file.path], stdin=file.content
        )
        if done.returncode != 0:
            raise LabError(f"the throwaway host: {file.path} could not be written")

    def deploy(
        self, desired: Desired, choices: Choices, note: Callable[[Plan], None] = lambda _: None
    ) -> DeployOutcome:
        """Deploy as in production, but watch for less time afterwards. `note` gets the plan."""

        def agree(plan: Plan) -> bool:
            note(plan)
            return True

        return deploy(
            self._make_connector(desired), make_deployable(desired, NAME), SystemClock(), choices=choices,
            confirm=agree, progress=self.progress, deadline_s=DEADLINE_S, steady_s=STEADY_S, restart_delays=0,
            about=_describe(desired),
        )  # fmt: skip

    def roll_back(self, desired: Desired, number: int) -> DeployOutcome:
        """To generation `number`, as `qtctl rollback` does. `desired`: what the host has now."""
        earlier = fetch_earlier(self._make_connector(desired), desired, number)
        return self.deploy(earlier.desired, Choices(prune=True))

    def _make_connector(self, desired: Desired) -> Connector:
        return partial(connect, make_declared_route(NAME, desired, None, "deploy"))

    def audit(self, desired: Desired) -> tuple[tuple[Finding, ...], Facts]:
        evidence = answer(make_inquiry(desired, NAME, None))
        self.seen = Facts.of(evidence)
        return judge(desired, evidence), self.seen

    def read_states(self, units: Sequence[str]) -> dict[str, str]:
        """Unit → active state, asked of systemd alone: an audit takes longer than some of what happens."""
        done = lab.execute(NAME, ["systemctl", "is-active", "--", *units])
        return dict(zip(units, done.stdout.decode(errors="replace").split(), strict=False))

    def wait(self, desired: Desired, within_s: float, started: Collection[str] = (), since_us: int = 0) -> Waited:
        """Audit repeatedly until nothing new has been open for a second, nothing can change any more, or time is up.

        `started`: units that must have started after `since_us` (microseconds since the epoch).
        """
        began = time.monotonic()
        settled, triggered = Settled(began), frozenset(each.starts for each in desired.units() if each.starts)
        good_since: float | None = None
        while True:
            found, facts = self.audit(desired)
            left = [unit for unit in started if not has_started(facts, unit, since_us)]
            left += self._list_waiting(desired, facts)
            open_ = tuple(each for each in found if self._counts(each))
            now = time.monotonic()
            good_since = (good_since or now) if not open_ and not left else None
            moving = any((unit := facts.find(Unit, name)) is not None and not is_down(unit) for name in left)
            stuck = settled.see(open_, facts, triggered, now) and not moving
            steady = good_since is not None and now - good_since >= STEADY_S
            if steady or stuck or now - began >= within_s:
                return Waited(open_, facts, (good_since or now) - began)
            time.sleep(POLL_S if good_since is None else STEADY_S)

    def forget(self, findings: Iterable[Finding]) -> None:
        """From now on these are known."""
        self.known |= {each.fingerprint: each.subject for each in findings}

    def _list_waiting(self, desired: Desired, facts: Facts) -> list[str]:
        """Services that ended and that systemd will start again: one look finds nothing wrong with them."""
        known = {*self.known.values()}
        found = ((each.unit, facts.find(Unit, each.unit)) for each in desired.services if each.unit not in known)
        return [name for name, unit in found if unit is not None and is_awaiting_restart(unit)]

    def _counts(self, finding: Finding) -> bool:
        if finding.id in EXPECTED or finding.fingerprint in self.known:
            return False
        return finding.outcome is Outcome.UNKNOWN or fails(finding, self.gate)


def has_started(facts: Facts, unit: str, since_us: int) -> bool:
    """Whether it is up, and was started after that moment."""
    found = facts.find(Unit, unit)
    return found is not None and is_up(found.active_state) and get_start_us(found) > since_us


def now_us() -> int:
    """The throwaway host has this machine's clock."""
    return int(time.time() * _S)


def _describe(desired: Desired) -> dict[str, str]:
    """What the host records about a generation."""
    return {
        "fleet": desired.fleet, "host": desired.host, "target": NAME, "registry": digest_registry(desired),
        "version": VERSION, "action": "deploy", "by": "qtctl rehearse",
    }  # fmt: skip
