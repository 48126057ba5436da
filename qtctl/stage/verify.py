"""A root in which `systemd-analyze verify --root` can check the generated units on a machine without their programs."""

from collections.abc import Iterator

from qtctl.dialects.systemd.boot_order import STANDARD, WITHOUT_DEFAULTS
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.tree import Tree, TreeFile, TreeLink
from qtctl.stage.paths import normalise_path

STUB = TreeFile("", b"#!/bin/sh\n", 0o755)
UNIT_DIR = "/usr/lib/systemd/system"
BOOT = ("multi-user.target", "shutdown.target")
"""What a boot leads to, with everything before it; and what it conflicts with."""
_NAMES = (
    "after", "before", "wants", "requires", "binds_to", "part_of", "conflicts", "on_failure", "wanted_by",
)  # fmt: skip


def verify_tree(desired: Desired) -> Tree:
    """The generated files, an executable stub for each program, and a stub for each unit that they name."""
    generated = {file.path: TreeFile(file.path, file.content) for file in desired.files}
    started = {argv[0] for service in (*desired.services, *desired.templates) for argv in _list_argvs(service) if argv}
    programs = {normalise_path(path) for path in started if path.startswith("/")}
    files = {
        **{path: TreeFile(path, STUB.content, STUB.mode) for path in programs},
        **{
            f"{UNIT_DIR}/{unit}": TreeFile(f"{UNIT_DIR}/{unit}", _make_stub(unit))
            for unit in _find_named_units(desired)
        },
        **generated,
    }
    return Tree(files=tuple(files[path] for path in sorted(files)), links=tuple(_list_enabling_links(desired)))


def _list_enabling_links(desired: Desired) -> Iterator[TreeLink]:
    """The links by which targets pull in enabled units: without them, cycles through a target would not be found."""
    generated = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    for unit in desired.units():
        path = generated.get(unit.unit) or generated.get(get_template(unit.unit))
        if path and unit.must_be_enabled:
            yield from (TreeLink(f"{UNIT_DIR}/{target}.wants/{unit.unit}", path) for target in unit.wanted_by)


def _list_argvs(service: DesiredService) -> Iterator[tuple[str, ...]]:
    yield service.argv
    yield from service.loaded
    yield from (command.argv for command in service.commands)


def _find_named_units(desired: Desired) -> set[str]:
    """Units that are named by generated ones and are not generated themselves."""
    generated = {file.subject for file in desired.files if file.kind == "unit"}
    nodes = (*desired.generated_units(), *desired.units())
    named = {unit for node in nodes for field in _NAMES for unit in getattr(node, field)}
    started = {node.starts for node in nodes if node.starts}
    externals = {external.unit for external in desired.externals}
    base = {unit for unit in STANDARD if not unit.endswith(".mount")}
    return {*base, *BOOT, *externals, *named, *started} - generated


def _make_stub(unit: str) -> bytes:
    """A stub, ordered as systemd orders a unit of that name at boot; other units have no order."""
    after = [each for each in STANDARD.get(unit, ()) if not each.endswith(".mount")]
    defaults = unit in STANDARD and unit.endswith((".target", "dbus.socket")) and unit not in WITHOUT_DEFAULTS
    lines = [
        "[Unit]",
        f"Description=Stub of {unit}",
        *([] if defaults else ["DefaultDependencies=no"]),
        *([f"After={' '.join(after)}", f"Wants={' '.join(after)}"] if after else []),
        *_OWN.get(unit.rpartition(".")[2], ()),
    ]
    return ("\n".join(lines) + "\n").encode()


_OWN = {
    "service": ("[Service]", "Type=oneshot", "ExecStart=/bin/true"),
    "socket": ("[Socket]", "ListenStream=/run/stub", "Accept=yes"),
}
