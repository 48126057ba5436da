"""A root on which `systemd-analyze verify --root` can judge the generated units on a machine that has none of it."""

from collections.abc import Iterator

from qtctl.model.desired import Desired, DesiredService
from qtctl.model.tree import Tree, TreeFile
from qtctl.stage.paths import placed

STUB = TreeFile("", b"#!/bin/sh\n", 0o755)
UNIT_DIR = "/usr/lib/systemd/system"
BASE_TARGETS = (
    "basic.target", "multi-user.target", "network-online.target", "network.target", "paths.target", "shutdown.target",
    "slices.target", "sockets.target", "sysinit.target", "timers.target",
)  # fmt: skip
_NAMES = (
    "after", "before", "wants", "requires", "binds_to", "part_of", "conflicts", "on_failure", "wanted_by",
)  # fmt: skip


def verify_tree(desired: Desired) -> Tree:
    """The generated files, an executable stub for each program, and a stub for each unit that they lean on."""
    generated = {file.path: TreeFile(file.path, file.content) for file in desired.files}
    started = {argv[0] for service in (*desired.services, *desired.templates) for argv in _argvs(service) if argv}
    programs = {placed(path) for path in started if path.startswith("/")}
    files = {
        **{path: TreeFile(path, STUB.content, STUB.mode) for path in programs},
        **{f"{UNIT_DIR}/{unit}": TreeFile(f"{UNIT_DIR}/{unit}", _unit(unit)) for unit in _leaned_on(desired)},
        **generated,
    }
    return Tree(files=tuple(files[path] for path in sorted(files)))


def _argvs(service: DesiredService) -> Iterator[tuple[str, ...]]:
    yield service.argv
    yield from service.loaded
    yield from (command.argv for command in service.commands)


def _leaned_on(desired: Desired) -> set[str]:
    """Units that are named by generated ones and are not generated themselves."""
    generated = {file.subject for file in desired.files if file.kind == "unit"}
    nodes = (*desired.generated_units(), *desired.units())
    named = {unit for node in nodes for field in _NAMES for unit in getattr(node, field)}
    started = {node.starts for node in nodes if node.starts}
    externals = {external.unit for external in desired.externals}
    return {*BASE_TARGETS, *externals, *named, *started} - generated


def _unit(unit: str) -> bytes:
    text = f"[Unit]\nDescription=Stub of {unit}\n"
    if unit.endswith(".service"):
        text += "[Service]\nType=oneshot\nExecStart=/bin/true\n"
    return text.encode()
