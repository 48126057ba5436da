"""Where the numbers of a check of claims come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, declared, said, split_keys

_VERDICTS = ("true", "false", "contradicts-itself", "unknown")
_LABEL = ("line", "text")
DOCUMENT = Document(
    "claims",
    "qtctl check-claims",
    split_keys("qtctl_version file lines host evidence_at gate conclusion totals claims not_checked"),
    split_keys("schema_version"),
    (
        SCHEMA,
        said("/lines", "lines of the document that was checked"),
        count("/totals/claims", "claims that the document makes", Items("/claims/*", label=_LABEL)),
        *(
            count(
                f"/totals/{word.replace('-', '_')}",
                f"claims whose verdict is {word}",
                Items("/claims/*", {"verdict": word}, label=_LABEL),
            )
            for word in _VERDICTS
        ),
        count(
            "/totals/not_checked", "lines with numbers that no check understood", Items("/not_checked/*", label=_LABEL)
        ),
        declared("/claims/*/line", "the line of the document that claims it", "/claims/{0}", *_LABEL),
        declared("/claims/*/other_line", "the line that says something else", "/claims/{0}", *_LABEL),
        declared("/not_checked/*/line", "the line of the document", "/not_checked/{0}", *_LABEL),
    ),
    at="evidence_at",
)
