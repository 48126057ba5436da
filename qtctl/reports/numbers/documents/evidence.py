"""Where the numbers of evidence come from: what the host answered."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, seen, split_keys

DOCUMENT = Document(
    "evidence",
    "qtctl audit --save",
    split_keys("schema_version qtctl_version host address transport user taken_at asks items"),
    split_keys(""),
    (
        SCHEMA,
        said("/asks/*/n", "the number of the question, by which items name it"),
        seen("/asks/*/took_ms", "milliseconds until the answer was complete", "/asks/{0}", "again"),
        seen("/asks/*/exit", "the exit status of the command", "/asks/{0}", "again"),
        said("/items/*/ask", "the number of the question that was answered"),
        seen("/items/*/value/**", "what the host answered", "/items/{0}", "fact", "subject"),
    ),
)
