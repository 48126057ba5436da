"""Registry files → what one host must have, rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qtctl.errors import InputError, InputErrors
from qtctl.findings.finding import Finding, Severity
from qtctl.flows.declared import Declared
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.registry.load import load
from qtctl.registry.places import Places
from qtctl.render.planned import plan_files
from qtctl.resolve.resolve import resolve, stands_in


@dataclass(frozen=True, slots=True)
class Loaded(Declared):
    """Desired, with the registry that it was resolved from."""

    registry: Registry


def declare(files: Mapping[str, bytes], templates: Mapping[str, str], target: str, as_name: str | None) -> Loaded:
    """Load, resolve and render for the registry host that `target` is or stands in for. InputErrors with all errors."""
    return render_files(begin(files, target, as_name), templates)


def begin(files: Mapping[str, bytes], target: str, as_name: str | None) -> Loaded:
    """Load and resolve, with the paths of files but no content: enough to ask a host. `render_files` does the rest."""
    return resolve_host(load(files), files, target, as_name)


def resolve_host(registry: Registry, files: Mapping[str, bytes], target: str, as_name: str | None = None) -> Loaded:
    """As `begin`, for a registry that was already loaded from `files`."""
    host = stands_in(registry, target, as_name)
    return Loaded(files, plan_files(resolve(registry, host)), Places(files), registry)


def render_files(begun: Loaded, templates: Mapping[str, str]) -> Loaded:
    from qtctl.render.render import render  # noqa: PLC0415 - jinja2: loaded while the host is asked

    return replace(begun, desired=render(begun.desired, templates))


def check_loadable(declared: Loaded, templates: Mapping[str, str]) -> Loaded:
    """Returns `declared`, rendered. InputErrors if its host's systemd would refuse one of its units (QT118)."""
    from qtctl.model.vocabulary import map_key_paths  # noqa: PLC0415 - lint's view, which few commands need
    from qtctl.rules.units.refused import judge_refused_units  # noqa: PLC0415
    from qtctl.rules.view import look  # noqa: PLC0415

    view = look(declared.registry, declared.desired, templates, map_key_paths())
    refused = (each for each in judge_refused_units(view) if each.severity is Severity.ERROR)
    errors = tuple(_make_error(declared, each) for each in refused)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return declared


def _make_error(declared: Loaded, finding: Finding) -> InputError:
    at = finding.place
    place = declared.places.of(at) if isinstance(at, Origin) else at
    what = f"{finding.subject}: {finding.what}"
    return InputError(what, hint=finding.remedy, place=place, id_=finding.id, subject=finding.subject)
