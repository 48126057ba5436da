"""The generations of a host, and the way back to one of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.api.backup import run_restore
from qtctl.api.deploy import DEADLINE_S, deploy, describe
from qtctl.engines.connect import connect, make_declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.rollback import (
    EarlierGeneration,
    FoundGeneration,
    fetch_before,
    fetch_earlier,
    fetch_found,
    list_known_stores,
    read_earlier,
    read_found,
    read_generations,
)
from qtctl.flows.steady import STEADY_S
from qtctl.interfaces.host import Connector, Host
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.desired import Desired
from qtctl.model.generation import GenerationRecord
from qtctl.model.plan import Choices, Plan
from qtctl.model.secret import Secret
from qtctl.model.trail import Action
from qtctl.plan.outcome import DeployOutcome
from qtctl.plan.restore_aim import aim_at_found
from qtctl.rules.catalogue import list_host_rules

__all__ = ["find_earlier", "list_generations", "rollback"]
"""Part of the frozen API. The rest of this module is not."""


def list_generations(declared: Declared, target: str, *, user: str | None = None) -> tuple[GenerationRecord, ...]:
    """The generations that `target` keeps, newest first. HostError if it could not be asked."""
    return read_generations(_make_connector(declared, target, user))


def find_earlier(
    declared: Declared,
    target: str,
    number: int | None = None,
    *,
    user: str | None = None,
    connector: Connector | None = None,
) -> EarlierGeneration:
    """Generation `number` of `target`; else the one that was in force before the current one.

    DeployRefused if there is none, or it is damaged.
    """
    open_ = connector or _make_connector(declared, target, user)

    def connect_and_load() -> Host:
        host = open_()
        BackgroundThread(_load_rules)
        return host

    return fetch_earlier(connect_and_load, declared.desired, number)


def find_before(declared: Declared, target: str, number: int, *, user: str | None = None) -> EarlierGeneration:
    """The generation that was in force before generation `number`, which must be the current one. DeployRefused."""
    return fetch_before(_make_connector(declared, target, user), declared.desired, number)


def find_found(declared: Declared, target: str, *, user: str | None = None) -> FoundGeneration:
    """Generation 0 of `target`. DeployRefused if it keeps none, or it is damaged."""
    return fetch_found(_make_connector(declared, target, user), declared.desired)


def show_generation(
    declared: Declared, target: str, number: int, *, user: str | None = None
) -> EarlierGeneration | FoundGeneration:
    """Generation `number` of `target`, to look at. UnusableGeneration if it keeps none, or it is damaged; HostError."""
    connector = _make_connector(declared, target, user)
    return read_earlier(connector, declared.desired, number) if number else read_found(connector, declared.desired)


def _make_connector(declared: Declared, target: str, user: str | None) -> Connector:
    return partial(connect, make_declared_route(target, declared.desired, user, "deploy"))


def _load_rules() -> None:
    """Loading what a generation is judged with takes 0.1 s: done while the host looks for it."""
    import_module("qtctl.rules.loaded_units")
    list_host_rules()


def rollback(
    declared: Declared,
    target: str,
    to: Desired,
    *,
    confirm: Callable[[Plan], bool],
    user: str | None = None,
    progress: Progress = silent,
    deadline_s: float = DEADLINE_S,
    passwords: Mapping[str, Secret] | None = None,
    steady_s: float = STEADY_S,
    registry: Path | None = None,
    connector: Connector | None = None,
    notes: Mapping[str, str] | None = None,
    take_over: bool = False,
) -> DeployOutcome:
    """Deploy what the host had to have in an earlier generation: planned, asked, gated and rolled back like any deploy.

    Units that qtctl wrote and this generation does not have are removed. `take_over`: files and masks that qtctl did
    not write are replaced, also those that an earlier rollback brought back.
    """
    known = list_known_stores(to, declared.desired)
    return deploy(
        replace(declared, desired=to),
        target,
        confirm=confirm,
        user=user,
        choices=Choices(take_over, prune=True),
        progress=progress,
        deadline_s=deadline_s,
        passwords={name: password for name, password in (passwords or {}).items() if name in known},
        steady_s=steady_s,
        registry=registry,
        action=Action.ROLLBACK,
        connector=connector,
        notes=notes,
    )


def bring_back_found(
    declared: Declared,
    target: str,
    found: FoundGeneration,
    *,
    confirm: Callable[[Plan], bool],
    user: str | None = None,
    progress: Progress = silent,
    deadline_s: float = DEADLINE_S,
    steady_s: float = STEADY_S,
    registry: Path | None = None,
) -> DeployOutcome:
    """Bring `target` back to what was there before its first deploy: planned, asked and gated like any deploy."""
    return run_restore(
        declared, target, aim_at_found(found.backup, declared.desired),
        confirm=lambda planned: confirm(planned.plan), user=user, progress=progress,
        deadline_s=deadline_s, steady_s=steady_s, about=describe_found(declared, target, registry),
    )  # fmt: skip


def describe_found(declared: Declared, target: str, registry: Path | None) -> Mapping[str, str]:
    """What a host records. No registry declares what was there before the first deploy."""
    return {**describe(declared, target, registry, Action.ROLLBACK), "registry": "unknown"}
