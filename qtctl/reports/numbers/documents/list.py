"""Where the numbers of a list come from: all of it is declared."""

from qtctl.reports.numbers.rules import SCHEMA, Document, declared, keys

DOCUMENT = Document(
    "list",
    "qtctl list",
    keys("fleet kind state rows"),
    keys("schema_version"),
    (SCHEMA, declared("/rows/*/*", "as the registry declares it", "/rows/{0}", "kind", "name")),
    about="fleet",
    at="",
)
