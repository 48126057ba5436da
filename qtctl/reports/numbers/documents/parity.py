"""Where the numbers of a parity report come from."""

from qtctl.reports.numbers.rules import (
    SCHEMA,
    Document,
    Items,
    Number,
    add,
    count,
    declared,
    is_none_of,
    seen,
    split_keys,
)
from qtctl.rules.setting_fates import HOLDING

_HOLDING = tuple(HOLDING)
_ASIDE = ("new", "not-applicable")


def _list_dimension_numbers(path: str, settings: str) -> tuple[Number, ...]:
    """Counts by fate. Their rows are those of `settings` with the same dimension."""
    at = path.count("*")
    label = ("item", "then", "now")
    return (
        count(
            f"{path}/by_fate/*", f"settings whose fate is {{{at}}}", Items(settings, {"fate": f"{{{at}}}"}, label=label)
        ),
        count(
            f"{path}/kept",
            "settings that are as they were, or accepted",
            Items(settings, {"fate": _HOLDING}, label=label),
        ),
        count(
            f"{path}/settings",
            "settings that could be kept",
            Items(settings, {"fate": is_none_of(*_ASIDE)}, label=label),
        ),
    )


def _list_dimension_sums(path: str, rows: str, same: str) -> tuple[Number, ...]:
    """Sums of the counts of the same dimension among `rows`."""
    at, where, inner = path.count("*"), {"dimension": same}, "counts"
    label = ("dimension",)
    return (
        add(
            f"{path}/by_fate/*",
            f"settings whose fate is {{{at}}}",
            Items(rows, where, number=f"{inner}/by_fate/{{{at}}}", label=label),
        ),
        add(
            f"{path}/kept",
            "settings that are as they were, or accepted",
            Items(rows, where, number=f"{inner}/kept", label=label),
        ),
        add(
            f"{path}/settings",
            "settings that could be kept",
            Items(rows, where, number=f"{inner}/settings", label=label),
        ),
    )


_SERVICE = "/files/{0}/services/{1}"
DOCUMENT = Document(
    "parity",
    "qtctl parity",
    split_keys("host taken_at verdict totals files fail_on conclusion"),
    split_keys("schema_version unreachable dimensions new_services uncompared"),
    (
        SCHEMA,
        count("/totals/services", "compose services of all files", Items("/files/*/services/*")),
        count(
            "/totals/by_verdict/*",
            "compose services whose verdict is {0}",
            Items("/files/*/services/*", {"verdict": "{0}"}),
        ),
        count("/totals/findings", "findings", Items("/files/*/services/*/findings/*"), Items("/files/*/findings/*")),
        count("/files/*/totals/services", "compose services of the file", Items("/files/{0}/services/*")),
        count(
            "/files/*/totals/by_verdict/*",
            "compose services of the file whose verdict is {1}",
            Items("/files/{0}/services/*", {"verdict": "{1}"}),
        ),
        count(
            "/files/*/totals/findings",
            "findings of the file",
            Items("/files/{0}/services/*/findings/*"),
            Items("/files/{0}/findings/*"),
        ),
        *_list_dimension_numbers("/files/*/services/*/dimensions/*/counts", f"{_SERVICE}/dimensions/{{2}}/settings/*"),
        *_list_dimension_sums(
            "/files/*/dimensions/*", "/files/{0}/services/*/dimensions/*", "=/files/{0}/dimensions/{1}/dimension"
        ),
        *_list_dimension_sums("/dimensions/*", "/files/*/services/*/dimensions/*", "=/dimensions/{0}/dimension"),
        declared("/files/*/services/*/line", "the line at which the compose file begins it", _SERVICE),
        declared(
            "/files/*/services/*/dimensions/*/settings/*/line",
            "the line of the compose file",
            f"{_SERVICE}/dimensions/{{2}}/settings/{{3}}",
        ),
        declared(
            "/files/*/services/*/ports/*/published",
            "the port that the compose file publishes",
            f"{_SERVICE}/ports/{{2}}",
            "compose",
        ),
        declared(
            "/files/*/services/*/ports/*/expected",
            "the port where the registry says it went",
            f"{_SERVICE}/ports/{{2}}",
            "compose",
        ),
        declared(
            "/files/*/services/*/ports/*/declared/*/port",
            "a port that the registry declares",
            f"{_SERVICE}/ports/{{2}}",
            "compose",
        ),
        seen(
            "/files/*/services/*/ports/*/listening/*/port",
            "a port where something listens",
            f"{_SERVICE}/ports/{{2}}",
            "compose",
        ),
    ),
)
