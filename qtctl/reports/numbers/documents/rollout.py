"""Where the numbers of a deploy of several hosts come from."""

from collections.abc import Iterator

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, Number, count, said, seen, split_keys
from qtctl.reports.numbers.shared import list_check_numbers

_ENDS = (
    "unchanged", "deployed", "rolled-back", "restored", "failed", "refused", "interrupted", "left-out", "not-reached",
)  # fmt: skip


def _list_deploy_numbers(name: str) -> Iterator[Number]:
    prefix = f"/hosts/*/{name}"
    yield said(f"{prefix}/schema_version", "the version of this part's format")
    yield said(f"{prefix}/exit_code", "the exit code of a deploy of this host alone")
    yield seen(f"{prefix}/generation", "the number that the host gave to this deploy", "/hosts/{0}", "host")
    yield seen(
        f"{prefix}/steps/*/took_s",
        "seconds that the step took",
        f"/hosts/{{0}}/{name}/steps/{{1}}",
        "kind",
        "subject",
    )
    yield from list_check_numbers(prefix, "outstanding")


DOCUMENT = Document(
    "rollout",
    "qtctl deploy --host A,B",
    split_keys("qtctl_version fleet rollout on_failure interrupted exit_code batches totals hosts"),
    split_keys("schema_version"),
    (
        SCHEMA,
        said("/exit_code", "the exit code of the command, which follows from those of the hosts"),
        said("/hosts/*/exit_code", "the exit code of a deploy of this host alone"),
        said("/hosts/*/batch", "the batch that the host was put into; 0: none"),
        count("/totals/hosts", "hosts that were selected", Items("/hosts/*", label=("host",))),
        *(
            count(
                f"/totals/{end.replace('-', '_')}",
                f"hosts that ended as {end}",
                Items("/hosts/*", {"end": end}, label=("host",)),
            )
            for end in _ENDS
        ),
        *_list_deploy_numbers("deploy"),
        *_list_deploy_numbers("rollback"),
    ),
    about="",
    at="",
)
