"""Desired → the bytes of every unit and env file, through the templates in `unit_templates/`."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from qtctl.dialects.wording import add_more
from qtctl.errors import BrokenTemplate, InputError, InputErrors, Place, Unrendered
from qtctl.model.desired import Desired, DesiredDropin, DesiredOther, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.names import UNIT_DIR
from qtctl.model.origin import Origin
from qtctl.render import accounts
from qtctl.render.accounts import SYSUSERS, TMPFILES
from qtctl.render.declared import Declared, declare_dropin, declare_service, declare_target, declare_timer, declare_unit
from qtctl.render.filling import Filled, Filling, OwnTemplates
from qtctl.render.judge import judge_env, judge_mark, judge_unit
from qtctl.render.originals import apply_originals
from qtctl.render.planned import DROPIN
from qtctl.render.templates import fill
from qtctl.render.written import mark

SERVICE, TIMER, TARGET, UNIT, DROPIN_TEMPLATE, ENV = (
    "service.j2", "timer.j2", "target.j2", "unit.j2", "dropin.j2", "env.j2",
)  # fmt: skip
TEMPLATES = (SERVICE, TIMER, TARGET, UNIT, DROPIN_TEMPLATE, ENV, SYSUSERS, TMPFILES)
"""The template files that a caller reads and passes."""

D = TypeVar("D", DesiredService, DesiredTimer, DesiredTarget, DesiredOther)


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to make: the values for its template, and the function that judges the text and makes the file."""

    filling: Filling
    make: Callable[[str], DesiredFile]


_Planned = tuple[str, Origin, Callable[[], _Job | DesiredFile]]


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a file could not be made. An error without a place is about a value, and is where that was declared."""

    subject: str
    error: InputError
    origin: Origin

    @property
    def in_template(self) -> bool:
        return self.error.place is not None

    @property
    def place(self) -> Place:
        return self.error.place or Place(self.origin.file)


_Failed = dict[int, _Failure]
"""By the number of the job."""


def render(desired: Desired, templates: Mapping[str, str]) -> Desired:
    """`desired` with `files`, sorted by path; the same bytes for the same input.

    `templates` are texts by file name (`TEMPLATES`), or `OwnTemplates` of a user. InputErrors with everything that is
    wrong: a value that no unit file can hold, a template that is broken or does not yield the declared values.
    """
    planned = list(_list_planned(desired))
    failed: _Failed = {}
    jobs, made = _begin_jobs(planned, failed)
    fillings = [job.filling for job in jobs.values()]
    filled = templates.fill(fillings) if isinstance(templates, OwnTemplates) else fill(templates, fillings)
    for (number, job), text in zip(jobs.items(), filled, strict=True):
        with _collect_error(planned[number], number, failed):
            made[number] = job.make(_get_text(text))
    files: dict[str, DesiredFile] = {}
    for number in sorted(made):
        with _collect_error(planned[number], number, failed):
            _add_file(files, made[number])
    errors = _group_failures(failed[number] for number in sorted(failed))
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return replace(desired, files=apply_originals(files.values(), desired.originals))


def _begin_jobs(planned: Iterable[_Planned], failed: _Failed) -> tuple[dict[int, _Job], dict[int, DesiredFile]]:
    """The jobs that need a template, and the files that need none."""
    jobs: dict[int, _Job] = {}
    made: dict[int, DesiredFile] = {}
    for number, plan in enumerate(planned):
        with _collect_error(plan, number, failed):
            begun = plan[2]()
            if isinstance(begun, _Job):
                jobs[number] = begun
            else:
                made[number] = begun
    return jobs, made


@contextmanager
def _collect_error(plan: _Planned, number: int, failed: _Failed) -> Iterator[None]:
    subject, origin, _ = plan
    try:
        yield
    except InputError as error:
        failed[number] = _Failure(subject, error, origin)


def _get_text(filled: Filled) -> str:
    if isinstance(filled, InputError):
        raise filled
    return filled


def _list_planned(desired: Desired) -> Iterator[_Planned]:
    yield from _list_planned_services(desired)
    for timer in _with_files(desired.timers):
        yield timer.unit, timer.origin, partial(_make_unit_job, TIMER, timer, declare_timer)
    for target in _with_files(desired.targets):
        yield target.unit, target.origin, partial(_make_unit_job, TARGET, target, declare_target)
    for unit in _with_files(desired.other_units):
        yield unit.unit, unit.origin, partial(_make_unit_job, UNIT, unit, declare_unit)
    for dropin in desired.dropins:
        yield dropin.unit, dropin.origin, partial(_make_dropin_job, dropin)
    yield from _list_planned_of_host(desired)


def _with_files(units: Iterable[D]) -> Iterator[D]:
    """Leaves out instances of templates, which have no file of their own."""
    return (each for each in units if not each.template)


def _list_planned_services(desired: Desired) -> Iterator[_Planned]:
    for service in _with_files((*desired.services, *desired.templates)):
        yield service.unit, service.origin, partial(_make_unit_job, SERVICE, service, declare_service)
    for service in desired.env_services():
        if service.env_file or service.env:
            yield service.unit, service.origin, partial(_make_env_job, service)


def _list_planned_of_host(desired: Desired) -> Iterator[_Planned]:
    """Files of the host that belong to no unit."""
    made: dict[str, Callable[[Desired, str, Origin], _Job | DesiredFile]]
    made = {"sysusers": _make_sysusers_job, "tmpfiles": _make_tmpfiles_job, "cloud-init": _make_cloud_init}
    for path, kind, origin in accounts.list_paths(desired):
        yield path, origin, partial(made[kind], desired, path, origin)


def _make_unit_job(template: str, declared: D, says: Callable[[D], tuple[Declared, ...]]) -> _Job:
    first, unit, specifiers = mark(declared.origin.file), declared.unit, declared.specifiers

    def make(text: str) -> DesiredFile:
        judge_unit(text, unit, template, first, says(declared), specifiers=specifiers)
        return _make_file(
            f"{UNIT_DIR}/{unit}", text, template, mode="0644", kind="unit", subject=unit, origin=declared.origin
        )

    return _Job(Filling(template, unit, {"mark": first, template.removesuffix(".j2"): declared}, specifiers), make)


def _make_dropin_job(dropin: DesiredDropin) -> _Job:
    first, unit, specifiers = mark(dropin.origin.file), dropin.unit, dropin.specifiers

    def make(text: str) -> DesiredFile:
        judge_unit(text, unit, DROPIN_TEMPLATE, first, declare_dropin(dropin), specifiers=specifiers)
        return _make_file(
            dropin.path, text, DROPIN_TEMPLATE, mode="0644", kind=DROPIN, subject=unit, origin=dropin.origin
        )

    return _Job(Filling(DROPIN_TEMPLATE, unit, {"mark": first, "dropin": dropin}, specifiers), make)


def _make_sysusers_job(desired: Desired, path: str, origin: Origin) -> _Job:
    first, entries = mark(origin.file), accounts.list_account_entries(desired.accounts)

    def make(text: str) -> DesiredFile:
        judge_mark(text, SYSUSERS, first)
        accounts.judge_accounts(text, path, SYSUSERS, entries)
        return _make_file(path, text, SYSUSERS, mode="0644", kind="sysusers", subject=path, origin=origin)

    return _Job(Filling(SYSUSERS, path, {"mark": first, "entries": entries}), make)


def _make_tmpfiles_job(desired: Desired, path: str, origin: Origin) -> _Job:
    first, entries = mark(origin.file), accounts.list_folder_entries(desired.folders)

    def make(text: str) -> DesiredFile:
        judge_mark(text, TMPFILES, first)
        accounts.judge_folders(text, path, TMPFILES, entries)
        return _make_file(path, text, TMPFILES, mode="0644", kind="tmpfiles", subject=path, origin=origin)

    return _Job(Filling(TMPFILES, path, {"mark": first, "entries": entries}), make)


def _make_cloud_init(_desired: Desired, path: str, origin: Origin) -> DesiredFile:
    text = f"{mark(origin.file)}\n{accounts.CLOUD_INIT}"
    return _make_file(path, text, "", mode="0644", kind="cloud-init", subject=path, origin=origin)


def _make_env_job(service: DesiredService) -> _Job:
    if not service.env_file:
        raise InputError("an environment, and no env file to put it in")
    first, unit = mark(service.origin.file), service.unit

    def make(text: str) -> DesiredFile:
        judge_env(text, service, ENV, first)
        return _make_file(service.env_file, text, ENV, mode="0600", kind="env", subject=unit, origin=service.origin)

    return _Job(Filling(ENV, unit, {"mark": first, "service": service}), make)


def _make_file(
    path: str, text: str, template: str, *, mode: str, kind: str, subject: str, origin: Origin
) -> DesiredFile:
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        place = Place(f"{subject} from {template}", line)
        raise InputError("a character that UTF-8 has no bytes for", hint="leave it out", place=place) from error
    digest = hashlib.sha256(content).hexdigest()
    return DesiredFile(path, content, mode, "root", "root", digest, kind, subject, origin)


def _add_file(files: dict[str, DesiredFile], file: DesiredFile) -> None:
    if file.path in files:
        raise InputError(f"{file.path} is also the file of {files[file.path].subject}")
    files[file.path] = file


def _group_failures(failed: Iterable[_Failure]) -> tuple[Unrendered, ...]:
    """One error for each fault, although a broken line of a template fails once for every unit."""
    alike: dict[tuple[Place, str, bool], list[_Failure]] = {}
    for each in failed:
        alike.setdefault((each.place, each.error.what, each.in_template), []).append(each)
    return tuple(_merge_failures(those) for those in alike.values())


def _merge_failures(failed: Sequence[_Failure]) -> Unrendered:
    """One error for the same fault of several subjects; it names the first."""
    first, error = failed[0], failed[0].error
    names = f"{first.subject}{add_more(len(failed) - 1)}"
    if isinstance(error, BrokenTemplate):
        what = f"template of {names}: {error.what}"
    else:
        what = error.what if first.in_template else f"{names}: {error.what}"
    return Unrendered(
        what,
        units=tuple(each.subject for each in failed),
        why=error.what,
        in_template=first.in_template,
        hint=error.hint,
        place=first.place,
        field=error.field,
    )
