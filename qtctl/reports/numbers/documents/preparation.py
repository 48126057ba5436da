"""Where the numbers of a preparation come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, is_none_of, split_keys

DOCUMENT = Document(
    "preparation",
    "qtctl host prepare",
    split_keys("qtctl_version fleet host address helper applied changes steps refusals"),
    split_keys("schema_version"),
    (SCHEMA, count("/changes", "steps that change something", Items("/steps/*", {"action": is_none_of("none")}))),
    at="",
)
