"""Where the numbers of an event flow come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, declared, is_none_of, said, seen, split_keys

_READER = "/keys/{0}/readers/{1}"
DOCUMENT = Document(
    "flow",
    "qtctl report flow",
    split_keys("fleet host taken_at unreachable totals keys services first_producers circles lifecycles"),
    split_keys("schema_version"),
    (
        SCHEMA,
        count("/totals/services", "services that read or write a key", Items("/services/*")),
        count("/totals/streams", "streams", Items("/keys/*", {"type": "stream"})),
        count("/totals/other_keys", "keys that are not streams", Items("/keys/*", {"type": is_none_of("stream")})),
        count("/totals/first_producers", "services where events begin", Items("/first_producers/*")),
        count("/totals/circles", "cycles of services", Items("/circles/*/services/0", label=("",))),
        count("/totals/by_gap/*", "keys that have this gap: {0}", Items("/keys/*", {"gap": "{0}"})),
        seen("/keys/*/length", "entries of the stream", "/keys/{0}"),
        seen("/keys/*/newest_age_s", "seconds since its newest entry, when it was asked for", "/keys/{0}"),
        seen("/keys/*/readers/*/lag", "entries that the group has not received yet", _READER, "service", "group"),
        seen("/keys/*/readers/*/pending", "entries that were not acknowledged", _READER, "service", "group"),
        declared("/keys/*/readers/*/max_lag", "the lag that the group may have", _READER, "service", "group"),
        said("/services/*/stage", "one more than the latest stage that it reads from; a cycle is one stage"),
        seen(
            "/lifecycles/*/steps/*/carriers/*/lag",
            "entries that the group has not received yet",
            "/lifecycles/{0}/steps/{1}/carriers/{2}",
            "service",
        ),
    ),
    about="fleet",
)
