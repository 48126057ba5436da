"""Desired → the bytes of every unit and env file, through the templates in `unit_templates/`."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from qtctl.errors import InputError, InputErrors, Place
from qtctl.model.desired import (
    Desired,
    DesiredDropin,
    DesiredFile,
    DesiredService,
    DesiredTarget,
    DesiredTimer,
    DesiredUnit,
)
from qtctl.model.names import UNIT_DIR
from qtctl.model.origin import Origin
from qtctl.render import accounts
from qtctl.render.accounts import SYSUSERS, TMPFILES
from qtctl.render.declared import Declared, of_dropin, of_service, of_target, of_timer, of_unit
from qtctl.render.judge import judge_env, judge_mark, judge_unit
from qtctl.render.planned import DROPIN
from qtctl.render.templates import Templates
from qtctl.render.written import mark

SERVICE, TIMER, TARGET, UNIT, DROPIN_TEMPLATE, ENV = (
    "service.j2", "timer.j2", "target.j2", "unit.j2", "dropin.j2", "env.j2",
)  # fmt: skip
TEMPLATES = (SERVICE, TIMER, TARGET, UNIT, DROPIN_TEMPLATE, ENV, SYSUSERS, TMPFILES)
"""The template files that a caller reads and passes."""

D = TypeVar("D", DesiredService, DesiredTimer, DesiredTarget, DesiredUnit)
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
    for service in (*desired.services, *desired.templates):
        if service.template:
            continue
        yield service.unit, service.origin, partial(_unit, SERVICE, service, of_service, templates)
        if service.env_file or service.env:
            yield service.unit, service.origin, partial(_env, service, templates)
    for timer in desired.timers:
        yield timer.unit, timer.origin, partial(_unit, TIMER, timer, of_timer, templates)
    for target in desired.targets:
        yield target.unit, target.origin, partial(_unit, TARGET, target, of_target, templates)
    for unit in desired.units:
        yield unit.unit, unit.origin, partial(_unit, UNIT, unit, of_unit, templates)
    for dropin in desired.dropins:
        yield dropin.unit, dropin.origin, partial(_dropin, dropin, templates)
    yield from _jobs_of_host(desired, templates)


def _jobs_of_host(desired: Desired, templates: Templates) -> Iterator[_Job]:
    """What is no unit's."""
    made = {"sysusers": _sysusers, "tmpfiles": _tmpfiles, "cloud-init": _cloud_init}
    for path, kind, origin in accounts.paths(desired):
        yield path, origin, partial(made[kind], desired, path, origin, templates)


def _unit(template: str, declared: D, says: Callable[[D], tuple[Declared, ...]], templates: Templates) -> DesiredFile:
    first = mark(declared.origin.file)
    values = {template.removesuffix(".j2"): declared}
    text = templates.fill(template, declared.unit, specifiers=declared.specifiers, mark=first, **values)
    judge_unit(text, declared.unit, template, first, says(declared), specifiers=declared.specifiers)
    path = f"{UNIT_DIR}/{declared.unit}"
    return _file(path, text, mode="0644", kind="unit", subject=declared.unit, origin=declared.origin)


def _dropin(dropin: DesiredDropin, templates: Templates) -> DesiredFile:
    first = mark(dropin.origin.file)
    text = templates.fill(DROPIN_TEMPLATE, dropin.unit, specifiers=dropin.specifiers, mark=first, dropin=dropin)
    judge_unit(text, dropin.unit, DROPIN_TEMPLATE, first, of_dropin(dropin), specifiers=dropin.specifiers)
    return _file(dropin.path, text, mode="0644", kind=DROPIN, subject=dropin.unit, origin=dropin.origin)


def _sysusers(desired: Desired, path: str, origin: Origin, templates: Templates) -> DesiredFile:
    first, entries = mark(origin.file), accounts.account_entries(desired.accounts)
    text = templates.fill(SYSUSERS, path, mark=first, entries=entries)
    judge_mark(text, path, SYSUSERS, first)
    accounts.judge_accounts(text, path, SYSUSERS, entries)
    return _file(path, text, mode="0644", kind="sysusers", subject=path, origin=origin)


def _tmpfiles(desired: Desired, path: str, origin: Origin, templates: Templates) -> DesiredFile:
    first, entries = mark(origin.file), accounts.folder_entries(desired.folders)
    text = templates.fill(TMPFILES, path, mark=first, entries=entries)
    judge_mark(text, path, TMPFILES, first)
    accounts.judge_folders(text, path, TMPFILES, entries)
    return _file(path, text, mode="0644", kind="tmpfiles", subject=path, origin=origin)


def _cloud_init(_desired: Desired, path: str, origin: Origin, _templates: Templates) -> DesiredFile:
    text = f"{mark(origin.file)}\n{accounts.CLOUD_INIT}"
    return _file(path, text, mode="0644", kind="cloud-init", subject=path, origin=origin)


def _env(service: DesiredService, templates: Templates) -> DesiredFile:
    if not service.env_file:
        raise InputError("an environment, and no env file to put it in")
    first = mark(service.origin.file)
    text = templates.fill(ENV, service.unit, mark=first, service=service)
    judge_env(text, service, ENV, first)
    return _file(service.env_file, text, mode="0600", kind="env", subject=service.unit, origin=service.origin)


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
