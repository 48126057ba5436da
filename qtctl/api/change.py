"""What a change of a registry would do, compared with the commit that it is based on."""

from collections.abc import Mapping
from dataclasses import dataclass

from qtctl.adapters.git_tree import read_registry_at
from qtctl.api.gate import GateRun
from qtctl.dialects.secrets import mask_message
from qtctl.dialects.wording import add_more_aside
from qtctl.errors import InputError, InputErrors
from qtctl.flows.declare import Loaded, render_files, resolve_host
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.model.registry import Registry
from qtctl.plan.assumed import plan_from_saved
from qtctl.registry.load import load
from qtctl.reports.change import Change, HostChange, ParityChange, compare_parity


def describe_change(run: GateRun, base: str) -> Change:
    """The plan of each host of the gate, and what changes in parity, by the evidence that the gate has.

    What cannot be compared says why. Both registries are compared with the same evidence.
    """
    ground = run.ground
    if ground.registry is None:
        return Change(base, (), why="The registry has errors.")
    try:
        before = read_registry_at(base, ground.folder)
        registry = load(before.files)
    except InputError as error:
        errors = error.errors if isinstance(error, InputErrors) else (error,)
        more = add_more_aside(len(errors) - 1)
        return Change(base, (), why=f"The registry of {base} cannot be used: {mask_message(str(errors[0]))}{more}.")
    now = {path: content for path, content in ground.files.items() if content or path in before.files}
    same = dict(before.files) == now
    gone = tuple(sorted(set(registry.hosts) - set(ground.registry.hosts)))
    work = _Work(run, registry, before.files)
    hosts = () if same else tuple(map(work.compare, ground.hosts))
    return Change(before.commit, hosts, gone, is_same=same)


@dataclass(frozen=True, slots=True)
class _Work:
    run: GateRun
    registry: Registry
    files: Mapping[str, bytes]

    def compare(self, host: str) -> HostChange:
        try:
            declared = self.run.declare(host)
            before = self._declare(host)
        except InputError as error:
            return HostChange(host, None, why=f"{mask_message(error.lines[0])}.")
        try:
            evidence, why = self.run.shelf.find(declared), ""
        except InputError as error:
            evidence, why = None, mask_message(error.message)
        facts = Facts(()) if evidence is None else Facts.of(evidence)
        planned = plan_from_saved(before.desired if before is not None else None, declared.desired, facts)
        source = _describe_source(evidence, why, planned.assumed)
        return HostChange(host, planned, source, parity=self._compare_parity(before, declared, evidence))

    def _declare(self, host: str) -> Loaded | None:
        """None if the older registry does not declare the host."""
        if host not in self.registry.hosts:
            return None
        return render_files(resolve_host(self.registry, self.files, host), self.run.ground.texts)

    def _compare_parity(
        self, before: Loaded | None, after: Loaded, evidence: Evidence | None
    ) -> tuple[ParityChange, ...]:
        from qtctl.api.gate_steps import load_projects  # noqa: PLC0415 - reports of seven commands
        from qtctl.api.parity import compare_projects  # noqa: PLC0415

        if before is None or not self.run.ground.gate.parity:
            return ()
        try:
            projects = load_projects(self.run.ground)
            old, new = (compare_projects(projects, each, evidence).files for each in (before, after))
        except InputError:
            return ()
        return compare_parity(old, new)


def _describe_source(evidence: Evidence | None, why: str, assumed: int) -> str:
    """What the plan rests on: it never claims to have seen what was assumed."""
    if evidence is None:
        return f"No evidence ({why}): this is what a deploy does to a host that is as the base declares."
    if not assumed:
        return f"By evidence of {evidence.taken_at}."
    return (
        f"By evidence of {evidence.taken_at}. It does not show {assumed} facts that a plan needs: for those, the host "
        "is assumed to be as the base declares. A deploy plans again, and asks the host itself."
    )
