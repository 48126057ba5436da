"""Where the numbers of a list come from: all of it is declared."""

from qtctl.reports.numbers.rules import SCHEMA, Document, declared, split_keys

DOCUMENT = Document(
    "list",
    "qtctl list",
    split_keys("fleet kind state rows"),
    split_keys("schema_version"),
    (SCHEMA, declared("/rows/*/*", "as the registry declares it", "/rows/{0}", "kind", "name")),
    about="fleet",
    at="",
)
