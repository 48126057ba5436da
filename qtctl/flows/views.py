"""Registry files → what is declared, for people and programs: rows, one thing in full, graphs."""

from collections.abc import Mapping

from qtctl.registry.load import load
from qtctl.render.render import render
from qtctl.resolve.resolve import resolve, stands_in
from qtctl.views.choices import Kind, State, What
from qtctl.views.find import find
from qtctl.views.graph import Graph
from qtctl.views.graph import draw_graph as graph_of
from qtctl.views.listing import Listing
from qtctl.views.listing import make_listing as listing_of
from qtctl.views.show import Shown, find_home, keep_only, make_shown


def make_listing(files: Mapping[str, bytes], kind: Kind, state: State | None) -> Listing:
    return listing_of(load(files), kind, state)


def build_graph(files: Mapping[str, bytes], what: What, focus: str | None) -> Graph:
    return graph_of(load(files), what, focus)


def show(files: Mapping[str, bytes], templates: Mapping[str, str], name: str, as_name: str | None) -> Shown:
    """Everything called `name`, with the files rendered from it for host `as_name`, else the first that has it."""
    registry = load(files)
    things = find(registry, name)
    host = stands_in(registry, "", as_name) if as_name else find_home(registry, things)
    desired = render(keep_only(registry, resolve(registry, host), things), templates)
    return make_shown(registry, desired, files, name, things)
