"""Desired → the bytes of every unit and env file, through the templates in `unit_templates/`."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from qtctl.errors import InputError, InputErrors, Place
from qtctl.model.desired import Desired, DesiredFile, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.origin import Origin
from qtctl.render.judge import (
    declared_of_service,
    declared_of_target,
    declared_of_timer,
    judge_env,
    judge_unit,
)
from qtctl.render.planned import UNIT_DIR
from qtctl.render.templates import Templates
from qtctl.render.written import mark

SERVICE, TIMER, TARGET, ENV = TEMPLATES = ("service.j2", "timer.j2", "target.j2", "env.j2")
"""The template files that a caller reads and passes."""

_Job = tuple[str, Origin, Callable[[], DesiredFile]]


def render(desired: Desired, templates: Mapping[str, str]) -> Desired:
    """`desired` with `files`, sorted by path; the same bytes for the same input.

    `templates` are texts by file name (`TEMPLATES`). InputErrors with everything that is wrong: a value that no unit
    file can say, a template that is broken or does not give the declared values.
    """
    filled = Templates(templates)
    files: dict[str, DesiredFile] = {}
    failed: list[tuple[str, InputError]] = []
    for subject, origin, job in _jobs(desired, filled):
        try:
            _put(files, job())
        except InputError as error:
            failed.append((subject, _placed(error, subject, origin)))
    errors = _grouped(failed)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return replace(desired, files=tuple(files[path] for path in sorted(files)))


def _jobs(desired: Desired, templates: Templates) -> Iterator[_Job]:
    for service in desired.services:
        yield service.unit, service.origin, partial(_service, service, templates)
        if service.env_file or service.env:
            yield service.unit, service.origin, partial(_env, service, templates)
    for timer in desired.timers:
        yield timer.unit, timer.origin, partial(_timer, timer, templates)
    for target in desired.targets:
        yield target.unit, target.origin, partial(_target, target, templates)


def _service(service: DesiredService, templates: Templates) -> DesiredFile:
    first = mark(service.origin.file)
    declared = declared_of_service(service)
    text = templates.fill(SERVICE, service.unit, mark=first, service=service)
    judge_unit(text, service.unit, SERVICE, first, declared)
    return _unit_file(text, service.unit, service.origin)


def _timer(timer: DesiredTimer, templates: Templates) -> DesiredFile:
    first = mark(timer.origin.file)
    declared = declared_of_timer(timer)
    text = templates.fill(TIMER, timer.unit, mark=first, timer=timer)
    judge_unit(text, timer.unit, TIMER, first, declared)
    return _unit_file(text, timer.unit, timer.origin)


def _target(target: DesiredTarget, templates: Templates) -> DesiredFile:
    first = mark(target.origin.file)
    declared = declared_of_target(target)
    text = templates.fill(TARGET, target.unit, mark=first, target=target)
    judge_unit(text, target.unit, TARGET, first, declared)
    return _unit_file(text, target.unit, target.origin)


def _env(service: DesiredService, templates: Templates) -> DesiredFile:
    if not service.env_file:
        raise InputError("an environment, and no env file to put it in")
    first = mark(service.origin.file)
    text = templates.fill(ENV, service.unit, mark=first, service=service)
    judge_env(text, service, ENV, first)
    return _file(service.env_file, text, mode="0600", kind="env", subject=service.unit, origin=service.origin)


def _unit_file(text: str, unit: str, origin: Origin) -> DesiredFile:
    return _file(f"{UNIT_DIR}/{unit}", text, mode="0644", kind="unit", subject=unit, origin=origin)


def _file(path: str, text: str, *, mode: str, kind: str, subject: str, origin: Origin) -> DesiredFile:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    return DesiredFile(path, content, mode, "root", "root", digest, kind, subject, origin)


def _put(files: dict[str, DesiredFile], file: DesiredFile) -> None:
    if file.path in files:
        raise InputError(f"{file.path} is also the file of {files[file.path].subject}")
    files[file.path] = file


def _grouped(failed: list[tuple[str, InputError]]) -> tuple[InputError, ...]:
    """One error for each thing that is wrong, though a broken line of a template is met once for every unit."""
    alike: dict[tuple[Place | None, str], list[tuple[str, InputError]]] = {}
    for subject, error in failed:
        alike.setdefault((error.place, error.what.replace(subject, "")), []).append((subject, error))
    return tuple(_of_all(*those) for those in alike.values())


def _of_all(first: tuple[str, InputError], *others: tuple[str, InputError]) -> InputError:
    subject, error = first
    if not others:
        return error
    what = error.what.replace(subject, f"{subject} and {len(others)} more", 1)
    return InputError(what, hint=error.hint, place=error.place)


def _placed(error: InputError, subject: str, origin: Origin) -> InputError:
    """An error of a template keeps its place there; one of a value stands where the value was declared."""
    if error.place is not None:
        return error
    return InputError(f"{subject}: {error.what}", hint=error.hint, place=Place(origin.file))
