"""Run the steps of `[gate]` in policy.toml: each with the function of its own command, and one conclusion for all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from qtctl.api import gate_steps
from qtctl.api.gate_evidence import EvidenceShelf
from qtctl.api.gate_ground import POLICY, GateGround
from qtctl.api.gate_steps import Bench
from qtctl.dialects.secrets import mask_message
from qtctl.dialects.wording import add_more_aside
from qtctl.errors import HostError, InputError, InputErrors, Place
from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion
from qtctl.flows.declare import Loaded, render_files, resolve_host
from qtctl.model.evidence import Evidence
from qtctl.model.origin import Origin
from qtctl.model.policy import GateStep
from qtctl.registry.places import Places
from qtctl.reports.gate import GateReport, StepResult, build_report
from qtctl.rules.gates.steps import make_unknown


@dataclass
class GateRun:
    """`live`: the evidence of each host that was asked; None if no host may be. `now`: UTC, ISO 8601.

    `store`: where snapshots are, instead of in the folder of the policy.
    """

    ground: GateGround
    now: str
    live: Mapping[str, Evidence] | None = None
    store: str | None = None
    _loaded: dict[str, Loaded] = field(default_factory=dict)

    def run(self) -> tuple[StepResult, ...]:
        """Every step, for every host."""
        return tuple(result for step in self.ground.gate.steps for result in self._run_step(step))

    def report(self, results: tuple[StepResult, ...]) -> GateReport:
        ground = self.ground
        return build_report(
            results,
            fleet=ground.registry.fleet.name if ground.registry is not None else "",
            registry=str(ground.folder),
            hosts=ground.hosts,
            gate=Severity(ground.policy.fail_on),
            now=self.now,
        )

    def _run_step(self, step: GateStep) -> tuple[StepResult, ...]:
        if step is GateStep.LINT:
            return (self._guard(step, "", lambda: gate_steps.lint(self.ground)),)
        if self.ground.registry is None:
            return (self._make_unknown(step, "", "the registry has errors", "qtctl lint shows them"),)
        if not self.ground.hosts:
            return (self._make_unknown(step, "", "the registry has no host", "declare one in hosts.toml"),)
        judge = gate_steps.STEPS[step]
        results = tuple(self._guard(step, host, partial(judge, self._bench, host)) for host in self.ground.hosts)
        compare = gate_steps.COMPARISONS.get(step)
        compared = compare(self._bench, self.ground.hosts) if compare is not None else None
        return results if compared is None else (*results, compared)

    @cached_property
    def _bench(self) -> Bench:
        return Bench(self.ground, self.declare, self.shelf, self.now, self.store)

    @cached_property
    def shelf(self) -> EvidenceShelf:
        """The evidence of each host, read once."""
        return EvidenceShelf(self.ground.gate, self.now, self.live)

    def declare(self, host: str) -> Loaded:
        """What a host must have, rendered. InputErrors if a template cannot be filled."""
        if self.ground.registry is None:
            raise InputErrors(self.ground.errors)
        if host not in self._loaded:
            begun = resolve_host(self.ground.registry, self.ground.files, host)
            self._loaded[host] = render_files(begun, self.ground.texts)
        return self._loaded[host]

    def _guard(self, step: GateStep, host: str, run: Callable[[], StepResult]) -> StepResult:
        """A step that cannot be run is unknown, with the reason."""
        try:
            return run()
        except (InputError, HostError) as error:
            errors = error.errors if isinstance(error, InputErrors) else (error,)
            more = add_more_aside(len(errors) - 1)
            where = f"{errors[0].place}: " if errors[0].place else ""
            return self._make_unknown(
                step, host, f"{where}{mask_message(errors[0].describe_beside(host))}{more}", errors[0].hint
            )

    def _make_unknown(self, step: GateStep, host: str, reason: str, remedy: str) -> StepResult:
        """It stands where policy.toml asks for the step."""
        at = Places(self.ground.files).of(Origin(POLICY, ("gate", step.value)))
        finding = make_unknown(step.value, host, reason, remedy, Place(str(self.ground.folder / at.file), at.line))
        command = gate_steps.name_command(self.ground, step, host or "HOST")
        return StepResult(step, host, Conclusion.INCOMPLETE, (finding,), command)
