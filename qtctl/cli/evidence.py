"""Where a command's evidence comes from: a live host, or a file saved before."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.cli.output import progress, withhold, write
from qtctl.dialects.shell import quote
from qtctl.errors import InputError, Place
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.flows.asking import Asking
    from qtctl.flows.declare import Loaded
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence


def declare(registry: Path, templates: Path | None, target: str, as_name: str | None) -> "Loaded":
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import unit_templates
    from qtctl.flows.declare import declare as build

    return build(read_registry(registry), unit_templates(templates), target, as_name)


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence comes from, as the options of a command say it. InputError where neither or both are named."""

    registry: Path
    templates: Path | None = None
    host: str | None = None
    saved: Path | None = None
    as_name: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        one_source(self.host, self.saved)


def gather(source: Source, started: "Asking | None", meanwhile: "Callable[[], object]") -> "tuple[Declared, Evidence]":
    """What a host must have, and the evidence of it. A live host is asked as soon as the registry says what.

    `started`: a host that is being asked already. `meanwhile` runs while the host answers: loading what comes next.
    """
    if source.host is None:
        loaded = declare(source.registry, source.templates, "", source.as_name)
        return loaded, _saved(loaded, source.saved or Path())
    from qtctl.cli.early_start import taken
    from qtctl.flows.target import Target

    target = Target(source.registry, source.host, source.as_name, source.user, source.templates)
    with taken(started, target) as asking, progress() as say:
        asking.begin()
        withhold(*asking.passwords.values())
        say(begun(source.host, Stage.CONNECT))
        declared = asking.declared()
        meanwhile()
        asking.watch(say)
        return declared, asking.evidence()


def obtain(declared: "Declared", host: str | None, saved: Path | None, user: str | None) -> "Evidence":
    """The evidence of a live host or of a file. InputError where neither or both are named."""
    one_source(host, saved)
    return _live(declared, host, user) if host is not None else _saved(declared, saved or Path())


def one_source(host: str | None, saved: Path | None) -> None:
    if host is not None and saved is not None:
        raise InputError("--host and --from are both given", hint="ask the host, or judge what was saved: one of them")
    if host is None and saved is None:
        raise InputError("say where the evidence comes from", hint="--host HOST or --from FILE")


def _saved(declared: "Declared", path: Path) -> "Evidence":
    from qtctl.adapters.files import read_text
    from qtctl.collect.document import load

    evidence = load(read_text(path), str(path))
    if evidence.host != declared.desired.host:
        hint = f"name it with --as {quote(evidence.host)}, and the registry that declares it"
        what = f"evidence of {evidence.host}, not of {declared.desired.host}"
        raise InputError(what, hint=hint, place=Place(str(path)))
    return evidence


def _live(declared: "Declared", target: str, user: str | None) -> "Evidence":
    from qtctl.engines.inline import Inline
    from qtctl.engines.relay import watch
    from qtctl.engines.worker import answer
    from qtctl.flows.audit import inquiry

    asked = inquiry(declared.desired, target, user)
    withhold(*asked.passwords.values())
    with progress() as say, Inline() as engine:
        watch(engine, say)
        say(begun(target, Stage.CONNECT))
        return engine.submit(answer, asked).result()


def save(evidence: "Evidence", path: Path) -> None:
    from qtctl.collect.document import dump

    write(dump(evidence), path)
