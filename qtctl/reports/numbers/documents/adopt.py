"""Where the numbers of an adoption come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, add, compute, count, declared, seen, split_keys


def _share(numbers: tuple[int | float, ...]) -> float:
    """The share of lines that have keys of their own; never rounded up to 1."""
    typed, every = numbers[0], sum(numbers)
    share = round(typed / every, 4) if every else 1.0
    return share if typed == every else min(share, 0.9999)


DOCUMENT = Document(
    "adopt",
    "qtctl adopt",
    split_keys("source registry totals to_do unread units judgments differences files written fail_on conclusion"),
    split_keys("schema_version"),
    (
        SCHEMA,
        count("/totals/units", "units that were adopted", Items("/units/*")),
        count("/totals/files", "files that were read", Items("/files/*")),
        count(
            "/totals/lines/*",
            "lines whose fate is {0}",
            Items("/files/*/lines/*", {"fate": "{0}"}, label=("line", "what")),
        ),
        add("/totals/typed", "directives in keys of their own", Items("/units/*", number="typed")),
        add("/totals/hatch", "directives in [systemd.SECTION]", Items("/units/*", number="hatch")),
        count(
            "/totals/left",
            "attributes of compose services that no key expresses",
            Items(
                "/files/*/lines/*",
                {"fate": ("note", "reported"), "/files/{#0}/kind": "compose"},
                label=("line", "what"),
            ),
        ),
        compute(
            "/totals/share",
            "directives in keys of their own, of all",
            _share,
            Items("/totals", number="typed", label=("typed",)),
            Items("/totals", number="hatch"),
            Items("/totals", number="left"),
        ),
        count("/totals/judgments/*", "findings of severity {0}", Items("/judgments/*", {"severity": "{0}"})),
        seen("/units/*/typed", "directives of the unit that have keys of their own", "/units/{0}"),
        seen("/units/*/hatch", "directives of the unit in [systemd.SECTION]", "/units/{0}"),
        seen("/units/*/left", "attributes of the compose service that no key expresses", "/units/{0}"),
        declared("/files/*/lines/*/line", "where the line begins in its file", "/files/{0}"),
        declared("/judgments/*/line", "the line of the file", "/judgments/{0}"),
    ),
    about="source",
    at="",
)
