"""Where the numbers of an evolution come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, add, compute, count, seen, split_keys

_HOWS = ("added", "removed", "moved", "renamed", "changed", "unknown")
_ROW = "/balances/{0}"
_CHANGE = ("kind", "name")


def _subtract(numbers: tuple[int | float, ...]) -> int | float:
    return numbers[0] - sum(numbers[1:])


DOCUMENT = Document(
    "evolution",
    "qtctl evolution",
    split_keys("schema_version qtctl_version points balances not_compared changes steps"),
    split_keys(""),
    (
        SCHEMA,
        *(
            seen(f"/points/*/{name}/*", f"{what} {{1}} in the source", "/points/{0}", "label", "digest")
            for name, what in (
                ("counts", "rows of kind"),
                ("states", "services in state"),
                ("checks", "checks of outcome"),
            )
        ),
        *(
            count(
                f"/steps/*/{how}",
                f"things that this step shows as {how}",
                Items("/steps/{0}/changes/*", {"how": how}, label=_CHANGE),
            )
            for how in _HOWS
        ),
        add(
            "/balances/*/was",
            "kept, lost and unknown ones",
            Items(_ROW, number="kept"),
            Items(_ROW, number="lost"),
            Items(_ROW, number="unknown"),
        ),
        add("/balances/*/now", "kept and gained ones", Items(_ROW, number="kept"), Items(_ROW, number="gained")),
        compute(
            "/balances/*/kept",
            "those that were there, without the lost and the unknown ones",
            _subtract,
            Items(_ROW, number="was"),
            Items(_ROW, number="lost"),
            Items(_ROW, number="unknown"),
        ),
        *(
            count(
                f"/balances/*/{name}",
                f"things of this kind that are {how} from the first source to the last",
                Items("/changes/*", {"how": how, "kind": "=/balances/{0}/kind"}, label=_CHANGE),
            )
            for name, how in (("lost", "removed"), ("gained", "added"), ("unknown", "unknown"))
        ),
        seen("/changes/*/fields/*/before", "what it was", "/changes/{0}", *_CHANGE),
        seen("/changes/*/fields/*/after", "what it is", "/changes/{0}", *_CHANGE),
        seen("/steps/*/changes/*/fields/*/before", "what it was", "/steps/{0}/changes/{1}", *_CHANGE),
        seen("/steps/*/changes/*/fields/*/after", "what it is", "/steps/{0}/changes/{1}", *_CHANGE),
    ),
    about="",
    at="",
)
