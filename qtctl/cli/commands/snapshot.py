"""qtctl snapshot: what a host had, month by month, as a chain of documents that cannot be changed unseen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit, choose_whole_exit
from qtctl.cli.options import (
    AllHostsOption,
    AsOption,
    DeclaredFormatOption,
    FormatOption,
    FromOption,
    OutFileOption,
    RegistryOption,
    StoreOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import complain, complain_of, present, write
from qtctl.cli.selecting import select_several, selects_hosts
from qtctl.errors import HostError, InputError
from qtctl.model.selection import HostSelection

if TYPE_CHECKING:
    from qtctl.cli.evidence import Source
    from qtctl.findings.finding import Finding
    from qtctl.interfaces.snapshot_store import SnapshotStore
    from qtctl.reports.snapshot import SnapshotReport

app = typer.Typer(help="Snapshots of what hosts have, month by month, as a chain.", no_args_is_help=True)

NAME_HELP = "A snapshot: a file, or latest, a number, a month, a digest; with HOST: before it if there are several."
SIGN_HELP = "Sign it with this SSH key: a private key, or a public one whose private key is in the agent."
KEEP_HELP = "Keep the host's newest N, and delete older ones."
SIGNERS_HELP = "Whose signatures count: an allowed_signers file, as in ssh-keygen(1). Every snapshot must be signed."
REBUILD_HELP = "Rebuild the index from the snapshots in the store."
EVIDENCE_HELP = "Print the evidence that it was made from, for qtctl audit --from."
NameArgument = Annotated[str, typer.Argument(metavar="SNAPSHOT", help=NAME_HELP, show_default=False)]
BeforeArgument = Annotated[str, typer.Argument(metavar="A", help="The earlier one. " + NAME_HELP, show_default=False)]
AfterArgument = Annotated[str, typer.Argument(metavar="B", help="The later one.", show_default=False)]


@app.callback()
def snapshots() -> None:
    """Snapshots of what hosts have, month by month, as a chain: each names the one before."""


@app.command()
@selects_hosts
def take(
    wanted: HostSelection,
    saved: FromOption = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    sign: Annotated[Path | None, typer.Option("--sign", metavar="KEY", help=SIGN_HELP)] = None,
    keep: Annotated[int | None, typer.Option("--keep", metavar="N", min=1, help=KEEP_HELP)] = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """Save what hosts have and what an audit finds there. Nothing is written to a host, and no secret is kept."""
    from qtctl.api.snapshot import open_store
    from qtctl.cli.evidence import Source

    into, folder = open_store(store), locate_registry(registry)
    names = _select(folder, wanted, saved, as_name)
    taken: list[SnapshotReport] = []
    for name in names:
        source = Source(folder, templates, name, saved, as_name, user)
        try:
            taken.append(_take_one(into, source, sign, keep))
        except HostError as error:
            complain_of(error.lines)
    _present_taken(into, taken, format_, several=bool(names[1:]))
    raise typer.Exit(choose_whole_exit(len(taken) == len(names)))


def _present_taken(
    store: "SnapshotStore", taken: "list[SnapshotReport]", format_: str | None, *, several: bool
) -> None:
    """For several hosts a single list: one document, whoever reads it."""
    from qtctl.reports.snapshot import build_list
    from qtctl.reports.snapshot_view import build_list_view, build_view

    if several:
        present(build_list_view(build_list(store.place, [each.snapshot for each in taken], ())), format_)
    for each in () if several else taken:
        present(build_view(each, whole=False), format_)


def _select(folder: Path, wanted: HostSelection, saved: Path | None, as_name: str | None) -> tuple[str | None, ...]:
    """The hosts to look at; [None] if the evidence was saved. InputError if there are none, or too many."""
    from qtctl.cli.evidence import check_one_source

    if not wanted.given or wanted.single is not None:
        check_one_source(wanted.single, saved)
        return (wanted.single,)
    if saved is not None:
        raise InputError("--from is for one host", hint="take snapshots of saved evidence file by file")
    if as_name is not None:
        raise InputError("--as is for one host", hint="take snapshots of hosts that stand in for others one by one")
    return select_several(wanted, folder)


def _take_one(store: "SnapshotStore", source: "Source", key: Path | None, keep: int | None) -> "SnapshotReport":
    from qtctl.api.registry import declare
    from qtctl.api.snapshot_taking import take as take_snapshot
    from qtctl.cli.evidence import obtain
    from qtctl.reports.snapshot import build_report

    declared = declare(source.registry, source.host or "", templates=source.templates, as_name=source.as_name)
    evidence = obtain(declared, source.host, source.saved, source.user)
    snapshot, where, size = take_snapshot(store, declared, evidence, registry=source.registry, key=key)
    pruned = store.prune(snapshot.head.host, keep) if keep is not None else ()
    return build_report(snapshot, where, size, pruned)


@app.command("list")
def list_(
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Only those of this host.")] = None,
    store: StoreOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """List the snapshots of a store, by host and number."""
    from qtctl.api.snapshot import check, open_store
    from qtctl.reports.snapshot import build_list, build_row
    from qtctl.reports.snapshot_view import build_list_view

    found = open_store(store, existing=True)
    rows, damaged = [], []
    for name in _list_hosts(found, host):
        chain = found.read(name)
        checked, _ = check(found, name, None, _read_clock())
        rows += [build_row(each.snapshot, each.stored.where, len(each.stored.content)) for each in checked.links]
        readable = {each.stored.where for each in checked.links}
        damaged += [each.where for each in chain.stored if each.where not in readable]
    present(build_list_view(build_list(found.place, rows, damaged)), format_)


@app.command()
def show(
    name: NameArgument,
    store: StoreOption = None,
    evidence: Annotated[bool, typer.Option("--evidence", metavar="", help=EVIDENCE_HELP)] = False,
    registry_file: Annotated[
        str | None, typer.Option("--registry-file", metavar="PATH", help="Print this file of the registry as it was.")
    ] = None,
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Show everything that a snapshot holds; or the evidence, or a file of the registry, that it was made from."""
    from qtctl.api.snapshot import find, open_store
    from qtctl.reports.snapshot import build_report
    from qtctl.reports.snapshot_view import build_view

    found = find(open_store(store), name)
    if evidence:
        write(found.write_evidence(), out)
        return
    if registry_file is not None:
        kept = found.attachments.registry
        if registry_file not in kept:
            raise InputError(f"the registry had no file {registry_file}", hint=f"it had {', '.join([*kept][:5])} …")
        write(kept[registry_file], out)
        return
    report = build_report(found.snapshot, found.stored.where, len(found.stored.content))
    present(build_view(report, whole=True), format_, out)


@app.command()
def verify(
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Only the chain of this host.")] = None,
    all_hosts: AllHostsOption = False,
    store: StoreOption = None,
    registry: RegistryOption = None,
    signers: Annotated[Path | None, typer.Option("--signers", metavar="FILE", help=SIGNERS_HELP)] = None,
    rebuild_index: Annotated[bool, typer.Option("--rebuild-index", metavar="", help=REBUILD_HELP)] = False,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Check that every snapshot is as it was written, that none is missing, and that no month was left out."""
    from qtctl.adapters.signatures import check_signers
    from qtctl.api.snapshot import check, open_store
    from qtctl.findings.finding import Severity
    from qtctl.reports.snapshot import build_check
    from qtctl.reports.snapshot_view import build_check_view

    if signers is not None:
        check_signers(signers)
    found, now = open_store(store, existing=not all_hosts), _read_clock()
    findings: list[Finding] = []
    hosts: dict[str, int] = {}
    wanted = _list_declared(locate_registry(registry)) if all_hosts else ()
    for name in dict.fromkeys((*_list_hosts(found, host), *wanted)):
        if rebuild_index:
            complain(f"{name}: the index lists {found.rebuild_index(name)} snapshots now")
        checked, judged = check(found, name, signers, now)
        findings += judged
        hosts[name] = len(checked.links)
    if not hosts:
        complain(f"{found.place} has no snapshot, so nothing was checked (`qtctl snapshot take` takes one)")
    report = build_check(found.place, hosts, findings, Severity.WARNING, now)
    present(build_check_view(report, findings), format_, out)
    raise typer.Exit(choose_exit(report.conclusion))


@app.command()
def diff(
    before: BeforeArgument,
    after: AfterArgument,
    store: StoreOption = None,
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Show what changed between two snapshots: added, removed, moved, renamed, changed, with every value."""
    from qtctl.api.evolution import compare
    from qtctl.api.snapshot import open_store
    from qtctl.reports.evolution import build_report
    from qtctl.reports.evolution_view import build_view

    present(build_view(build_report(compare(open_store(store), (before, after)))), format_, out)


WHERE_HELP = (
    "host: files of the registry, for the host itself. controller: unit files for the machine that looks at hosts."
)
OUT_HELP = "Write the files into this folder instead of stdout. Existing files are never overwritten."
REGISTRY = "/etc/qtctl/registry"


@app.command()
def schedule(
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="The host, or '*' for all (controller).")],
    where: Annotated[str, typer.Option("--where", metavar="WHERE", help=WHERE_HELP)] = "host",
    store: Annotated[
        str, typer.Option("--store", metavar="STORE", help="Where snapshots are kept.")
    ] = "/var/lib/snapshots",
    registry: Annotated[
        str, typer.Option("--registry", metavar="DIR", help="Path of the registry on that machine.")
    ] = "/etc/qtctl/registry",
    program: Annotated[
        str, typer.Option("--program", metavar="PATH", help="Path of qtctl on that machine.")
    ] = "/usr/local/bin/qtctl",
    account: Annotated[str, typer.Option("--as-user", metavar="USER", help="The account it runs as.")] = "root",
    when: Annotated[str, typer.Option("--on", metavar="CALENDAR", help="When, as in OnCalendar=.")] = "monthly",
    sign: Annotated[str | None, typer.Option("--sign", metavar="KEY", help="Path of the key on that machine.")] = None,
    keep: Annotated[int | None, typer.Option("--keep", metavar="N", min=1, help=KEEP_HELP)] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=OUT_HELP)] = None,
) -> None:
    """Declare the monthly snapshot: a service and a timer that the fleet renders and deploys like any other."""
    from qtctl.history.schedule import TABLES, Schedule, list_files, plan_command

    signed = ("--sign", sign) if sign else ()
    argv = plan_command(program, host, where, ("--registry", registry, "--store", store, *signed), keep)
    files = list_files(Schedule(argv, account, when), store, where)
    if out is None:
        write("\n".join(f"# {name}\n{text}" for name, text in files.items()))
        return
    from qtctl.adapters.added_files import add_files

    for path in add_files(out, files, TABLES):
        complain(f"written: {path}")


def _list_declared(registry: Path) -> tuple[str, ...]:
    """Every host of the registry, so that one without any snapshot is found, too."""
    from qtctl.api.registry import load

    return tuple(load(registry).registry.hosts)


def _list_hosts(store: "SnapshotStore", host: str | None) -> tuple[str, ...]:
    hosts = store.list_hosts()
    if host is None:
        return hosts
    if host not in hosts:
        raise InputError(
            f"{store.place} has no snapshot of {host}", hint=f"it has those of {', '.join(hosts) or 'none'}"
        )
    return (host,)


def _read_clock() -> str:
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.ledger import format_time

    return format_time(SystemClock().now())


EXAMPLES = {
    "take": ("qtctl snapshot take --host lab1", "qtctl snapshot take --all-hosts --keep 24 --sign ~/.ssh/id_ed25519"),
    "list": ("qtctl snapshot list", "qtctl snapshot list --store redis://127.0.0.1:6379/0"),
    "show": ("qtctl snapshot show latest", "qtctl snapshot show web-1:2026-03 --evidence --out evidence.json"),
    "verify": ("qtctl snapshot verify --all-hosts", "qtctl snapshot verify --signers allowed_signers"),
    "diff": ("qtctl snapshot diff 1 latest", "qtctl snapshot diff web-1:2026-01 web-1:2026-03 --format md"),
    "schedule": (
        "qtctl snapshot schedule --host web-1",
        "qtctl snapshot schedule --host '*' --where controller --out units",
    ),
}
COMMAND = Command("snapshot", 170, Panel.LOOK, app, EXAMPLES)
