"""Where the numbers of one entry come from: all of it is declared."""

from qtctl.reports.numbers.rules import SCHEMA, Document, declared, split_keys

DOCUMENT = Document(
    "show",
    "qtctl show",
    split_keys("fleet name things"),
    split_keys("schema_version"),
    (
        SCHEMA,
        declared(
            "/things/*/values/*/value/**", "as the registry declares it", "/things/{0}/values/{1}", "key", "origin"
        ),
    ),
    about="fleet",
    at="",
)
