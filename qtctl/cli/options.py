"""Options that several commands share, each declared once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtctl.dialects.endpoints import TAG_SIGN, is_account, is_host_glob, is_tag, is_target
from qtctl.formats.catalogue import Content, explain_refused, list_offered

if TYPE_CHECKING:
    from typer.models import OptionInfo

    from qtctl.engines.scheduler import Scheduler

ENGINE_VARIABLE = "QTCTL_ENGINE"

RegistryOption = Annotated[
    Path | None,
    typer.Option("--registry", metavar="DIR", help="The registry. Default: $QTCTL_REGISTRY, or ./registry."),
]
ClonesOption = Annotated[
    Path | None,
    typer.Option("--clones", metavar="DIR", help="Git clones to install code from: DIR/NAME, named as in code.toml."),
]
WheelsOption = Annotated[
    Path | None,
    typer.Option(
        "--wheels",
        metavar="DIR",
        help="Packages for the venvs to build. Otherwise the host fetches them from its index.",
    ),
]
TemplatesOption = Annotated[
    Path | None,
    typer.Option("--templates", metavar="DIR", help="Your own unit templates, instead of the shipped ones."),
]


def check_target(given: str | None) -> str | None:
    if given is not None and not given.strip():
        raise typer.BadParameter("it is empty")
    if given is not None and not is_target(given):
        where, _, name = given.rpartition("@")
        what = f"{given!r} is not a host name or address"
        raise typer.BadParameter(f"{what}: name the account with --user {where}" if name and where else what)
    return given


def _split_hosts(given: list[str] | None) -> list[str]:
    """Split at commas: names and globs."""
    names = [name for each in given or () for name in each.split(",")]
    for name in names:
        if not is_host_glob(name) and not is_tag(name.removeprefix(TAG_SIGN) if name.startswith(TAG_SIGN) else ""):
            check_target(name)
    return names


def _split_tags(given: list[str] | None) -> list[str]:
    """Split at commas, each with its sign."""
    tags = [tag.removeprefix(TAG_SIGN) for each in given or () for tag in each.split(",")]
    for tag in tags:
        if not is_tag(tag):
            raise typer.BadParameter(f"{tag!r} is not a tag: letters, digits and . _ -" if tag else "it is empty")
    return [f"{TAG_SIGN}{tag}" for tag in tags]


def _check_account(given: str | None) -> str | None:
    if given is not None and not is_account(given):
        raise typer.BadParameter(f"{given!r} is not an account name")
    return given


def choose_engine(given: str | None) -> "Scheduler | None":
    """The scheduler that --engine or $QTCTL_ENGINE names; None for this machine. InputError if it is no engine."""
    from qtctl.engines.scheduler import PROCESSES, parse_engine

    return parse_engine(given if given is not None else os.environ.get(ENGINE_VARIABLE) or PROCESSES)


def _read_hosts() -> dict[str, Any]:
    """hosts.toml of ./registry or $QTCTL_REGISTRY; empty if it cannot be read."""
    import tomllib

    try:
        return tomllib.loads((locate_registry(None) / "hosts.toml").read_text())
    except (OSError, ValueError):
        return {}


def _complete_host(incomplete: str) -> list[str]:
    """The hosts of the registry, and local."""
    from qtctl.model.host_defaults import is_default_table

    names = (name for name in (*_read_hosts(), "local") if not is_default_table(name))
    return [name for name in names if name.startswith(incomplete)]


def _complete_tag(incomplete: str) -> list[str]:
    hosts = (host for host in _read_hosts().values() if isinstance(host, dict))
    tags = (tag for host in hosts for tag in host.get("tags", ()) if isinstance(tag, str))
    return [tag for tag in dict.fromkeys(tags) if tag.startswith(incomplete)]


HOST_HELP = "A host in the registry or your ssh config, a lab host (lab1), or local."
OptionalHostOption = Annotated[
    str | None,
    typer.Option("--host", metavar="HOST", callback=check_target, help=HOST_HELP, autocompletion=_complete_host),
]
HostsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        metavar="HOST",
        callback=_split_hosts,
        autocompletion=_complete_host,
        help=f"{HOST_HELP} Several: repeat it, or separate them with commas; '*' and '?' match hosts of the registry, "
        "@TAG those that carry the tag.",
    ),
]
AllHostsOption = Annotated[bool, typer.Option("--all-hosts", metavar="", help="Every host of the registry.")]
TagsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        callback=_split_tags,
        autocompletion=_complete_tag,
        help="Every host of the registry that carries TAG. Several: repeat it, or separate them with commas.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="HOST",
        callback=_split_hosts,
        autocompletion=_complete_host,
        help="Leave out this host: a name, '*' and '?' as for --host, or @TAG. Several: as for --host.",
    ),
]
MaxHostsOption = Annotated[
    int | None, typer.Option("--max-hosts", metavar="N", min=1, help="Refuse if more than N hosts are selected.")
]
AtOnceOption = Annotated[
    int | None,
    typer.Option("--at-once", metavar="N", min=1, max=256, help="How many hosts are asked at the same time."),
]
HostDeadlineOption = Annotated[
    float | None,
    typer.Option(
        "--deadline",
        metavar="SECONDS",
        min=5,
        max=3600,
        help="How long a host may take, with all attempts to connect (default: 30).",
    ),
]
ENGINE_HELP = (
    "Where hosts are asked: processes, those of this machine, or dask://HOST[:PORT], the workers of a Dask scheduler. "
    "Default: $QTCTL_ENGINE, or processes."
)
EngineOption = Annotated[str | None, typer.Option("--engine", metavar="ENGINE", help=ENGINE_HELP)]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Use what is declared for this registry host (default: the only one)."),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="USER",
        callback=_check_account,
        help="Log in as USER instead of the account that hosts.toml names.",
    ),
]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="Judge saved evidence instead of asking a host."),
]
STORE_HELP = (
    "Where snapshots are kept: a folder, or redis[s]://HOST:PORT/DB. Default: $QTCTL_SNAPSHOTS, or "
    "qtctl/snapshots in XDG_STATE_HOME."
)
StoreOption = Annotated[str | None, typer.Option("--store", metavar="STORE", help=STORE_HELP)]
FORMAT_HELP = "Default: table on a terminal, Markdown elsewhere."


def _make_format_option(content: Content, help_: str = FORMAT_HELP) -> "OptionInfo":
    """The one option for formats: those that a report of this content has."""
    names = list_offered(content)

    def check(given: str | None) -> str | None:
        if given is None or given in names:
            return given
        because = explain_refused(content).get(given)
        others = ", ".join(map(repr, names))
        raise typer.BadParameter(f"{given!r} is not one of {others}" + (f": {because}" if because else ""))

    said = f"{', '.join(names)}. {help_}"
    option: OptionInfo = typer.Option(
        "--format", metavar="FORMAT", callback=check, help=said, autocompletion=lambda: list(names)
    )
    return option


FormatOption = Annotated[str | None, _make_format_option(Content.JUDGED)]
"""The formats of a report that judges something."""
AuditFormatOption = Annotated[str | None, _make_format_option(Content.HOSTS)]
"""The formats of a report of hosts that are judged one after the other."""
DeclaredFormatOption = Annotated[str | None, _make_format_option(Content.DECLARED)]
"""The formats of a report that only lists things."""
DeployFormatOption = Annotated[
    str,
    _make_format_option(
        Content.JUDGED,
        "Default: table. The others show the plan and how each step ended; they cannot ask, so give --yes.",
    ),
]
ControlFormatOption = Annotated[
    str,
    _make_format_option(
        Content.DECLARED, "Default: table. The others show how it ended, and cannot ask, so give --yes."
    ),
]


def _check_writable(given: Path | None) -> Path | None:
    """InputError before the work begins if its result could not be written there."""
    if given is not None:
        from qtctl.adapters.files import check_writable

        check_writable(given)
    return given


OutFileOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", callback=_check_writable, help="Write to FILE, not to stdout.")
]
TakeOverOption = Annotated[
    bool, typer.Option("--take-over", metavar="", help="Replace files that qtctl did not write; the old ones are kept.")
]
PruneOption = Annotated[
    bool, typer.Option("--prune", metavar="", help="Stop, disable and remove what is no longer declared.")
]
CutOverOption = Annotated[
    bool,
    typer.Option("--cut-over", metavar="", help="Stop the containers of compose services that units replace."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", metavar="", help="Show every step and diff, however many there are.")
]
DeadlineOption = Annotated[
    int, typer.Option("--deadline", metavar="SECONDS", min=1, help="How long it may take after you have said yes.")
]
SteadyOption = Annotated[
    float | None,
    typer.Option(
        "--steady",
        metavar="SECONDS",
        min=0,
        help="How long every service must have been up. Default: deploy.watch.steady in policy.toml, or 10.",
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="SIZES",
        help="Sizes of the batches, such as 1,25%,100%; the last is used until no host is left. "
        "Default: rollout.batches in policy.toml, or 1,25%,100%.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask before changing anything.")]


def locate_registry(given: Path | None) -> Path:
    return given or Path(os.environ.get("QTCTL_REGISTRY") or "registry")


ComposeFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--file", "-f", metavar="FILE", help="A compose file; several are merged in order, as Compose does."),
]
EnvFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--env-file", metavar="FILE", help="Values for variables, instead of .env; may be repeated."),
]
ProfilesOption = Annotated[
    list[str] | None,
    typer.Option("--profile", metavar="NAME", help="A profile to enable; may be repeated."),
]
