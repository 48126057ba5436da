"""Compose files → a project, and → the services that reports compare.

Reports all errors at once, each with its line.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qtctl.dialects.compose.attached import Attached, Missing
from qtctl.dialects.compose.canonical import RESOURCES, SERVICE
from qtctl.dialects.compose.consistency import check_consistency
from qtctl.dialects.compose.dotenv import read_dotenv
from qtctl.dialects.compose.interpolation import Variables, Wrong, substitute
from qtctl.dialects.compose.model import read_documents
from qtctl.dialects.compose.normal import make_project_name, normalize
from qtctl.dialects.compose.ports import list_published
from qtctl.dialects.compose.project import Loading, Options, Read, load_model
from qtctl.dialects.compose.types import Compose, ComposeService
from qtctl.dialects.compose.values import Table, list_services
from qtctl.errors import InputError, InputErrors, Place

Value = Any
NAME, PROFILES = "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"


def is_nowhere(_: str) -> bool:
    """For single files: nothing is outside."""
    return False


@dataclass(frozen=True, slots=True)
class Setting:
    """How files are read. `environment`: of the shell. `folder`: absolute; relative paths in the files start here.

    `here`: absolute; the names of the files themselves start here.

    `env_files`: path → text, of `.env` or what replaces it.

    `lenient`: problems that a report can live with (a missing env file, an undeclared name) are listed in the project
    and are not errors.

    `is_outside`: whether a file is outside the project's folder once links are followed.
    """

    folder: str = "/"
    here: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    env_files: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    home: str = ""
    lenient: bool = False
    is_outside: Callable[[str], bool] = is_nowhere


@dataclass(frozen=True, slots=True)
class Project:
    """`model` is normalised, with lines. `values`: service → what `docker compose config` prints for it.

    `enabled`: services with an enabled profile, or with none.

    `environments`: service → its variables including those of its env files. `used`: variables from outside that were
    replaced, with their values.
    """

    file: str
    name: str
    model: Table
    values: Mapping[str, Mapping[str, Value]]
    enabled: tuple[str, ...]
    environments: Mapping[str, Mapping[str, str | None]]
    used: Mapping[str, str]
    unset: tuple[str, ...] = ()
    """Variables with neither a value nor a default: Compose replaces them with an empty text."""
    missing: tuple[Missing, ...] = ()
    refused: tuple[InputError, ...] = ()
    """Why Compose would refuse to run it, for reasons that are not errors here."""
    foreign: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Service → its variables whose values come from an env file outside the project's folder."""

    def list_services(self) -> dict[str, Table]:
        return dict(list_services(self.model))


def read_nothing(_: str) -> None:
    """A reader for single files."""


def load_project(files: Mapping[str, str], setting: Setting, read: Read = read_nothing) -> Project:
    """`files`: path as it was named → text, merged in this order. InputError or InputErrors with file and line."""
    first = next(iter(files))
    outside = _make_environment(setting)
    loading = Loading(read, setting.home, setting.is_outside)
    name = _find_name(files, setting, outside, loading)
    outside = {**outside, NAME: name}
    model = load_model(files, Options(setting.folder, setting.here, outside, setting.home), loading)
    if "services" not in model:
        raise InputError("has no `services:`", hint="is it a compose file?", place=Place(first, 1))
    if not model["services"]:
        raise InputError("services: names no service", place=model.line_of("services"))
    for each, service in list_services(model):
        service.place = model["services"].line_of(each)
    normalize(model, name, outside)
    enabled = tuple(
        each for each, service in list_services(model) if _is_enabled(service, _list_profiles(setting, outside))
    )
    values = _convert_all(model)
    refused = tuple(check_consistency(model, enabled))
    if not setting.lenient:
        _raise(refused)
    attached = Attached(outside, loading, setting.lenient)
    for each, service in list_services(model):
        wanted = each in enabled or setting.lenient
        attached.read_environment(each, service, wanted=wanted)
        labels = attached.read_labels(each, service, wanted=wanted)
        if labels:
            values[each] = {**values[each], "labels": labels}
    used = {variable: outside[variable] for variable in loading.used if variable in outside}
    unset = tuple(sorted(variable for variable, nothing_said in loading.used.items() if nothing_said))
    missing, foreign = tuple(attached.missing), attached.foreign
    return Project(first, name, model, values, enabled, attached.environments, used, unset, missing, refused, foreign)


def _convert_all(model: Table) -> dict[str, Mapping[str, Value]]:
    """Service → its values, each in the type that Compose gives it. InputError or InputErrors."""
    found: dict[str, Mapping[str, Value]] = {}
    errors: list[InputError] = []
    for name, service in list_services(model):
        try:
            found[name] = SERVICE(service)
        except InputError as error:
            errors.append(InputError(f"service {name}: {error.what}", hint=error.hint, place=error.place))
    for kind, convert in RESOURCES.items():
        resources = model.get(kind)
        for key, each in resources.items() if isinstance(resources, Table) else ():
            try:
                convert(each)
            except InputError as error:
                errors.append(InputError(f"{kind}.{key}: {error.what}", hint=error.hint, place=error.place))
    _raise(errors)
    return found


def _raise(errors: Iterable[InputError]) -> None:
    found = tuple(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise InputErrors(found)


def _make_environment(setting: Setting) -> dict[str, str]:
    """The shell's variables, then those that only the env files have. PWD is known without a shell, too."""
    shell = {"PWD": setting.here, **setting.environment}
    found: dict[str, str] = {}
    for file, text in setting.env_files.items():
        found = read_dotenv(text, file, shell.get, found)
    return {**found, **shell}


def _find_name(files: Mapping[str, str], setting: Setting, outside: Mapping[str, str], loading: Loading) -> str:
    """The project's name. What is parsed to find it is kept in `loading`."""
    if outside.get(NAME):
        return outside[NAME]
    declared = ""
    for file, text in files.items():
        parsed = loading.parsed[file, text] = read_documents(text, file)
        for document in parsed:
            value = document.table.get("name")
            declared = value if isinstance(value, str) and value else declared
    try:
        named = make_project_name(substitute(declared, Variables(outside)))
    except Wrong as error:
        raise InputError(f"name {error}", place=Place(next(iter(files)))) from error
    if declared and not named:
        raise InputError("name: is empty", hint="letters, digits, - and _", place=Place(next(iter(files)), 1))
    return named or make_project_name(setting.folder.rpartition("/")[2]) or "project"


def _list_profiles(setting: Setting, outside: Mapping[str, str]) -> tuple[str, ...]:
    return setting.profiles or tuple(each.strip() for each in outside.get(PROFILES, "").split(","))


def _is_enabled(service: Table, profiles: tuple[str, ...]) -> bool:
    own = service.get("profiles") or ()
    return not own or any(profile == "*" or profile in own for profile in profiles)


def load(text: str, file: str) -> Compose:
    """The services of a single file, without variables from outside. Errors as in `load_project`."""
    return make_compose(load_project({file: text}, Setting(lenient=True)))


def make_compose(project: Project) -> Compose:
    """Services in file order, with every port that they publish."""
    found = (
        ComposeService(name, _find_line(service.place, project.file), tuple(list_published(service, project.file)))
        for name, service in list_services(project.model)
    )
    return Compose(project.file, tuple(found))


def _find_line(place: Place, file: str) -> int:
    """1 if the place is in another file."""
    return (place.line or 1) if place.file == file else 1


def make_canonical(project: Project) -> dict[str, Value]:
    """What `docker compose config --format json` prints for the project."""
    made: dict[str, Value] = {"name": project.name, "services": {}}
    for name in project.enabled:
        shown = dict(project.values[name])
        if project.environments[name]:
            shown["environment"] = dict(project.environments[name])
        made["services"][name] = shown
    used = {kind: set(_list_used(project, kind)) for kind in RESOURCES}
    for kind, convert in RESOURCES.items():
        resources = project.model.get(kind)
        found = resources if isinstance(resources, Table) else Table()
        shown = {key: convert(each) for key, each in found.items() if key in used[kind]}
        if shown:
            made[kind] = shown
    made.update((key, value) for key, value in project.model.items() if key.startswith("x-"))
    return made


def _list_used(project: Project, kind: str) -> Iterator[str]:
    """Names that enabled services use: Compose shows no others."""
    for name, service in list_services(project.model):
        if name not in project.enabled:
            continue
        if kind == "networks":
            yield from service.get(kind) or ()
        elif kind == "volumes":
            yield from (each.get("source", "") for each in service.get(kind) or () if each.get("type") == "volume")
        else:
            built = (service.get("build") or {}).get(kind) or ()
            yield from (each.get("source", "") for each in (*(service.get(kind) or ()), *built))
