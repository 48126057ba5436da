"""The JSON Schema of everything that qtctl writes for machines, and of every registry file."""

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, TypeAdapter

from qtctl.dialects.endpoints import TAG, TAG_SIGN
from qtctl.errors import InputError
from qtctl.findings.verdict import Conclusion
from qtctl.model import registry as model
from qtctl.model.accounts import Folder
from qtctl.model.fields import AbsolutePath, Name
from qtctl.model.host_defaults import EVERY
from qtctl.model.policy import Policy
from qtctl.model.service import Service
from qtctl.registry.load import TABLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Meanings = Mapping[str, Mapping[str, str]]
"""Model name → key → what it means."""

WHOLE: dict[str, type[BaseModel]] = {
    "fleet": model.Fleet,
    "policy": Policy,
    "service": Service,
    "legacy": model.Legacy,
}
"""Schema name → model of a registry file that is one document."""

PRINTED_BY = {
    "adopt": "qtctl adopt units DIR --format json",
    "audit": "qtctl audit --format json",
    "audit-line": "qtctl audit --format jsonl, each line",
    "catalogue": "qtctl report catalogue --format json",
    "claims": "qtctl check-claims FILE --format json",
    "control": "qtctl start, stop, restart … --format json",
    "deploy": "qtctl deploy --format json",
    "evidence": "qtctl audit --save FILE",
    "evolution": "qtctl evolution A B --format json, and qtctl snapshot diff",
    "fleet-audit": "qtctl audit --host A,B --format json",
    "flow": "qtctl report flow --format json",
    "gate": "qtctl gate --format json",
    "lab": "qtctl lab list --format json",
    "lint": "qtctl lint --format json",
    "list": "qtctl list --format json",
    "log-line": "qtctl logs --format jsonl, each line",
    "overview": "qtctl report overview --format json",
    "parity": "qtctl parity --format json",
    "plan": "qtctl plan --format json",
    "registry": "qtctl report registry --format json",
    "rehearsal": "qtctl rehearse --format json",
    "show": "qtctl show NAME --format json",
    "snapshot": "qtctl snapshot show --format json",
    "snapshot-check": "qtctl snapshot verify --format json",
    "snapshots": "qtctl snapshot list --format json",
    "status": "qtctl status --format json",
    "watch-line": "qtctl watch --format jsonl, each line",
    "why": "qtctl why FILE#/POINTER --format json",
}
"""Document → the command that writes it."""

COUNT = {"type": "integer", "minimum": 0}
LINT_ERROR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "file", "line", "what", "hint"],
    "properties": {
        "id": {
            "type": ["string", "null"],
            "description": "Id of the finding; null if the files cannot be read as a registry.",
        },
        "file": {"type": ["string", "null"], "description": "Relative to the registry."},
        "line": {"type": ["integer", "null"], "minimum": 1},
        "what": {"type": "string"},
        "hint": {"type": "string"},
    },
}
SEVERITY = {"enum": ["info", "warning", "error"]}
LINT_FINDING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "severity", "subjects", "file", "line", "what", "remedy", "fixable"],
    "properties": {
        "id": {"type": "string", "pattern": "^QT1[0-9]{2}$"},
        "severity": SEVERITY,
        "subjects": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "file": {"type": "string", "description": "Relative to the registry; NAME.j2: a unit template."},
        "line": {"type": ["integer", "null"], "minimum": 1},
        "what": {
            "type": "string",
            "description": "What is wrong with the subjects; never contains the value of a variable.",
        },
        "remedy": {"type": "string"},
        "fixable": {"type": "boolean", "description": "Whether --fix would try to fix it."},
    },
}
LINT_FIXED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["place", "what"],
    "properties": {"place": {"type": "string"}, "what": {"type": "string"}},
}
LINT: dict[str, Any] = {
    "title": "qtctl lint --format json",
    "type": "object",
    "additionalProperties": False,
    "required": [
        "schema_version",
        "registry",
        "errors",
        "findings",
        "summary",
        "gate",
        "conclusion",
        "fixed",
        "counts",
        "declared",
    ],
    "properties": {
        "schema_version": {"const": 1},
        "registry": {"type": "string", "description": "The folder, as given on the command line."},
        "errors": {
            "type": "array",
            "items": LINT_ERROR,
            "description": "Errors because of which the registry cannot be loaded.",
        },
        "findings": {
            "type": "array",
            "items": LINT_FINDING,
            "description": "If there are errors, the findings about what could still be read.",
        },
        "summary": {
            "type": "object",
            "additionalProperties": False,
            "required": ["error", "warning", "info"],
            "properties": {"error": COUNT, "warning": COUNT, "info": COUNT},
        },
        "gate": {
            "enum": ["info", "warning", "error", None],
            "description": "fail_on of policy.toml; null if there are errors.",
        },
        "conclusion": {
            "enum": [each.value for each in Conclusion],
            "description": "From the severities and the gate, like the exit code; not-as-declared if there are errors.",
        },
        "fixed": {
            "type": "array",
            "items": LINT_FIXED,
            "description": "What --fix changed; it is no longer among the findings.",
        },
        "counts": {
            "description": "How many of each kind are declared; null if there are errors.",
            "type": ["object", "null"],
            "additionalProperties": COUNT,
        },
        "declared": {
            "description": "The names of what is counted; null if there are errors.",
            "type": ["object", "null"],
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
LAB: dict[str, Any] = {
    "title": "qtctl lab list --format json",
    "type": "object",
    "additionalProperties": False,
    "required": ["schema_version", "hosts"],
    "properties": {
        "schema_version": {"const": 1},
        "hosts": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "address", "suite", "stands_for", "state"],
                "properties": {
                    "name": {"type": "string"},
                    "address": {"type": "string"},
                    "suite": {"type": "string"},
                    "stands_for": {"type": "string"},
                    "state": {"enum": ["running", "down"]},
                },
            },
        },
    },
}


KEYS_OF: dict[type, object] = {model.Key: str, Folder: AbsolutePath}
"""What the keys of a table file are if they are not names."""


KIND_OF_TABLE = {file.removesuffix(".toml"): kind for file, (_, kind) in TABLES.items()}
"""Schema name → model of each table of a file of tables."""


def read_meanings(text: str) -> Meanings:
    """The meaning of every key of a registry: the package's `keys.toml`, read."""
    return tomllib.loads(text)


SHARED = ("Unit", "Instanced", "Resources", "Manager")
"""Base models: what their keys mean is written only once."""


def find_meaning(meant: Meanings, model_name: str, key: str, directive: str) -> str:
    """The meaning of a key: from its model, from a base of that, or from the directive that it sets."""
    for name in (model_name, *SHARED):
        if key in meant.get(name, {}):
            return meant[name][key]
    if not directive:
        raise KeyError(f"{model_name}.{key}")
    return f"`{directive}=`"


def make_document_schemas() -> dict[str, dict[str, Any]]:
    """What qtctl writes for machines, by name: evidence, reports, lint, the lab's hosts, lists."""
    # The schemas of registry files, which `init` and `adopt` write, need none of this.
    from qtctl.collect.document import make_schema as evidence_schema  # noqa: PLC0415
    from qtctl.reports.schemas import make_schemas as report_schemas  # noqa: PLC0415
    from qtctl.views.schemas import make_schemas as view_schemas  # noqa: PLC0415

    named = {"evidence": evidence_schema(), **report_schemas(), **view_schemas(), "lint": LINT, "lab": LAB}
    return {name: _set_draft(schema) for name, schema in named.items()}


def make_registry_schemas(meant: Meanings) -> dict[str, dict[str, Any]]:
    """The files of a registry, for editors, by kind of file: with the meaning of every key."""
    return {name: _make_registry_schema(name, meant) for name in (*WHOLE, *KIND_OF_TABLE)}


def _make_registry_schema(name: str, meant: Meanings) -> dict[str, Any]:
    if name in WHOLE:
        return _set_draft(_explain(WHOLE[name].model_json_schema(), meant))
    kind = KIND_OF_TABLE[name]
    key = KEYS_OF.get(kind, Name)
    schema = TypeAdapter(dict[key, kind]).json_schema()  # type: ignore[valid-type]
    return _set_draft(_explain(_add_host_defaults(schema) if kind is model.Host else schema, meant))


def _add_host_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """With the tables of defaults. If there is one, a host may lack any key that it can have."""
    defaults = model.HostDefaults.model_json_schema(ref_template="#/$defs/{model}")
    kinds = {**schema["$defs"], **defaults.pop("$defs", {}), "HostDefaults": defaults}
    host = schema["$defs"]["Host"]
    needed = [key for key in host["required"] if key in defaults["properties"]]
    host["required"] = [key for key in host["required"] if key not in needed]
    (of_hosts,) = schema["patternProperties"]
    of_tables = rf"^(\{EVERY}|{TAG_SIGN}{TAG})$"
    return {
        **schema,
        "$defs": kinds,
        "patternProperties": {**schema["patternProperties"], of_tables: {"$ref": "#/$defs/HostDefaults"}},
        "if": {"propertyNames": {"pattern": of_hosts}},
        "then": {"patternProperties": {of_hosts: {"required": needed}}},
    }


def describe_schemas() -> dict[str, str]:
    """Every schema's name → what it is the schema of: registry files first."""
    folders = {"service": "services/NAME.toml", "legacy": "legacy/NAME.toml"}
    names = sorted({*WHOLE, *KIND_OF_TABLE})
    return {**{name: folders.get(name, f"{name}.toml") for name in names}, **PRINTED_BY}


def find_schema(name: str, meant: Meanings) -> dict[str, Any]:
    """The schema of one document or kind of registry file."""
    if name in WHOLE or name in KIND_OF_TABLE:
        return _make_registry_schema(name, meant)
    documents = make_document_schemas()
    if name in documents:
        return documents[name]
    near = get_close_matches(name, [*documents, *WHOLE, *KIND_OF_TABLE], n=1)
    hint = f"did you mean {near[0]}?" if near else "qtctl schema lists them"
    raise InputError(f"there is no schema {name!r}", hint=hint)


def format_schema(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _set_draft(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, **{key: value for key, value in schema.items() if key != "$schema"}}


def _explain(schema: dict[str, Any], meant: Meanings) -> dict[str, Any]:
    """With descriptions from keys.toml, and without what only pydantic or JSON needs."""
    for name, node in {**schema.get("$defs", {}), schema.get("title", ""): schema}.items():
        for key, value in node.get("properties", {}).items():
            directive = value.pop("directive", "")
            value.pop("section", "")
            value["description"] = find_meaning(meant, name, key, directive).replace("`", "")
    explained: dict[str, Any] = _simplify(schema)
    return explained


def _simplify(node: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Without titles, which repeat the keys, and without null, which TOML does not have. Unknown keys are errors."""
    if isinstance(node, list):
        return [_simplify(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _simplify(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if found.get("default", ...) is None:
        del found["default"]
    if "patternProperties" in found:
        found["additionalProperties"] = False
    match found.get("anyOf"):
        case [dict() as only, {"type": "null"}]:
            del found["anyOf"]
            return {**only, **found}
    return found
