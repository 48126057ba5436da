"""A registry, and what `[gate]` in its policy.toml asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.errors import InputError, InputErrors
from qtctl.fleet.select import select_hosts
from qtctl.model.policy import Gate, GateStep, Policy
from qtctl.model.registry import Registry
from qtctl.model.selection import HostSelection
from qtctl.registry.load import examine, read_policy

POLICY = "policy.toml"
EVIDENCE_STEPS = frozenset({GateStep.PARITY, GateStep.AUDIT, GateStep.NEW})


@dataclass(frozen=True, slots=True)
class GateGround:
    """A registry, and what its policy.toml asks for. `registry`: None if it has errors; `hosts`: then none."""

    folder: Path
    templates: Path | None
    files: Mapping[str, bytes]
    texts: Mapping[str, str]
    policy: Policy
    registry: Registry | None
    errors: tuple[InputError, ...]
    hosts: tuple[str, ...]

    @property
    def gate(self) -> Gate:
        return self.policy.gate

    @property
    def asks_hosts(self) -> bool:
        """Whether a step needs evidence of live hosts."""
        return self.gate.is_live and bool(EVIDENCE_STEPS.intersection(self.gate.steps))


def read_ground(folder: Path, templates: Path | None = None) -> GateGround:
    """InputErrors if policy.toml has errors; InputError if it asks for nothing. Other errors are for the report."""
    files, texts = read_registry(folder), load_unit_templates(templates)
    reading = examine(files)
    own = tuple(each for each in reading.errors if each.place is not None and each.place.file == POLICY)
    if own:
        raise InputErrors(own)
    whole = reading.registry if not reading.errors else None
    policy = whole.policy if whole is not None else read_policy(files.get(POLICY, b""))
    if not policy.gate.steps:
        hint = "name its steps, such as lint = true; see docs/gates.md"
        raise InputError("[gate] in policy.toml asks for nothing", hint=hint)
    hosts = select_hosts(whole, HostSelection(policy.gate.hosts)) if whole is not None else ()
    return GateGround(folder, templates, files, texts, policy, whole, reading.errors, hosts)
