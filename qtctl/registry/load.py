"""TOML texts → Registry, with every error of every file at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from qtctl.dialects.endpoints import LOCAL, NAME_LENGTH, TAG_SIGN, is_declared_name, is_tag, is_target
from qtctl.dialects.nearest import Known
from qtctl.dialects.toml.keys import write_key
from qtctl.dialects.toml.positions import get_line
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError, InputErrors, Place
from qtctl.model import registry as model
from qtctl.model.accounts import Folder, User
from qtctl.model.checks import Check
from qtctl.model.code import Code
from qtctl.model.host_defaults import EVERY, HostTables, is_default_table
from qtctl.model.host_defaults import FILE as HOSTS_FILE
from qtctl.model.origin import Origin
from qtctl.model.policy import Policy
from qtctl.model.service import Service
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.model.units import Original
from qtctl.model.vocabulary import find_model
from qtctl.registry.amounts import check_amounts
from qtctl.registry.check import check
from qtctl.registry.damage import Damage, repair
from qtctl.registry.file_names import FILES, FOLDERS, SUFFIX, suggest_file
from qtctl.registry.locks import is_lock, read_locks
from qtctl.registry.places import Places
from qtctl.registry.policy import check_policy
from qtctl.rules.problem import Problem

if TYPE_CHECKING:
    from qtctl.model.refusals import Refusal

M = TypeVar("M", bound=BaseModel)

TABLES: dict[str, tuple[str, type[BaseModel]]] = {
    "hosts.toml": ("hosts", model.Host),
    "stores.toml": ("stores", model.Store),
    **{f"{table}.toml": (table, find_model(table)) for table in (*UNIT_TABLES, "dropins") if table != "services"},
    "venvs.toml": ("venvs", model.Venv),
    "streams.toml": ("keys", model.Key),
    "externals.toml": ("externals", model.External),
    "users.toml": ("users", User),
    "folders.toml": ("folders", Folder),
    "checks.toml": ("checks", Check),
    "code.toml": ("code", Code),
    "originals.toml": ("originals", Original),
}
"""Files that map names to tables: the Registry field they fill and the model of a table."""

DEFAULT_KEYS = frozenset(model.HostDefaults.model_fields)
REQUIRED = ("fleet.toml", "hosts.toml")


def load(files: Mapping[str, bytes]) -> model.Registry:
    """Build the registry from its files, by path relative to it (`services/ai-engine.toml`).

    Raises InputErrors with every error found, each with file and line.
    """
    reading = examine(files)
    if reading.errors or reading.registry is None:
        raise InputErrors(reading.errors)
    return reading.registry


def read_policy(content: bytes) -> Policy:
    """policy.toml alone. InputErrors as for a whole registry."""
    loader = _Loader({"policy.toml": content})
    found = loader.load_file("policy.toml", Policy)
    problems = [] if found is None else [_place_problem(loader.places, each) for each in check_policy(found)]
    if found is None or loader.errors or problems:
        raise InputErrors(_order_errors([*loader.errors, *problems]))
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that could be read, and every error. `registry`: None if fleet.toml is missing or cannot be read.

    `damaged`: entries with unreadable parts; `excessive`: the registry is too large to be used.
    """

    registry: model.Registry | None
    errors: tuple[InputError, ...]
    damaged: tuple[Origin, ...] = ()
    excessive: bool = False


def examine(files: Mapping[str, bytes]) -> Reading:
    """Read as much of the registry as possible. Errors are in the order in which a reader goes through the files."""
    loader = _Loader(files)
    registry = loader.load()
    problems: list[Problem] = []
    excessive = False
    if registry is not None:
        problems = list(check_amounts(registry, files))
        excessive = bool(problems)
        problems = problems or (loader.damage.list_certain(registry) if loader.errors else check(registry))
    errors = _order_errors([*loader.errors, *(_place_problem(loader.places, each) for each in problems)])
    damaged = tuple(Origin(file, path) for file, path in loader.damage.entries)
    return Reading(registry, errors, damaged, excessive)


def _order_errors(errors: Iterable[InputError]) -> tuple[InputError, ...]:
    """In the order in which a reader goes through the files."""
    return tuple(
        sorted(errors, key=lambda error: (error.place.file, error.place.line or 0) if error.place else ("", 0))
    )


def _place_problem(places: Places, problem: Problem) -> InputError:
    origin = problem.origin
    entry = origin.path[:1] if origin.file in TABLES else ()
    return InputError(
        problem.what if problem.also is None else f"{problem.what} (see {places.of(problem.also)})",
        hint=problem.hint,
        place=places.of(origin),
        id_=problem.id,
        subject="/".join((origin.file.removesuffix(".toml"), *entry)),
        field=write_key(origin.path[len(entry) :]),
    )


class _Loader:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.places = Places(files)
        self.errors: list[InputError] = []
        self.origins: dict[tuple[str, str], Origin] = {}
        self.damage = Damage()
        self.host_defaults: dict[str, model.HostDefaults] = {}
        self.defaulted: dict[str, Mapping[tuple[str, ...], str]] = {}

    def load(self) -> model.Registry | None:
        self.errors += self._find_missing()
        fleet = self.load_file("fleet.toml", model.Fleet)
        policy = self.load_file("policy.toml", Policy) or Policy()
        tables: dict[str, Any] = {field: self._load_table(name, field, kind) for name, (field, kind) in TABLES.items()}
        tables |= {"host_defaults": self.host_defaults, "defaulted": self.defaulted}
        services = self._load_services()
        locks, wrong = read_locks(tables["venvs"], self.files, self.places)
        self.errors += wrong
        legacy = {name: record for name in self._list_below("legacy") if (record := self.load_file(name, model.Legacy))}
        self._report_strays()
        if fleet is None:
            return None
        return model.Registry(
            fleet=fleet,
            policy=policy,
            services=services,
            legacy=tuple(legacy.values()),
            legacy_files={record.compose: name for name, record in legacy.items()},
            origins=self.origins,
            locks=locks,
            lock_texts={path: self.files[path].decode() for path in locks},
            **tables,
        )

    def _load_services(self) -> dict[str, Service]:
        found = {}
        for path in self._list_below("services"):
            name = PurePosixPath(path).stem
            self.origins["services", name] = Origin(path)
            self._check_name(name, "a service", Origin(path))
            service = self.load_file(path, Service)
            if service is None:
                self.damage.unread.setdefault("services", set()).add(name)
            else:
                found[name] = service
        return found

    def _load_table(self, path: str, field: str, kind: type[M]) -> dict[str, M]:
        found = {}
        document = self._parse(path)
        if document is None and (path in self.files or path in REQUIRED):
            self.damage.lost.add(field)
        entries, unsure = document or {}, dict[str, frozenset[str]]()
        if kind is model.Host and any(map(is_default_table, entries)):
            entries, unsure = self._complete_hosts(entries)
        for name, value in entries.items():
            self.origins[field, name] = Origin(path, (name,))
            if kind not in (model.Key, Folder):
                self._check_name(name, f"one of the {field}", Origin(path, (name,)))
            if kind is model.Host:
                self._check_host_name(name, Origin(path, (name,)))
            node = self._validate(path, (name,), value, kind, unsure.get(name, frozenset()))
            if node is None:
                self.damage.unread.setdefault(field, set()).add(name)
            else:
                found[name] = node
        return found

    def _complete_hosts(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, frozenset[str]]]:
        """The tables of hosts with the defaults in them; and for each host, keys whose defaults have an error."""
        written = {name: value for name, value in document.items() if is_default_table(name)}
        wrong: dict[str, frozenset[str]] = {}
        for name, value in written.items():
            origin = self.origins["host_defaults", name] = Origin(HOSTS_FILE, (name,))
            self._check_tag(name, origin)
            node = self._validate(HOSTS_FILE, (name,), value, model.HostDefaults)
            damaged = self.damage.entries.get((HOSTS_FILE, (name,)), [])
            wrong[name] = frozenset(path[0] for path in damaged if path) if node is not None else DEFAULT_KEYS
            if node is not None:
                self.host_defaults[name] = node
        tables = HostTables(written, DEFAULT_KEYS)
        found: dict[str, Any] = {}
        unsure: dict[str, frozenset[str]] = {}
        for name, value in document.items():
            if name in written:
                continue
            found[name] = value
            if isinstance(value, dict):
                found[name], self.defaulted[name] = tables.complete(value)
                unsure[name] = frozenset().union(*(wrong[each] for each in tables.list_applied(value))) - value.keys()
        return found, unsure

    def _check_tag(self, name: str, origin: Origin) -> None:
        if name == EVERY or is_tag(name.removeprefix(TAG_SIGN)):
            return
        hint = f'defaults are for all hosts, ["{EVERY}"], or for a tag of letters, digits and . _ -, such as ["@web"]'
        self.errors.append(InputError(f"{name!r} is not a valid tag", hint=hint, place=self.places.of(origin)))
        self.damage.note(origin, [])

    def _check_name(self, name: str, what: str, origin: Origin) -> None:
        if not is_declared_name(name):
            place = self.places.of(origin) if origin.path else Place(origin.file)
            hint = f"letters, digits and . _ @ -, the first a letter or digit, at most {NAME_LENGTH}"
            self.errors.append(InputError(f"{name!r} is not a valid name for {what}", hint=hint, place=place))
            self.damage.note(origin, [])

    def _check_host_name(self, name: str, origin: Origin) -> None:
        if is_target(name) and name != LOCAL:
            return
        hint = f"a host name that ssh accepts, and not {LOCAL}, which is the machine that qtctl runs on"
        self.errors.append(InputError(f"{name!r} is not a valid host name", hint=hint, place=self.places.of(origin)))
        self.damage.note(origin, [])

    def load_file(self, path: str, kind: type[M]) -> M | None:
        if path not in self.files:
            return None
        document = self._parse(path)
        return None if document is None else self._validate(path, (), document, kind)

    def _parse(self, path: str) -> dict[str, Any] | None:
        content = self.files.get(path)
        if content is None:
            return None
        try:
            return read(content, path)
        except InputError as error:
            self.errors.append(error)
        return None

    def _validate(
        self, path: str, prefix: tuple[str, ...], value: object, kind: type[M], unsure: frozenset[str] = frozenset()
    ) -> M | None:
        """`unsure`: keys that an error elsewhere has spoilt. Errors that they cause here are not reported."""
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            from qtctl.model.refusals import list_refusals  # noqa: PLC0415 - 10 ms, and valid registries do without it

            found = list_refusals(kind, value, error, prefix)
        mine = [each for each in found if not (each.path and each.path[0] in unsure)]
        self.errors += [self._make_error(path, prefix, each) for each in mine]
        node, damaged = repair(kind, value, [_list_keys(each.path) for each in found])
        meant = [_list_keys(each.meant) for each in found if each.meant]
        self.damage.note(Origin(path, prefix), [*damaged, *meant])
        return node

    def _make_error(self, path: str, prefix: tuple[str, ...], refusal: "Refusal") -> InputError:
        keys = (*prefix, *map(str, refusal.path))
        place = Place(path, get_line(self.places.map_lines(path), keys) or 1)
        subject = "/".join((path.removesuffix(".toml"), *prefix))
        return InputError(refusal.what, hint=refusal.hint, place=place, subject=subject, field=write_key(refusal.path))

    def _list_below(self, folder: str, *, deep: bool = False) -> list[str]:
        """The files in a folder. `deep`: and in its subfolders, including those that are not read."""
        below = (path for path in self.files if path.startswith(f"{folder}/") and path != f"{folder}/")
        return sorted(path for path in below if deep or _is_direct(path))

    def _report_strays(self) -> None:
        named = Known(FILES)
        for path in sorted(self.files):
            if (
                path in FILES
                or is_lock(path)
                or _is_direct(path)
                or (path.endswith("/") and self._list_below(path.rstrip("/"), deep=True))
            ):
                continue
            meant = _suggest_path(path, named)
            self._note_unread(meant)
            what = f"not a {'folder' if path.endswith('/') else 'file'} of a registry"
            hint = f"did you mean {meant}?" if meant else f"a registry has {', '.join(sorted(FILES))}"
            self.errors.append(InputError(what, hint=hint, place=Place(path)))

    def _note_unread(self, meant: str) -> None:
        """Note which names a file that was not read may declare."""
        folder, _, name = meant.rpartition("/")
        if meant in TABLES:
            self.damage.lost.add(TABLES[meant][0])
        elif folder == "services":
            self.damage.unread.setdefault("services", set()).add(PurePosixPath(name).stem)

    def _find_missing(self) -> Iterator[InputError]:
        """Files that a registry must have, unless one exists under a mistyped name."""
        named = Known(FILES)
        meant = {_suggest_path(path, named) for path in self.files if path not in FILES}
        for name in REQUIRED:
            if name not in self.files and name not in meant:
                yield InputError(f"{name} is missing from the registry", hint="see docs/registry.md", place=Place(name))


def _is_direct(path: str) -> bool:
    """Whether it is a file in one of the folders of a registry."""
    return path.endswith(SUFFIX) and PurePosixPath(path).parent.as_posix() in FOLDERS


def _suggest_path(path: str, named: Known) -> str:
    """The registry file that a mistyped path was probably meant to be; '' if none is similar."""
    if path.endswith("/"):
        return f"{Known(FOLDERS).find_nearest(path.rstrip('/'))}/"
    if not path.endswith(SUFFIX):
        return suggest_file(path)
    folder, _, name = path.rpartition("/")
    near = Known(FOLDERS).find_nearest(folder)
    return f"{near}/{name}" if near else named.find_nearest(path)


def _list_keys(path: Sequence[str | int]) -> tuple[str, ...]:
    """For something in a list, the keys that lead to the list."""
    return tuple(str(step) for step in takewhile(lambda step: isinstance(step, str), path))
