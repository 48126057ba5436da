"""Where the numbers of lint come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, declared, split_keys

DOCUMENT = Document(
    "lint",
    "qtctl lint",
    split_keys("schema_version registry errors findings summary gate conclusion fixed counts"),
    split_keys("declared"),
    (
        SCHEMA,
        count(
            "/summary/*", "findings of severity {0}", Items("/findings/*", {"severity": "{0}"}, label=("id", "what"))
        ),
        count("/counts/*", "{0} that the registry declares", Items("/declared/{0}/*")),
        declared("/errors/*/line", "the line of the registry's file", "/errors/{0}", "file", "what"),
        declared("/findings/*/line", "the line of the registry's file", "/findings/{0}", "id", "file"),
    ),
    about="registry",
    at="",
)
