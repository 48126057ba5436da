"""Declare the timers that run qtctl in a registry. Nothing is written unless the registry is as good with them."""

from collections.abc import Mapping
from pathlib import Path

from qtctl.adapters.added_files import add_files
from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.errors import InputError
from qtctl.fleet.select import select_hosts, suggest_host
from qtctl.flows.declare import declare
from qtctl.model.registry import Registry
from qtctl.registry.load import load
from qtctl.scaffold.schedules import TIMERS, Schedule, list_files


def plan(folder: Path, schedule: Schedule) -> Mapping[str, str]:
    """Name → text to add to the registry. InputErrors if the registry has an error, or would have one with them."""
    files = read_registry(folder)
    _check_hosts(load(files), schedule)
    added = list_files(schedule)
    whole = {**files}
    for name, text in added.items():
        if name in files and name != TIMERS:
            raise InputError(f"{name} exists already", hint="edit it, or remove it and its table in timers.toml")
        whole[name] = b"\n".join(filter(None, (files.get(name, b"").rstrip(b"\n"), text.encode())))
    declare(whole, load_unit_templates(None), schedule.on, None)
    return added


def _check_hosts(registry: Registry, schedule: Schedule) -> None:
    """InputError if the host does not exist, or if every run would fail because nothing is selected, or too much."""
    if schedule.on not in registry.hosts:
        hint = suggest_host(schedule.on, registry.hosts)
        raise InputError(f"--on {schedule.on!r} is not a host of the registry", hint=hint)
    if schedule.wanted.given and schedule.wanted.single is None:
        select_hosts(registry, schedule.wanted)


def write(folder: Path, added: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that were written. InputError, before anything is, if something is there already."""
    return add_files(folder, added, TIMERS)
