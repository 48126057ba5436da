"""Where a command's evidence comes from: a live host, or a file saved before."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.cli.output import make_safe, show_progress, withhold, write
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.flows.asking import Asking
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence comes from, by the options of a command. InputError if neither or both are named."""

    registry: Path
    templates: Path | None = None
    host: str | None = None
    saved: Path | None = None
    as_name: str | None = None
    user: str | None = None
    become: bool = False

    def __post_init__(self) -> None:
        check_one_source(self.host, self.saved)
        if self.become and self.host is None:
            raise InputError(
                "--become needs a host, and --from uses none", hint="give it when the evidence is collected"
            )


def gather(
    source: Source, started: "Asking | None", meanwhile: "Callable[[Declared], object]"
) -> "tuple[Declared, Evidence]":
    """What a host must have, and its evidence. A live host is asked as soon as the registry says what to ask.

    `started`: a host that is being asked already. `meanwhile` runs while the host answers: it loads what comes next.
    """
    if source.host is None:
        return _read_saved(source)
    from qtctl.cli.early_start import reuse_started
    from qtctl.flows.target import Target

    target = Target(source.registry, source.host, source.as_name, source.user, source.templates, source.become)
    with reuse_started(started, target) as asking, show_progress() as say:
        asking.begin()
        withhold(*asking.passwords.values())
        say(begun(source.host, Stage.CONNECT))
        declared = asking.await_declared()
        meanwhile(declared)
        asking.watch(say)
        return declared, asking.await_evidence()


def obtain(declared: "Declared", host: str | None, saved: Path | None, user: str | None) -> "Evidence":
    """The evidence of a live host or of a file. InputError if neither or both are named."""
    from qtctl.api import evidence

    check_one_source(host, saved)
    return _ask_live(declared, host, user) if host is not None else evidence.read(saved or Path(), declared)


def check_one_source(host: str | None, saved: Path | None) -> None:
    if host is not None and saved is not None:
        raise InputError("--host and --from are both given", hint="ask the host, or judge saved evidence")
    if host is None and saved is None:
        raise InputError("say where the evidence comes from", hint="--host HOST or --from FILE")


def _read_saved(source: Source) -> "tuple[Declared, Evidence]":
    from qtctl.api import evidence, registry

    declared = registry.declare(source.registry, templates=source.templates, as_name=source.as_name)
    return declared, evidence.read(source.saved or Path(), declared)


def _ask_live(declared: "Declared", target: str, user: str | None) -> "Evidence":
    from qtctl.api import evidence
    from qtctl.engines.inline import Inline
    from qtctl.engines.relay import watch

    asked = evidence.make_inquiry(declared, target, user=user)
    withhold(*asked.passwords.values())
    with show_progress() as say, Inline() as engine:
        watch(engine, say)
        say(begun(target, Stage.CONNECT))
        return evidence.collect(asked, engine)


def save(evidence: "Evidence", path: Path) -> None:
    """Into a file, or to stdout for `-`. InputError if that fails."""
    from qtctl.adapters import saved_file
    from qtctl.api.evidence import format_evidence

    if path == saved_file.STDOUT:
        write(format_evidence(evidence))
    else:
        save_text(format_evidence(evidence), path)


def save_text(evidence: str, path: Path) -> None:
    """As `save`, for evidence that was already written as a document, into a file."""
    from qtctl.adapters import saved_file

    saved_file.save(path, make_safe(evidence).encode())
