"""What all report documents share: strict frozen models, and JSON with the same bytes for the same report."""

import json

from pydantic import BaseModel, ConfigDict

from qtctl.dialects import terminal

SCHEMA_VERSION = 1


class Part(BaseModel):
    """A table of a report. Keys keep their order in JSON: it is the order that readers know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def dump(report: Part) -> str:
    text = json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
    return terminal.show_json(text) + "\n"


def dump_line(report: Part) -> str:
    """The document in one line, without a line feed at its end."""
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return terminal.show_json(text)


def make_schema(kind: type[BaseModel]) -> dict[str, object]:
    """JSON Schema 2020-12 of what `dump` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema(mode="serialization")}
