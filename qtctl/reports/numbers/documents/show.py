"""Where the numbers of one entry come from: all of it is declared."""

from qtctl.reports.numbers.rules import SCHEMA, Document, declared, keys

DOCUMENT = Document(
    "show",
    "qtctl show",
    keys("fleet name things"),
    keys("schema_version"),
    (
        SCHEMA,
        declared(
            "/things/*/values/*/value/**", "as the registry declares it", "/things/{0}/values/{1}", "key", "origin"
        ),
    ),
    about="fleet",
    at="",
)
