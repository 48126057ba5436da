"""Where a command's evidence comes from: a live host, or a file saved before."""

from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.cli.output import progress
from qtctl.errors import InputError, Place, Unreachable

if TYPE_CHECKING:
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence


def declare(registry: Path, templates: Path | None, target: str, as_name: str | None) -> "Declared":
    from qtctl.adapters.files import read_registry, read_templates
    from qtctl.flows.declared import declare as build

    return build(read_registry(registry), read_templates(templates), target, as_name)


def obtain(declared: "Declared", host: str | None, saved: Path | None, user: str | None) -> "Evidence":
    """The evidence of a live host or of a file. InputError where neither or both are named."""
    if host is not None and saved is not None:
        raise InputError("--host and --from are both given", hint="ask the host, or judge what was saved: one of them")
    if host is None and saved is None:
        raise InputError("say where the evidence comes from", hint="--host HOST or --from FILE")
    return _live(declared, host, user) if host is not None else _saved(declared, saved or Path())


def _saved(declared: "Declared", path: Path) -> "Evidence":
    from qtctl.adapters.files import read_text
    from qtctl.collect.document import load

    evidence = load(read_text(path), str(path))
    if evidence.host != declared.desired.host:
        hint = f"name it with --as {evidence.host}, and the registry that declares it"
        what = f"evidence of {evidence.host}, not of {declared.desired.host}"
        raise InputError(what, hint=hint, place=Place(str(path)))
    return evidence


def _live(declared: "Declared", target: str, user: str | None) -> "Evidence":
    from qtctl.adapters.clock import SystemClock
    from qtctl.cli.connect import connect, passwords
    from qtctl.collect.collect import unreachable
    from qtctl.flows.audit import look, needs

    clock, desired = SystemClock(), declared.desired
    secrets = passwords(declared.registry)
    with progress() as say:
        say(f"connecting to {target}")
        try:
            with connect(target, declared.registry, desired.host, user, "audit") as host:
                say(f"asking {target}")
                return look(host, desired, clock, secrets)
        except Unreachable as error:
            return unreachable(desired, needs(desired), error, clock, target)


def save(evidence: "Evidence", path: Path) -> None:
    from qtctl.adapters.files import write_atomic
    from qtctl.collect.document import dump

    write_atomic(path, dump(evidence).encode())
