"""Options that several commands share, each declared once."""

import os
from pathlib import Path
from typing import Annotated, Optional

import typer

from qtctl.cli.output import Format

RegistryOption = Annotated[
    Optional[Path],
    typer.Option("--registry", metavar="DIR", help="The registry. Else $QTCTL_REGISTRY, else ./registry."),
]
TemplatesOption = Annotated[
    Optional[Path],
    typer.Option("--templates", metavar="DIR", help="Unit templates of your own, instead of those that ship."),
]
HostOption = Annotated[
    str,
    typer.Option("--host", metavar="HOST", help="A host of the registry or of your ssh config, lab1, or local."),
]
OptionalHostOption = Annotated[
    Optional[str],
    typer.Option("--host", metavar="HOST", help="A host of the registry or of your ssh config, lab1, or local."),
]
AsOption = Annotated[
    Optional[str],
    typer.Option("--as", metavar="NAME", help="The registry host that it stands in for (default: the only one)."),
]
UserOption = Annotated[
    Optional[str],
    typer.Option("--user", metavar="USER", help="Log in as USER instead of the account that hosts.toml names."),
]
FromOption = Annotated[
    Optional[Path],
    typer.Option("--from", metavar="FILE", help="Judge saved evidence instead of asking a host."),
]
FormatOption = Annotated[
    Optional[Format],
    typer.Option("--format", help="Default: table on a terminal, Markdown elsewhere."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]


def registry_folder(given: Path | None) -> Path:
    return given or Path(os.environ.get("QTCTL_REGISTRY") or "registry")
