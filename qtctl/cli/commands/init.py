"""qtctl init: a first registry for a new fleet."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import locate_registry
from qtctl.cli.output import tell
from qtctl.dialects.shell import quote


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to create it: a new or empty folder.")],
    name: Annotated[str, typer.Option("--name", metavar="FLEET", help="The fleet's name; its units begin with it.")],
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Name of the first host.")],
    address: Annotated[str, typer.Option("--address", metavar="ADDR", help="Name or address that SSH connects to.")],
    audit_user: Annotated[
        str, typer.Option("--audit-user", metavar="USER", help="Account for audits: an ordinary user.")
    ] = "auditor",
    deploy_user: Annotated[
        str, typer.Option("--deploy-user", metavar="USER", help="Account for deploys: root, or one with sudo -n.")
    ] = "ops",
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="The host's memory.")] = "4G",
    cpus: Annotated[int, typer.Option("--cpus", metavar="N", min=1, help="The host's CPUs.")] = 2,
    redis: Annotated[
        bool, typer.Option("--redis", metavar="", help="Add a Redis server, and a stream that the example writes.")
    ] = False,
) -> None:
    """Create a small, complete registry: a host, a target and an example service, with their schemas."""
    from qtctl.adapters.files import locate_shipped, read_text
    from qtctl.adapters.new_folders import write_new_folder
    from qtctl.adapters.templates import load_unit_templates
    from qtctl.flows.init import make_registry
    from qtctl.flows.schemas import read_meanings
    from qtctl.scaffold.scaffold import Answers

    answers = Answers(name, host, address, audit_user, deploy_user, memory, cpus, redis)
    files = make_registry(answers, read_meanings(read_text(locate_shipped("keys.toml"))), load_unit_templates(None))
    write_new_folder(folder, files)
    made = [*(path for path in files if path.endswith(".toml")), "schemas/, for editors"]
    for line in (f"created in {folder}:", *(f"  {path}" for path in made), *_suggest_next(folder)):
        tell(line)


def _suggest_next(folder: Path) -> list[str]:
    """As it is typed where `init` was run: the folder that commands read by themselves is not named."""
    where = "" if folder == locate_registry(None) else f" --registry {quote(str(folder))}"
    commands = ("lint", "show hello", "lab up", "deploy --host lab1", "audit --host lab1")
    return ["next:", *(f"  qtctl {command}{where}" for command in commands)]


EXAMPLES = (
    "qtctl init shop --name shop --host web-1 --address 192.0.2.10",
    "qtctl lint --registry shop",
)
COMMAND = Command("init", 20, Panel.DECLARE, init, {"": EXAMPLES})
