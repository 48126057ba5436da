"""What changed, as JSON. Plain dataclasses: comparing two snapshots does without pydantic."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qtctl.dialects import terminal
from qtctl.model.evolution import Balance, Change, Evolution, How, Point
from qtctl.model.snapshot import RowKind
from qtctl.version import VERSION

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class EvolutionStep:
    """From one source to the next. `not_compared`: kinds about which one of them says nothing."""

    before: str
    after: str
    added: int
    removed: int
    moved: int
    renamed: int
    changed: int
    unknown: int
    not_compared: tuple[RowKind, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class EvolutionReport:
    """`changes` and `balances` go straight from the first source to the last, `steps` from each to the next."""

    schema_version: int
    qtctl_version: str
    points: tuple[Point, ...]
    balances: tuple[Balance, ...]
    not_compared: tuple[RowKind, ...]
    changes: tuple[Change, ...]
    steps: tuple[EvolutionStep, ...]


def build_report(evolution: Evolution) -> EvolutionReport:
    return EvolutionReport(
        schema_version=SCHEMA_VERSION,
        qtctl_version=VERSION,
        points=evolution.points,
        balances=evolution.balances,
        not_compared=evolution.whole.silent,
        changes=evolution.whole.changes,
        steps=tuple(
            EvolutionStep(
                before=each.before, after=each.after, not_compared=each.silent, changes=each.changes,
                **{how.value: sum(change.how is how for change in each.changes) for how in How},
            )
            for each in evolution.steps
        ),
    )  # fmt: skip


def to_json(report: EvolutionReport) -> str:
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False, allow_nan=False)
    return terminal.show_json(text) + "\n"


def make_schema() -> Mapping[str, Any]:
    """JSON Schema 2020-12 of what `to_json` writes."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - for the schema alone

    found = TypeAdapter(EvolutionReport).json_schema(mode="serialization")
    for node in (found, *found.get("$defs", {}).values()):
        if node.get("type") == "object" and "properties" in node:
            node["additionalProperties"] = False
            node["required"] = sorted(node["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
