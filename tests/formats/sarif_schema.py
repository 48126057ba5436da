"""What SARIF 2.1.0's schema says of the parts that qtctl writes, and what GitHub's code scanning asks besides.

Written from the OASIS standard, sections 3.13 to 3.49: no package of the index has the schema itself.
"""

from typing import Any

from jsonschema import Draft202012Validator

TEXT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string"}},
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


RULE = _object(
    ["id", "shortDescription"],
    id={"type": "string", "minLength": 1},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    defaultConfiguration=_object(["level"], level=LEVEL),
)
LOCATION = _object(
    ["physicalLocation"],
    physicalLocation=_object(
        ["artifactLocation", "region"],
        artifactLocation=_object(["uri"], uri={"type": "string", "pattern": r"^[A-Za-z0-9:/._~!$&'()*+,;=@%-]+$"}),
        region=_object(["startLine"], startLine={"type": "integer", "minimum": 1}),
    ),
)
RESULT = {
    **_object(
        ["ruleId", "ruleIndex", "level", "message", "partialFingerprints"],
        ruleId={"type": "string"},
        ruleIndex={"type": "integer", "minimum": 0},
        kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
        level=LEVEL,
        message=TEXT,
        locations={"type": "array", "items": LOCATION, "minItems": 1},
        partialFingerprints={"type": "object", "additionalProperties": {"type": "string", "minLength": 16}},
        suppressions={
            "type": "array",
            "items": _object(
                ["kind"],
                kind={"enum": ["inSource", "external"]},
                status={"enum": ["accepted", "underReview", "rejected"]},
                justification={"type": "string"},
            ),
        },
        properties={"type": "object"},
    ),
    "if": {"required": ["kind"]},
    "then": {"properties": {"level": {"const": "none"}}},
}
SCHEMA = _object(
    ["$schema", "version", "runs"],
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                ["tool", "results"],
                tool=_object(
                    ["driver"],
                    driver=_object(
                        ["name", "version", "rules"],
                        name={"const": "qtctl"},
                        version={"type": "string"},
                        rules={"type": "array", "items": RULE, "uniqueItems": True},
                    ),
                ),
                automationDetails=_object(["id"], id={"type": "string"}),
                columnKind={"const": "unicodeCodePoints"},
                results={"type": "array", "items": RESULT},
            ),
        },
    },
)


def validate(document: dict[str, Any]) -> None:
    """Of the schema, and that each result leads to the rule that it names."""
    Draft202012Validator(SCHEMA).validate(document)
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
