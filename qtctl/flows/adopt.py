"""Adoption: found files → a registry that was loaded, resolved, rendered and compared before it is handed out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qtctl.adopt.adopt import Draft, Task, draft_registry
from qtctl.adopt.adoption import Adoption, Difference
from qtctl.adopt.attribute_errors import attribute_error
from qtctl.adopt.compare import find_differences, find_instance_differences
from qtctl.adopt.merged_units import Selection
from qtctl.adopt.recorded import record_originals
from qtctl.adopt.registry import HostFacts, write_text
from qtctl.errors import InputError, InputErrors, Place
from qtctl.findings.finding import Finding
from qtctl.findings.policy import Policy
from qtctl.flows.declare import declare
from qtctl.model.adoption import Found, UnitState
from qtctl.model.desired import Desired
from qtctl.registry.load import read_policy
from qtctl.render.originals import digest_of
from qtctl.render.planned import DROPIN
from qtctl.reports.phrases import format_count

_SHOWN = 20
"""How many reasons are shown if nothing can be adopted."""
Schemas = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Adopted:
    """`files` of the registry, by path below it, and the account of the adoption."""

    files: Mapping[str, bytes]
    adoption: Adoption


@dataclass(frozen=True, slots=True)
class Source:
    """What is adopted: its name for people, the files, and what a live host reported and could not show."""

    name: str
    found: tuple[Found, ...]
    states: Mapping[str, UnitState] = field(default_factory=dict)
    runtime: tuple[Found, ...] = ()
    unread: tuple[str, ...] = ()
    as_root: bool = False
    """Whether root looked at the host: then no account for audits is known."""


@dataclass(frozen=True, slots=True)
class Into:
    """The result: a fleet of this name, with one host. `schemas` of registry files by kind, `templates` of units."""

    fleet: str
    host: HostFacts
    schemas: Schemas
    templates: Mapping[str, str]


def adopt_units(source: Source, selection: Selection, into: Into) -> Adopted:
    """Adopt units. InputError if there is nothing to adopt."""
    task = Task(source.found, selection, into.fleet, into.host, source.states, source.runtime)
    drafted, desired = draft_loadable(task, into, source.name)
    differing = tuple(compare(drafted, desired))
    files, judgments = drafted.ledger.seal()
    texts = dict(drafted.texts)
    originals = (
        dict(record_originals(drafted.units, source.found, source.runtime, _digest_generated(desired)))
        if source.states
        else {}
    )
    if originals:
        texts["originals.toml"] = write_text(originals)
    written = add_schemas(texts, into.schemas)
    adoption = Adoption(
        source.name, drafted.adopted, files, judgments, differing, tuple(sorted(written)), source.unread, source.as_root
    )
    return Adopted(written, adoption)


def _digest_generated(desired: Desired) -> dict[str, tuple[str, str]]:
    """Unit → the path of its generated file and the digest of that file's content."""
    return {file.subject: (file.path, digest_of(file)) for file in desired.files if file.of_unit}


def keep_policy(adopted: Adopted, content: bytes) -> Adopted:
    """Keep an existing policy.toml: someone decided what it says. InputErrors as for a registry."""
    declared = read_policy(content)
    policy = Policy.of(declared.fail_on, declared.severities)
    return Adopted({**adopted.files, "policy.toml": content}, replace(adopted.adoption, policy=policy))


def draft_loadable(task: Task, into: Into, name: str) -> tuple[Draft, Desired]:
    """A draft that loads, resolves and renders. Units that prevent that are left out, with a finding."""
    while True:
        drafted = draft_registry(task)
        if not drafted.found.units:
            raise _make_nothing_error(drafted, name)
        try:
            return drafted, _render(drafted.texts, into)
        except InputError as error:
            found = attribute_error(drafted, error)
            if not found:
                raise _make_bug_error(error) from error
            task = replace(task, without={**task.without, **found})


def _make_nothing_error(drafted: Draft, name: str) -> InputError:
    """Says that nothing can be adopted, with the reason for each unit."""
    reasons = [each for each in drafted.ledger.judgments if each.id]
    if not reasons:
        return InputError(f"no unit in {name} can be adopted", hint="name a folder that has unit files in it")
    first = InputError(f"no unit in {name} can be adopted", hint=f"{format_count(len(reasons), 'reason')} below")
    return InputErrors((first, *map(_explain, reasons[:_SHOWN])))


def _explain(judged: Finding) -> InputError:
    place = judged.place if isinstance(judged.place, Place) else None
    return InputError(f"{judged.subject}: {judged.what}", id_=judged.id, hint=judged.remedy, place=place)


def compare(drafted: Draft, desired: Desired) -> Iterator[Difference]:
    """Where the rendered units differ from the originals."""
    rendered = {file.subject: file.content.decode() for file in desired.files if file.kind in ("unit", DROPIN)}
    for made in drafted.units:
        yield from find_instance_differences(made)
        if made.original.unit in rendered:
            yield from find_differences(made, rendered[made.original.unit])


def declare_rendered(texts: Mapping[str, str], into: Into) -> Desired:
    """What the registry's host must have, rendered."""
    try:
        return _render(texts, into)
    except InputError as error:
        raise _make_bug_error(error) from error


def _render(texts: Mapping[str, str], into: Into) -> Desired:
    files = {path: text.encode() for path, text in texts.items()}
    return declare(files, into.templates, into.host.name, None).desired


def add_schemas(texts: Mapping[str, str], schemas: Schemas) -> dict[str, bytes]:
    """Each file with a line that tells editors its schema, and the schemas."""
    kinds = {path: _find_kind(path) for path in texts}
    found = {
        path: f"#:schema {'../' * path.count('/')}schemas/{kinds[path]}.json\n\n{text}".encode()
        for path, text in texts.items()
    }
    for kind in sorted({*kinds.values()}):
        found[f"schemas/{kind}.json"] = (json.dumps(schemas[kind], indent=2, ensure_ascii=False) + "\n").encode()
    return found


def _find_kind(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return {"services": "service", "legacy": "legacy"}.get(folder, name.removesuffix(".toml"))


def _make_bug_error(error: InputError) -> InputError:
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    hint = "a bug of qtctl: please report it with the units named; --unit adopts the others without them"
    return InputErrors(tuple(_add_hint(each, hint) for each in errors))


def _add_hint(error: InputError, hint: str) -> InputError:
    return InputError(f"what was adopted cannot be used: {error.what}", hint=hint, place=error.place)
