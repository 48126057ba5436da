"""Changes that an operator made on a host since the last deploy → edits of the registry, each proved by rendering."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qtctl.adopt.assignments import At
from qtctl.adopt.compare import Values, are_same_values, merge_file, read_values
from qtctl.adopt.drift import Naming, Side, hide_values, list_candidates, list_hidden_names, list_sources, read_side
from qtctl.adopt.drift_files import HostFiles, select_files
from qtctl.adopt.drift_standing import StandingChange, find_standing_changes
from qtctl.adopt.names import make_allowed
from qtctl.adopt.registry import write_text as written
from qtctl.dialects.systemd.unitfile import parse
from qtctl.dialects.toml.edit import remove_key, set_value
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.flows.declare import Loaded, declare
from qtctl.flows.lint import Files, Templates, list_findings
from qtctl.model.adoption import Found, UnitState
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.drift import Drift, DriftFate, Edit
from qtctl.model.origin import Origin
from qtctl.render.originals import digest_of

ORIGINALS = "originals.toml"
_WHO_CHANGED_IT = "it differs from the registry, and the host keeps no deploy that shows which of them was changed"


@dataclass(frozen=True, slots=True)
class DriftQuestion:
    """A registry, the host in it that is meant, and what that host has.

    `deployed`: what the last confirmed deploy installed, None if the host does not know. `found`: its unit files.
    """

    files: Files
    templates: Templates
    target: str
    as_name: str | None
    found: tuple[Found, ...]
    states: Mapping[str, UnitState]
    deployed: Desired | None


@dataclass(frozen=True, slots=True)
class DriftFound:
    """`files`: the whole registry with everything that could be adopted. `changed`: the files that differ."""

    drifts: tuple[Drift, ...]
    files: Mapping[str, bytes]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fix:
    """One change that the registry may be able to express, and the ways to express it."""

    unit: str
    what: str
    where: tuple[str, ...]
    ways: tuple[tuple[Edit, ...], ...]
    at: At | None = None
    values: tuple[object, ...] | None = None
    standing: StandingChange | None = None


def adopt_drift(question: DriftQuestion) -> DriftFound:
    """InputErrors if the registry itself has an error."""
    return _Adopting.of(question).run()


@dataclass
class _Adopting:
    question: DriftQuestion
    declared: Loaded
    host_files: HostFiles
    base: Side
    host: Side
    drifts: list[Drift] = field(default_factory=list)

    @classmethod
    def of(cls, question: DriftQuestion) -> "_Adopting":
        declared = declare(question.files, question.templates, question.target, question.as_name)
        desired, deployed = declared.desired, question.deployed
        of_host = select_files(question.found, desired, deployed)
        naming, version = _name_units(desired), declared.registry.hosts[desired.host].systemd
        base = of_host.bare if deployed is None else _list_found(deployed, of_host.units)
        host = read_side(of_host.found, naming, version)
        return cls(question, declared, of_host, read_side(base, naming, version), host)

    def run(self) -> DriftFound:
        self.drifts += self.host_files.left
        trial = _Trial.of(self.question, self.declared)
        fixes = [*self._list_fixes(trial), *self._list_standings()]
        accepted = trial.accept_all(fixes) or trial.accept_each(fixes)
        self.drifts += accepted
        files = self._record(trial)
        changed = tuple(sorted(path for path, content in files.items() if self.question.files.get(path) != content))
        return DriftFound(tuple(sorted(self.drifts, key=lambda each: (each.unit, each.what))), files, changed)

    def _list_fixes(self, trial: "_Trial") -> Iterator[_Fix]:
        """Fixes for unit files and drop-ins.

        Changes that need no edit, or for which none is possible, are noted at once.
        """
        for unit, path in sorted(self.host.refused.items()):
            self._leave(unit, "all of it", (path,), DriftFate.LEFT, "systemd does not load it as it is")
        for unit in sorted(self.host.made.keys() & self.base.made.keys() & trial.now.keys()):
            if unit in self.host_files.as_recorded:
                continue
            if self.question.deployed is None and not _is_same(self.base.map_values(unit), trial.now[unit]):
                path = self.host_files.units[unit].path
                self._leave(unit, "the file", (path,), DriftFate.LEFT, _WHO_CHANGED_IT)
            yield from self._list_directives(unit, trial.now[unit])

    def _list_directives(self, unit: str, now: Values) -> Iterator[_Fix]:
        before, after = self.base.map_values(unit), self.host.map_values(unit)
        for at in sorted({*before, *after}):
            if not are_same_values(before.get(at, ()), after.get(at, ())):
                yield from self._judge(unit, at, (before.get(at, ()), after.get(at, ()), now.get(at, ())))

    def _judge(self, unit: str, at: At, values: tuple[tuple[object, ...], ...]) -> Iterator[_Fix]:
        """`values`: as deployed, as on the host, as in the registry now."""
        made, what = self.host.made[unit], f"[{at[0]}] {at[1]}="
        where = list_sources(made, at) or made.original.read
        before, _, now = values
        for name in list_hidden_names(made, at) or ():
            why = f"it holds a secret{f' ({name})' if name else ''}, which stays on the host"
            self._leave(
                unit, what, where, DriftFate.HIDDEN, f"{why}: put it into a secrets file, and take it out there"
            )
        after = hide_values(made, at, values[1])
        if after is None or are_same_values(after, before):
            return
        if are_same_values(after, now):
            self._leave(unit, what, where, DriftFate.DECLARED, "")
        elif not are_same_values(before, now):
            why = "the registry says something else since it was deployed: decide, and change one of them"
            self._leave(unit, what, where, DriftFate.CONFLICT, why)
        else:
            yield self._make_fix(unit, at, where, after)

    def _make_fix(self, unit: str, at: At, where: tuple[str, ...], after: tuple[object, ...]) -> _Fix:
        origin = self._find_origin(unit)
        table = _read_table(self.question.files, origin)
        ways = tuple(list_candidates(self.base.made[unit], self.host.made[unit], at, origin, table))
        return _Fix(unit, f"[{at[0]}] {at[1]}=", where, ways, at, after)

    def _find_origin(self, unit: str) -> Origin:
        return self.host_files.units[unit].origin

    def _list_standings(self) -> Iterator[_Fix]:
        question = self.question
        known = self.host_files.as_recorded
        masked = {unit: links for unit, links in self.host_files.masked.items() if unit not in known}
        found = find_standing_changes(self.declared.desired, question.deployed, question.states, masked)
        for each in found:
            if each.why:
                self._leave(each.unit, each.what, each.where, each.fate, each.why)
            else:
                yield _Fix(each.unit, each.what, each.where, each.ways, standing=each)

    def _leave(self, unit: str, what: str, where: tuple[str, ...], fate: DriftFate, why: str) -> None:
        self.drifts.append(Drift(unit, what, where, fate, why=why))

    def _record(self, trial: "_Trial") -> dict[str, bytes]:
        """Uses originals.toml if the host has exactly what would be generated: then nothing needs to be done."""
        adopted = {each.unit for each in self.drifts if each.fate in (DriftFate.ADOPTED, DriftFate.DECLARED)}
        files = dict(trial.files)
        for unit in sorted(adopted & self.host_files.units.keys()):
            seen = self._match_files(unit, trial)
            if seen:
                file = trial.rendered[unit]
                table = {"path": file.path, "says": digest_of(file), "files": seen}
                files[ORIGINALS] = _put_table(files.get(ORIGINALS), make_allowed(unit), table)
        return files

    def _match_files(self, unit: str, trial: "_Trial") -> dict[str, str]:
        """The host's files that say what is generated for a unit; none if they do not."""
        if unit in self.host_files.masked:
            return dict.fromkeys(self.host_files.masked[unit][:1], "link:/dev/null")
        made, file = self.host.made.get(unit), trial.rendered[unit]
        if made is None or made.hidden.lines or not _is_same(self.host.map_values(unit), trial.now[unit]):
            return {}
        seen = self.host_files.map_seen(made.original.read)
        return {} if seen == {file.path: f"sha256:{file.sha256}"} else seen


@dataclass
class _Trial:
    """The registry with the accepted edits. `now`: what it says about each unit."""

    question: DriftQuestion
    files: dict[str, bytes]
    rendered: Mapping[str, DesiredFile]
    now: dict[str, Values]
    _others: Mapping[str, str]
    _standings: Mapping[str, tuple[bool, bool | None]]
    _errors: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, question: DriftQuestion, declared: Loaded) -> "_Trial":
        desired = declared.desired
        errors = _list_errors(declared, question.templates)
        units = _map_unit_files(desired)
        now = {unit: map_values(file) for unit, file in units.items()}
        return cls(
            question, dict(question.files), units, now, _map_other_files(desired), _list_standings(desired), errors
        )

    def accept_all(self, fixes: list[_Fix]) -> list[Drift] | None:
        """Accept the first way of each fix, if that works for all: one proof instead of one each."""
        if not all(fix.ways for fix in fixes):
            return None
        edits = tuple(edit for fix in fixes for edit in fix.ways[0])
        if self._find_refusal(edits, fixes):
            return None
        return [_make_drift(fix, fix.ways[0]) for fix in fixes]

    def accept_each(self, fixes: list[_Fix]) -> list[Drift]:
        return [self._accept(fix) for fix in fixes]

    def _accept(self, fix: _Fix) -> Drift:
        first = ""
        for way in fix.ways:
            why = self._find_refusal(way, [fix])
            if not why:
                return _make_drift(fix, way)
            first = first or why
        return Drift(fix.unit, fix.what, fix.where, DriftFate.LEFT, why=first or "no key of a registry covers it")

    def _find_refusal(self, edits: tuple[Edit, ...], fixes: list[_Fix]) -> str:
        """Why the registry must not be edited this way; if '', it is edited."""
        try:
            files = _apply_edits(self.files, edits)
            declared = declare(files, self.question.templates, self.question.target, self.question.as_name)
        except InputError as error:
            return f"the registry cannot express it: {error.what}"
        wanted = self._list_wanted(fixes)
        units = _map_unit_files(declared.desired)
        now = {unit: map_values(file) for unit, file in units.items()}
        standings = {**self._standings, **{each.unit: each.wanted for fix in fixes if (each := fix.standing)}}
        if now.keys() != wanted.keys() or not all(_is_same(now[unit], wanted[unit]) for unit in now):
            return "no key of the registry changes that and nothing else"
        if _list_standings(declared.desired) != standings or _map_other_files(declared.desired) != self._others:
            return "no key of the registry changes that and nothing else"
        new = sorted(_list_errors(declared, self.question.templates) - self._errors)
        if new:
            return f"lint has an error with it: {new[0][0]}, {new[0][1]}: {new[0][2]}"
        self.files, self.now, self.rendered, self._standings = files, now, units, standings
        return ""

    def _list_wanted(self, fixes: list[_Fix]) -> dict[str, Values]:
        wanted = {unit: dict(values) for unit, values in self.now.items()}
        for fix in fixes:
            if fix.at is not None:
                wanted[fix.unit].pop(fix.at, None)
                if fix.values:
                    wanted[fix.unit][fix.at] = fix.values
        return dict(wanted)


def _make_drift(fix: _Fix, way: tuple[Edit, ...]) -> Drift:
    keys = tuple(dict.fromkeys(f"{edit.file}: {'.'.join(edit.path)}" for edit in way))
    return Drift(fix.unit, fix.what, fix.where, DriftFate.ADOPTED, keys)


def _apply_edits(files: Mapping[str, bytes], edits: Iterable[Edit]) -> dict[str, bytes]:
    """InputError if a text cannot be edited without losing its layout."""
    edited = dict(files)
    for edit in edits:
        text = edited[edit.file].decode()
        if edit.value is not None:
            text = set_value(text, edit.path, edit.value)
        elif _has_path(text, edit.path):
            text = remove_key(text, edit.path)
        edited[edit.file] = text.encode()
    return edited


def _has_path(text: str, path: tuple[str, ...]) -> bool:
    node: Any = tomllib.loads(text)
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True


def _put_table(content: bytes | None, name: str, table: dict[str, Any]) -> bytes:
    if content is None:
        return written({name: table}).encode()
    text = content.decode()
    if _has_path(text, (name,)):
        text = remove_key(text, (name,))
    return f"{text.rstrip()}\n\n{written({name: table})}".encode()


def _read_table(files: Files, origin: Origin) -> dict[str, Any]:
    node: Any = tomllib.loads(files[origin.file].decode())
    for key in origin.path:
        node = node[key]
    return dict(node)


def _is_same(one: Values, other: Values) -> bool:
    return all(are_same_values(one.get(at, ()), other.get(at, ())) for at in {*one, *other})


def map_values(file: DesiredFile) -> Values:
    """(section, directive) → the values in a generated file."""
    foreign = file.kind != "unit"
    found = read_values(
        merge_file(parse(file.content.decode(), file.subject), resets=foreign), file.subject, resets=foreign
    )
    return {at: values for at, values in found.items() if not at[0].startswith("X-") and not at[1].startswith("X-")}


def _map_unit_files(desired: Desired) -> dict[str, DesiredFile]:
    """Unit → its generated file, or its drop-in if qtctl does not generate the unit."""
    return {file.subject: file for file in desired.files if file.of_unit and not file.may_be_absent}


def _map_other_files(desired: Desired) -> dict[str, str]:
    return {file.path: file.sha256 for file in desired.files if not file.of_unit}


def _list_standings(desired: Desired) -> dict[str, tuple[bool, bool | None]]:
    return {unit.unit: (unit.must_be_enabled and unit.installable, unit.must_be_active) for unit in desired.units()}


def _list_errors(declared: Loaded, templates: Templates) -> frozenset[tuple[str, str, str]]:
    found = list_findings(declared.registry, templates)
    return frozenset((each.id, each.subject, each.what) for each in found if each.severity is Severity.ERROR)


def _list_found(deployed: Desired, units: Mapping[str, DesiredFile]) -> tuple[Found, ...]:
    """What the last deploy installed of the currently declared units."""
    paths = {file.path for file in units.values()}
    return tuple(Found(file.path, file.content) for file in deployed.files if file.path in paths)


def _name_units(desired: Desired) -> Naming:
    units: tuple[DesiredUnit, ...] = tuple(unit for unit in desired.units() if unit.generated)
    named = {unit.unit: unit.name for unit in (*units, *desired.templates)}
    short = {unit: name for unit, name in named.items() if unit.endswith((".service", ".target"))}
    names = list(short.values())
    single = {unit: name for unit, name in short.items() if names.count(name) == 1 and "@" not in name}
    return Naming(desired.fleet, named, single, {venv.path: venv.name for venv in desired.venvs})
