"""qtctl adopt: create a registry from what already exists: unit files, a live host, compose files."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import (
    AsOption,
    ComposeFilesOption,
    DeclaredFormatOption,
    EnvFilesOption,
    FormatOption,
    OutFileOption,
    ProfilesOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present
from qtctl.cli.selecting import selects_one_host
from qtctl.contained.looking import is_file, is_folder
from qtctl.errors import InputError, Place
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.adopt.registry import HostFacts
    from qtctl.flows.adopt import Adopted, Into

app = typer.Typer(help="Create a registry from what already exists.", no_args_is_help=True)

OutOption = Annotated[Path, typer.Option("--out", metavar="REGISTRY", help="The registry to create: a new folder.")]
ForceOption = Annotated[
    bool, typer.Option("--force", metavar="", help="Replace an existing registry, except its policy.toml.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="FLEET", help="The fleet's name (default: the registry folder's).")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="GLOB", help="Only units whose names match; may be repeated."),
]
PreferOption = Annotated[
    list[str] | None,
    typer.Option("--prefer", metavar="GLOB", help="Among several copies, take the one whose path matches; in order."),
]
SystemdOption = Annotated[
    int, typer.Option("--systemd", metavar="VERSION", min=240, max=999, help="The systemd version that will run them.")
]
FLEET = re.compile(r"[a-z][a-z0-9-]{0,23}")


@app.command("units")
def units(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of unit files, searched with its subfolders.")
    ],
    out: OutOption,
    name: NameOption = None,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Name to give the host.")] = "host-1",
    only: OnlyOption = None,
    prefer: PreferOption = None,
    systemd: SystemdOption = 252,
    force: ForceOption = False,
    format_: FormatOption = None,
) -> None:
    """Create a registry from a folder of unit files: drop-ins merged, one of several copies taken, nothing lost.

    Every line of every file is accounted for. The registry is loaded, rendered and compared before it is written.
    """
    from qtctl.adapters.new_folders import check_new_registry
    from qtctl.adapters.unit_folders import read_unit_folder
    from qtctl.adopt.merged_units import Selection
    from qtctl.adopt.registry import HostFacts
    from qtctl.flows.adopt import Source, adopt_units

    check_new_registry(out, force=force)
    guessed = ("address", "audit_user", "deploy_user", "memory", "cpus", "systemd", "timezone")
    into = _describe_target(out, name, HostFacts(host, host, systemd=systemd, guessed=guessed))
    selection = Selection(systemd, tuple(only or ()), tuple(prefer or ()))
    adopted = adopt_units(Source(str(folder), read_unit_folder(folder)), selection, into)
    _finish(adopted, out, lambda file: str(folder / file), force=force, format_=format_)


@app.command("host")
def host(
    target: Annotated[str, typer.Argument(metavar="HOST", help="A host in your ssh config, a lab host, or local.")],
    out: OutOption,
    name: NameOption = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Log in as USER (default: as ssh would).")
    ] = None,
    only: OnlyOption = None,
    force: ForceOption = False,
    format_: FormatOption = None,
) -> None:
    """Create a registry from a live host's own units, read-only: those in /etc and /usr/local, with their state.

    Units from packages are left alone; drop-ins for them are adopted. Secrets stay on the host.
    """
    from qtctl.adapters.new_folders import check_new_registry
    from qtctl.adopt.merged_units import Selection
    from qtctl.cli.output import show_progress
    from qtctl.engines.connect import connect, make_undeclared_route
    from qtctl.flows.adopt import Source, adopt_units
    from qtctl.flows.adopt_host import ROOT, look, make_facts

    check_new_registry(out, force=force)
    with show_progress() as say:
        say(begun(target, Stage.CONNECT))
        with connect(make_undeclared_route(target, user)) as connection:
            looked = look(connection, say)
            known = make_facts(looked, target, connection.address, connection.user)
    into = _describe_target(out, name, known)
    as_root = connection.user == ROOT
    source = Source(target, looked.found, looked.states, looked.runtime, looked.unread, as_root=as_root)
    adopted = adopt_units(source, Selection(known.systemd, tuple(only or ())), into)
    _finish(adopted, out, str, force=force, format_=format_)


@app.command("compose")
def compose(
    out: OutOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="A compose file, or a folder with one; several make one registry."),
    ] = None,
    merged: ComposeFilesOption = None,
    env_files: EnvFilesOption = None,
    profiles: ProfilesOption = None,
    name: NameOption = None,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Name to give the host.")] = "host-1",
    systemd: SystemdOption = 252,
    force: ForceOption = False,
    format_: FormatOption = None,
) -> None:
    """Create a registry from compose files, read as Compose reads them: .env, merging, extends, include, profiles.

    Each attribute becomes a key, a note or a line of the report, and each service gets a disposition in legacy/.
    """
    from qtctl.adapters.new_folders import check_new_registry
    from qtctl.adopt.registry import HostFacts
    from qtctl.cli.compose_projects import load_projects
    from qtctl.flows.adopt_compose import adopt_compose

    check_new_registry(out, force=force)
    missing = InputError("missing argument 'FILE...'", hint="see qtctl adopt compose --help")
    projects = load_projects(files or (), merged or (), env_files or (), profiles or (), missing=missing)
    guessed = ("address", "audit_user", "deploy_user", "memory", "cpus", "systemd", "timezone")
    into = _describe_target(out, name, HostFacts(host, host, systemd=systemd, guessed=guessed))
    _finish(adopt_compose(projects, into), out, str, force=force, format_=format_)


@app.command("inventory")
def inventory(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An Ansible inventory, INI or YAML, or an ssh config.")],
    out: OutFileOption = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace an existing file.")] = False,
) -> None:
    """Turn an Ansible inventory or an ssh config into hosts.toml: groups become tags. Printed, or written with --out.

    What has no key in hosts.toml is listed on stderr, by name. Values that may be secrets are never copied, and nothing
    is run: an inventory that is a program is refused.
    """
    from qtctl.adapters.files import read_inventory_text
    from qtctl.adopt.inventory import adopt_inventory, read_inventory
    from qtctl.cli.output import complain, write
    from qtctl.dialects.endpoints import sort_hosts
    from qtctl.fleet.select import name_hosts
    from qtctl.reports.phrases import format_count

    if out is not None and is_file(out) and not force:
        hint = "name another file, or say --force to replace it"
        raise InputError("exists already", hint=hint, place=Place(str(out)))
    adopted = adopt_inventory(read_inventory(read_inventory_text(file), str(file)))
    write(adopted.text, out)
    for each in adopted.left:
        of = f" of {format_count(each.hosts, 'host')}" if each.hosts else ""
        complain(f"{file}:{each.line}: not adopted: {each.name}{of}: {each.why}")
    for folder in ("group_vars", "host_vars"):
        if is_folder(file.parent / folder):
            complain(f"{file.parent / folder}: not read: it holds variables of these hosts")
    tags = name_hosts(sort_hosts(adopted.tags)) or "none"
    complain(f"{format_count(adopted.hosts, 'host')}, tags: {tags}; check what `guessed` lists")


@app.command("drift")
@selects_one_host
def drift(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    write: Annotated[bool, typer.Option("--write", metavar="", help="Change the files of the registry.")] = False,
    format_: DeclaredFormatOption = None,
) -> None:
    """Put changes made by hand on a host since its last deploy into the registry: shown as a diff, or written.

    Covers edited unit files, drop-ins (systemctl edit and set-property too), enablement and masks. Comments and layout
    of the registry are kept. Values of secrets stay on the host. Nothing on the host is changed.
    """
    from qtctl.adapters.files import rewrite_registry
    from qtctl.api.drift import find_drift as read
    from qtctl.cli.output import show_progress
    from qtctl.reports.drift import build_file, build_report, conclude
    from qtctl.reports.drift_view import build_view

    folder = locate_registry(registry)
    with show_progress() as say:
        of_host = read(folder, host, as_name=as_name, user=user, templates=templates, progress=say)
    found = of_host.found
    if write:
        rewrite_registry(folder, of_host.before, {path: found.files[path] for path in found.changed})
    report = build_report(
        found.drifts,
        tuple(build_file(path, of_host.before, found.files) for path in found.changed),
        host=of_host.host,
        address=host,
        generation=of_host.generation,
        written=write and bool(found.changed),
        unread=of_host.unread,
    )
    present(build_view(report), format_)
    raise typer.Exit(choose_exit(conclude(report)))


def _describe_target(out: Path, name: str | None, host: "HostFacts") -> "Into":
    from qtctl.adapters.files import locate_shipped, read_text
    from qtctl.adapters.templates import load_unit_templates
    from qtctl.flows.adopt import Into
    from qtctl.flows.schemas import make_registry_schemas, read_meanings

    schemas = make_registry_schemas(read_meanings(read_text(locate_shipped("keys.toml"))))
    return Into(_name_fleet(out, name), host, schemas, load_unit_templates(None))


def _name_fleet(out: Path, name: str | None) -> str:
    """The name that was given, else one made of the folder's."""
    if name is not None:
        if not FLEET.fullmatch(name):
            raise InputError(f"--name cannot be {name!r}", hint="a-z, 0-9 and -, a letter first, at most 24")
        return name
    made = re.sub(r"[^a-z0-9-]+", "-", out.absolute().name.lower()).strip("-0123456789")[:24].strip("-")
    return made if made and made != "registry" else "fleet"


def _finish(adopted: "Adopted", out: Path, locate: "Callable[[str], str]", *, force: bool, format_: str | None) -> None:
    from qtctl.adapters.files import read_text
    from qtctl.adapters.new_folders import replace_folder, write_new_folder
    from qtctl.flows.adopt import keep_policy
    from qtctl.reports.adopt import build_report
    from qtctl.reports.adopt_view import build_view

    kept = out / "policy.toml"
    if force and is_file(kept):
        adopted = keep_policy(adopted, read_text(kept).encode())
    report = build_report(adopted.adoption, str(out))
    if force:
        replace_folder(out, adopted.files)
    else:
        write_new_folder(out, adopted.files)
    present(build_view(report, locate), format_)
    raise typer.Exit(choose_exit(adopted.adoption.conclusion))


EXAMPLES = {
    "units": (
        "qtctl adopt units /srv/units --out registry",
        "qtctl adopt units units --out registry --force",
    ),
    "host": (
        "qtctl adopt host web-1 --out registry",
        "qtctl adopt host web-1 --unit 'shop-*' --out registry",
    ),
    "drift": (
        "qtctl adopt drift --host lab1",
        "qtctl adopt drift --host web-1 --write",
    ),
    "inventory": (
        "qtctl adopt inventory inventory.ini",
        "qtctl adopt inventory ~/.ssh/config --out hosts.toml",
    ),
    "compose": (
        "qtctl adopt compose docker-compose.yml --out registry",
        "qtctl adopt compose base.yml metrics.yml --out registry",
    ),
}
COMMAND = Command("adopt", 30, Panel.DECLARE, app, EXAMPLES)
