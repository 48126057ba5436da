"""Where the numbers of an audit of several hosts come from."""

from qtctl.reports.numbers.documents.audit import list_audit_numbers
from qtctl.reports.numbers.rules import SCHEMA, Document, Items, add, count, said, split_keys

_VERDICTS = {"as_declared": "as-declared", "incomplete": "incomplete", "not_as_declared": "not-as-declared"}
_SUMS = {
    "checks": "total",
    "holds": "holds",
    "broken": "broken",
    "unknown": "unknown",
    "not_asked": "not_asked",
    "waived": "waived",
}
DOCUMENT = Document(
    "fleet-audit",
    "qtctl audit --host A,B",
    split_keys("hosts totals verdict"),
    split_keys("schema_version"),
    (
        SCHEMA,
        said("/hosts/*/schema_version", "the version of the form of this part"),
        count("/totals/hosts", "hosts that were asked", Items("/hosts/*", label=("host",))),
        *(
            count(
                f"/totals/{name}",
                f"hosts whose verdict is {word}",
                Items("/hosts/*", {"verdict": word}, label=("host",)),
            )
            for name, word in _VERDICTS.items()
        ),
        *(
            add(
                f"/totals/{name}",
                f"the checks of all hosts: {of}",
                Items("/hosts/*", number=f"totals/{of}", label=("host",)),
            )
            for name, of in _SUMS.items()
        ),
        *list_audit_numbers("/hosts/*"),
    ),
    about="",
    at="",
)
