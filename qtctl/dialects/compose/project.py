"""Compose files → one project, as Compose loads it: variables, `extends`, `include`, merging, long forms, defaults.

Nothing here reads a file: texts come from `Sources`. Nothing is fetched or run, whatever a file names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from qtctl.dialects.compose.dotenv import read_dotenv
from qtctl.dialects.compose.interpolation import interpolate
from qtctl.dialects.compose.merge import drop_repeated, merge
from qtctl.dialects.compose.model import Document, clear, read_documents
from qtctl.dialects.compose.paths import find_folder, join_path, resolve_paths
from qtctl.dialects.compose.ports import check_number
from qtctl.dialects.compose.shape_check import check_shape
from qtctl.dialects.compose.short_forms import make_canonical
from qtctl.dialects.compose.tree import MAX_NODES
from qtctl.dialects.compose.values import Path, Table, clone, find_place, list_services
from qtctl.errors import InputError, InputErrors, Place

Read = Callable[[str], str | None]
"""Absolute path → the file's text; None if it does not exist. InputError if it may not be read."""
Value = Any
MAX_FILES = 200
"""Of one project; a file counts each time that it is read."""
MAX_CHAIN = 32
"""How many services may extend each other in a row, and how many files may include each other."""
_NOTHING: Final[tuple[Path, ...]] = ()
RESOURCES: Final = ("services", "volumes", "networks", "secrets", "configs", "models")
REMOTE: Final = ("http://", "https://", "git://", "ssh://", "git@", "github.com/", "oci://")


@dataclass(frozen=True, slots=True)
class Options:
    """`environment`: of the shell and the env files; the source of `${NAME}`. `home` is what `~` means.

    Relative paths in the files start in `folder`; the names of the files themselves start in `here`.
    """

    folder: str
    here: str
    environment: Mapping[str, str] = field(default_factory=dict)
    home: str = ""


@dataclass(slots=True)
class Loading:
    """One project while it is being read. `used`: replaced variables, and whether they had no value."""

    read: Read
    home: str
    is_outside: Callable[[str], bool]
    used: dict[str, bool] = field(default_factory=dict)
    count: int = 0
    nodes: int = 0
    values: dict[str, str] = field(default_factory=dict)
    parsed: dict[tuple[str, str], tuple[Document, ...]] = field(default_factory=dict)
    """Name and text of a file → its documents, if they were parsed before."""

    def read_text(self, path: str, place: Place, what: str) -> str:
        self.count += 1
        if self.count > MAX_FILES:
            raise InputError(f"the project is made of more than {MAX_FILES} files", place=place)
        if path.startswith(REMOTE) or "://" in path:
            raise InputError(
                f"{what}: {path.partition('://')[0]}://… is elsewhere", hint="qtctl fetches nothing", place=place
            )
        text = self.read(path)
        if text is None:
            raise InputError(f"{what}: there is no file {path}", place=place)
        return text


@dataclass(frozen=True, slots=True)
class _Context:
    """Of the file being read: where its relative paths start, its variables, and which files and services led to it."""

    folder: str
    environment: Mapping[str, str]
    included: tuple[str, ...] = ()


def load_model(files: Mapping[str, str], options: Options, loading: Loading) -> Table:
    """The merged model of `files` (path as it was named → text). InputError or InputErrors with file and line."""
    context = _Context(options.folder, options.environment)
    texts = [(name, join_path(options.here, name, ""), text) for name, text in files.items()]
    return _merge_texts(texts, context, loading)


def _merge_texts(texts: list[tuple[str, str, str]], context: _Context, loading: Loading) -> Table:
    model = Table()
    for file in texts:
        model = _merge_file(file, model, context, loading)
    set_defaults(model)
    resolve_paths(model, context.folder, loading.home)
    _fill_environment(model, context.environment)
    return model


def _merge_file(file: tuple[str, str, str], model: Table, context: _Context, loading: Loading) -> Table:
    name, path, text = file
    included = (*context.included, path)
    for document in loading.parsed.pop((name, text), None) or read_documents(text, name):
        loading.nodes += _count_size(document.table)
        _check_bounds(loading, document.table.place)
        loading.values.update(context.environment)
        table = interpolate(document.table, context.environment, loading.used)
        _extend_all(table, path, document.cleared, context.environment, loading)
        clear(model, document.cleared)
        _include_all(table, replace(context, included=included), loading)
        model.place = model.place if model else table.place
        model = drop_repeated(merge(model, table))
        check_shape(model, name)
        model.pop("version", None)
        check_number(model)
        model = drop_repeated(_make_long_form(model))
        _omit_empty(model)
    return model


def _make_long_form(model: Table) -> Table:
    """InputError or InputErrors for values that have no long form."""
    errors: list[InputError] = []
    made = make_canonical(model, model.place, errors)
    if len(errors) == 1:
        raise errors[0]
    if errors or not isinstance(made, Table):
        raise InputErrors(tuple(errors))
    return made


def _check_bounds(loading: Loading, place: Place) -> None:
    if loading.nodes > MAX_NODES:
        raise InputError(f"the files of the project have more than {MAX_NODES} values", place=place)


def _count_size(value: Value) -> int:
    if isinstance(value, Table):
        return 1 + sum(map(_count_size, value.values()))
    return 1 + sum(map(_count_size, value)) if isinstance(value, list) else 1


# extends


@dataclass(frozen=True, slots=True)
class _Extending:
    path: str
    cleared: tuple[Path, ...]
    chain: tuple[tuple[str, str], ...] = ()


def _extend_all(
    table: Table, path: str, cleared: tuple[Path, ...], environment: Mapping[str, str], loading: Loading
) -> None:
    found = table.get("services")
    if not isinstance(found, Table):
        return
    for name in list(found):
        found[name] = _extend(name, found, _Extending(path, cleared), environment, loading)


def _extend(name: str, among: Table, at: _Extending, environment: Mapping[str, str], loading: Loading) -> Value:
    service = among[name]
    extends = service.get("extends") if isinstance(service, Table) else None
    if extends is None:
        return service
    place = service.line_of("extends")
    base_name, file = _read_reference(name, extends, place)
    step = (join_path(find_folder(at.path), file, loading.home) if file else at.path, name)
    if step in at.chain or len(at.chain) >= MAX_CHAIN:
        what = f"service {name}: extends: leads back to itself, or through more than {MAX_CHAIN} services"
        raise InputError(what, place=place)
    inner = replace(at, chain=(*at.chain, step))
    bases = among
    if file:
        bases, cleared = _load_bases(file, at.path, place, environment, loading)
        inner = replace(inner, path=step[0], cleared=cleared)
    if base_name not in bases:
        where = f" in {file}" if file else ""
        raise InputError(f"service {name}: extends: there is no service {base_name}{where}", place=place)
    base = _extend(base_name, bases, inner, environment, loading)
    if not isinstance(base, Table):
        return service
    source = clone(base)
    loading.nodes += _count_size(source)
    _check_bounds(loading, place)
    clear(Table([("services", Table([(name, source)]))]), at.cleared)
    merged = merge(source, service, ("services", name))
    if "extends" in merged:
        del merged["extends"]
    merged.place = service.place
    among[name] = merged
    return merged


def _read_reference(name: str, extends: Value, place: Place) -> tuple[str, str]:
    if isinstance(extends, str):
        return extends, ""
    service = extends.get("service") if isinstance(extends, Table) else None
    file = extends.get("file") if isinstance(extends, Table) else None
    if not isinstance(service, str) or not isinstance(file, str | None):
        raise InputError(f"service {name}: extends: names no service", hint="extends: {service: NAME}", place=place)
    return service, file or ""


def _load_bases(
    file: str, path: str, place: Place, environment: Mapping[str, str], loading: Loading
) -> tuple[Table, tuple[Path, ...]]:
    """Services of another file, with their paths made absolute from there."""
    other = join_path(find_folder(path), file, loading.home)
    model, cleared = Table(), _NOTHING
    text = loading.read_text(file if file.startswith(REMOTE) else other, place, "extends")
    for document in read_documents(text, other):
        loading.nodes += _count_size(document.table)
        _check_bounds(loading, place)
        cleared = document.cleared
        table = interpolate(document.table, environment, loading.used)
        clear(model, cleared)
        model = drop_repeated(merge(model, table))
        check_shape(model, other, alone=False)
        check_number(model)
        model = drop_repeated(_make_long_form(model))
    found = model.get("services")
    if not isinstance(found, Table):
        raise InputError(f"extends: {other} has no services", place=place)
    resolve_paths(model, find_folder(other), loading.home)
    return found, cleared


# include


def _include_all(table: Table, context: _Context, loading: Loading) -> None:
    includes = table.pop("include", None)
    if includes is None:
        return
    place = table.line_of("include")
    if not isinstance(includes, list):
        raise InputError("include: is not a list", place=place)
    for each in includes:
        entry = each if isinstance(each, Table) else Table([("path", each)], find_place(each, place))
        _import(_include(entry, find_place(each, place), context, loading), table)


def _include(entry: Table, place: Place, context: _Context, loading: Loading) -> Table:
    paths = _read_texts(entry.get("path"), "include: path", place)
    if not paths:
        raise InputError("include: names no file", place=place)
    remote = next((path for path in paths if path.startswith(REMOTE)), "")
    main = join_path(context.folder, paths[0], loading.home)
    if remote:
        loading.read_text(remote, place, "include")
    if main in context.included or len(context.included) > MAX_CHAIN:
        raise InputError("include: leads back to itself", place=place)
    directory = entry.get("project_directory")
    folder = join_path(context.folder, directory, loading.home) if isinstance(directory, str) else find_folder(main)
    known: dict[str, str] = {}
    for path in _list_env_paths(entry, folder, place, context, loading):
        check_inside(path, place, loading.is_outside)
        text = loading.read_text(path, place, "include: env_file") if "env_file" in entry else loading.read(path)
        known = read_dotenv(text or "", path, context.environment.get, known)
    environment = {**known, **context.environment}
    texts = []
    for path in paths:
        absolute = join_path(context.folder, path, loading.home)
        texts.append((absolute, absolute, loading.read_text(absolute, place, "include")))
    return _merge_texts(texts, _Context(folder, environment, context.included), loading)


def check_inside(path: str, place: Place, is_outside: Callable[[str], bool]) -> None:
    """InputError for an env file outside the project's folder: its values could show up anywhere."""
    if is_outside(path):
        what = f"takes variables from {path}, which is outside the folder of the project"
        raise InputError(what, hint="if you trust it, name it yourself: --env-file", place=place)


def _list_env_paths(entry: Table, folder: str, place: Place, context: _Context, loading: Loading) -> list[str]:
    if "env_file" in entry:
        files = _read_texts(entry["env_file"], "include: env_file", place)
        return [join_path(context.folder, file, loading.home) for file in files]
    return [join_path(folder, ".env", loading.home)]


def _read_texts(value: Value, what: str, place: Place) -> list[str]:
    found = value if isinstance(value, list) else [value] if value is not None else []
    if not all(isinstance(each, str) for each in found):
        raise InputError(f"{what} is not a path", place=place)
    return found


def _import(source: Table, target: Table) -> None:
    for kind in RESOURCES:
        found = source.get(kind)
        if not isinstance(found, Table):
            continue
        own = target.setdefault(kind, Table((), found.place))
        for name, value in found.items():
            if name in own and own[name] != value:
                raise InputError(
                    f"{kind}.{name} is declared here, and otherwise in an included file",
                    hint="give one of them another name, or include it with an override file",
                    place=own.line_of(name) if isinstance(own, Table) else found.line_of(name),
                )
            own.take(name, value, found.line_of(name))


# defaults


def set_defaults(model: Table) -> None:
    for _, service in list_services(model):
        build = service.get("build")
        if isinstance(build, Table):
            build.setdefault("context", ".")
        for secret in service.get("secrets") or ():
            secret.setdefault("target", f"/run/secrets/{secret.get('source')}")
        for port in service.get("ports") or ():
            port.setdefault("protocol", "tcp")
            port.setdefault("mode", "ingress")
        for request in (*list_devices(service), *(service.get("gpus") or ())):
            if "count" not in request and "device_ids" not in request:
                request["count"] = "all"


def list_devices(service: Table) -> list[Table]:
    """The devices that deploy reserves for a service."""
    found: Value = service
    for key in ("deploy", "resources", "reservations", "devices"):
        found = found.get(key) if isinstance(found, Table) else None
    return found or []


def _omit_empty(model: Table) -> None:
    for _, service in list_services(model):
        if isinstance(service.get("dns"), list):
            service["dns"] = [each for each in service["dns"] if each not in (None, "")]


def _fill_environment(model: Table, environment: Mapping[str, str]) -> None:
    """Fill in `- NAME` entries that have a value outside."""
    for _, service in list_services(model):
        entries = service.get("environment")
        if isinstance(entries, list):
            service["environment"] = [
                type(each)(f"{each}={environment[each]}", each.place) if each in environment else each
                for each in entries
            ]
