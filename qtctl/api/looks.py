"""Earlier looks at a host: the evidence in its latest snapshots."""

from collections.abc import Iterator

from qtctl.api.snapshot import open_store, read_links
from qtctl.errors import QtctlError
from qtctl.history.archive import unpack_attachments
from qtctl.history.columns import unfold
from qtctl.model.evidence import Evidence
from qtctl.reports.blocks import Blocks, Paragraph
from qtctl.reports.history import LOOKS, join_looks, show_history


def read_earlier(host: str, named: str | None = None, looks: int = LOOKS) -> Iterator[Evidence]:
    """The earliest first; none if the store has no snapshot of it. InputError if one is damaged.

    `named`: as of `open_store`. `looks`: how many at most, the latest of them.
    """
    store = open_store(named)
    if host not in store.list_hosts():
        return
    for link in read_links(store, host)[-looks:]:
        yield unfold(unpack_attachments(link.stored.content, link.stored.where).evidence, link.stored.where)


def show_trends(now: Evidence, looks: int = LOOKS) -> Blocks:
    """What became of memory, restarts and lag since earlier snapshots; nothing without any. `looks`: earlier ones."""
    try:
        return show_history(join_looks(read_earlier(now.host, looks=looks), now))
    except QtctlError as error:
        return (Paragraph(f"Snapshots of {now.host} could not be read: {error}"),)
