"""docs/cli.md, from the command line itself."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from qtctl.cli.catalogue import collect_examples, list_names
from qtctl.cli.exits import MEANING, PRECEDENCE, Exit
from qtctl.cli.main import build_command

CONTROLLED = (
    "0: every job is done",
    "1: a job did not end well; or you did not agree, and nothing was done",
    "2: an error in the registry, no declared unit has this name, or nobody could be asked; nothing was done",
    "3: the host could not be reached; nothing was done",
    "4: refused: a deploy is under way, it is another host, or root is not to be had; nothing was done",
    "5: the connection was lost, or a job had not ended at the deadline: nobody knows how it ended",
)
"""Of every command that acts on units by hand."""
OF_COMMAND: dict[str, tuple[str, ...]] = {
    "status": (
        "0: every unit is up, down or not failed as declared",
        "1: one is not",
        "2: an error in the registry, or no declared unit has this name",
        "3: the host could not be reached, or the state of a unit could not be read",
    ),
    "start": CONTROLLED,
    "stop": CONTROLLED,
    "restart": CONTROLLED,
    "reload": CONTROLLED,
    "enable": CONTROLLED,
    "disable": CONTROLLED,
    "reset-failed": CONTROLLED,
    "kill": CONTROLLED,
    "init": ("0: made", "2: an answer cannot be used, or the folder is not empty; nothing is written"),
    "adopt units": (
        "0: adopted",
        "1: adopted, but something must be done by hand first; the report says what",
        "2: nothing can be adopted, or a registry exists and `--force` was not given; nothing is written",
    ),
    "adopt host": (
        "0: adopted",
        "1: adopted, but something must be done by hand first; the report says what",
        "2: nothing can be adopted, or a registry exists and `--force` was not given; nothing is written",
        "3: adopted, but part of the host could not be read; or it cannot be reached, and nothing is written",
    ),
    "adopt drift": (
        "0: nothing was changed by hand, or the registry now has every change",
        "1: the registry would be edited (without `--write`), or a change has to be made by hand; the report says what",
        "2: the registry has an error, or was changed while this ran; nothing is written",
        "3: the host cannot be reached, or part of it could not be read",
        "4: what the host keeps of its last deploy is damaged or another fleet's; nothing is written",
    ),
    "adopt inventory": (
        "0: hosts.toml is printed or written; what was not adopted is on stderr",
        "2: the inventory cannot be read, has no hosts, or is a program; nothing is written",
    ),
    "adopt compose": (
        "0: adopted",
        "1: adopted, but something must be done by hand first; the report says what",
        "2: an error in a compose file, or a registry exists and `--force` was not given; nothing is written",
    ),
    "gate": (
        "0: every step that `[gate]` in policy.toml asks for has passed",
        "1: a step has a finding at or above the gate",
        "2: invalid options, or an error in the registry: the report shows it, and nothing else is run",
        "3: no such finding, but a step could not be run, or not everything could be judged",
    ),
    "comment": (
        "0: the comment is there, or nothing changes and there was none",
        "2: not a comment of `qtctl gate`, or this is no job of a pull request",
        "3: the forge does not answer, or refuses",
    ),
    "list": ("0: listed", "2: an error in the registry, or nothing of that kind can be in that state"),
    "show": ("0: shown", "2: an error in the registry, or nothing declared has this name"),
    "graph": ("0: drawn", "2: an error in the registry, or the name of `--focus` is not in the graph"),
    "schema": ("0: printed", "2: there is no such schema"),
    "lint": (
        "0: no finding at or above the gate (`fail_on` in policy.toml)",
        "1: such findings, all of them shown",
        "2: a registry that cannot be loaded, or a template with an error: all errors shown",
    ),
    "render": ("0: written", "2: the registry or a template has an error; nothing is written"),
    "verify": (
        "0: systemd accepts every unit and calendar, and no service is above the threshold",
        "1: a message from systemd, a calendar that it refuses or that never elapses, or a service above the threshold",
        "2: an error in registry, templates or options",
        "3: no such finding, and systemd-analyze is missing, too old (before 250) or gave no answer",
    ),
    "plan": (
        "0: nothing to do",
        "1: changes",
        "2: an error in registry, options or FILE",
        "3: something could not be read, or the host could not be reached",
        "4: a deploy would be refused",
    ),
    "deploy": (
        "0: as declared, with or without changes",
        "1: you said no, or asked only for the plan; or there is nothing to change, but it does not run as declared",
        "2: neither a terminal nor `--yes`, or an error in registry or options",
        "3: there is nothing to change, but whether it runs as declared is unknown",
        "4: refused, or rolled back: the host is as it was, and has confirmed it",
        "5: it is unknown whether the host is as it was; the report lists what was done and what is open",
        "130: interrupted before anything was changed",
    ),
    "backup take": (
        "0: taken",
        "2: an error in registry or options, or the file already exists or cannot be written",
        "3: taken without something that cannot be copied, which is named; or the host could not be read",
    ),
    "backup list": ("0: listed", "2: the backup folder cannot be read"),
    "backup show": ("0: shown", "2: not a backup, a damaged one, or one of a newer qtctl"),
    "backup restore": (
        "0: the host is as in the backup",
        "1: changes (`--dry-run`), or you said no",
        "2: not a backup, a damaged one, one of another host, or neither a terminal nor `--yes`",
        "3: the host could not be read (`--dry-run`)",
        "4: another machine, refused, or rolled back: the host is as it was, and has confirmed it",
        "5: it is unknown whether the host is as it was; the report lists what was done and what is open",
        "130: interrupted before anything was changed",
    ),
    "rollback": (
        "0: the host is as in that generation",
        "1: you said no; or there is nothing to change, but it does not run as it should",
        "2: neither a terminal nor `--yes`, or an error in registry or options",
        "3: there is nothing to change, but whether it runs as it should is unknown",
        "4: no such generation, a damaged one, or rolled back: the host is as it was",
        "5: it is unknown whether the host is as it was; the report lists what was done and what is open",
        "130: interrupted before anything was changed",
    ),
    "recover": (
        "0: the host is as it was before the deploy; or --accept; or there is no unfinished deploy",
        "2: an error in registry or options",
        "3: the host could not be asked",
        "4: a deploy is still under way, and ends by itself",
        "5: it could still not be rolled back",
    ),
    "secrets status": (
        "0: all of them are there",
        "1: one is missing or empty, or its file has the wrong owner or mode",
        "2: an error in registry or options",
        "3: the host could not be asked",
    ),
    "secrets put": (
        "0: it is there",
        "2: an error in registry or options, no such secret, or what was given cannot be one",
        "3: the host could not be asked",
        "4: refused; the host is as it was",
    ),
    "host prepare": (
        "0: as it should be, or the changes were made",
        "1: changes, which --apply makes",
        "2: an error in registry or options",
        "3: the host could not be asked, or not as root",
        "4: something is in the way, or a change failed: no file of the host was changed",
    ),
    "generations": (
        "0",
        "2: an error in registry or options, no such generation, or a damaged one",
        "3: the host could not be asked",
    ),
    "audit": (
        "0: every check holds, or what is broken is below the gate",
        "1: a finding at or above the gate",
        "2: an error in registry, options or saved evidence",
        "3: no such finding, and something is unknown",
    ),
    "logs": (
        "0: shown",
        "2: an error in registry or options; nothing of that name is declared, or no host is selected",
        "3: a host could not be reached, its account may not read the journal, or there is more than is read",
    ),
    "watch": (
        "130: interrupted, which is how it ends",
        "2: an error in registry or options; nothing of that name is declared, or no host is selected",
    ),
    "demo": (
        "as `audit`, for the host after it has been healed",
        "3: under `CI=true` if no host can be booted",
        "4: the host could not be booted",
    ),
    "explain": ("0: explained", "2: no such finding"),
    "parity": (
        "0: parity",
        "1: a gap, or a service without a disposition",
        "2: an error in registry, options or compose file",
        "3: no gap, and something is unknown",
    ),
    "report registry": ("as `audit`",),
    "report overview": ("as `audit`",),
    "report catalogue": ("as `audit`",),
    "report flow": (
        "0: written; what the flow lacks is in it, and is no finding",
        "2: an error in registry, options or saved evidence",
        "3: the host could not be reached: nothing is known of its streams",
    ),
    "why": (
        "0: explained, and the items come to the number",
        "1: explained, but the items come to something else: the report was changed, or is damaged",
        "2: the file is no report of qtctl, or no number stands there; or `--from` is not its evidence",
    ),
    "metrics": (
        "0: the metrics were written, whatever they say; `--listen` was ended",
        "2: an error in registry, options or saved evidence; or nothing can listen there",
    ),
    "notify": (
        "0: channels know all that is due, whatever that is; or it waits",
        "2: an error in registry, channels, state or saved evidence; nothing was sent",
        "3: a notification could not be sent, or may not have arrived",
    ),
    "check-claims": (
        "0: nothing in it is false",
        "1: a claim is false, or the document contradicts itself",
        "2: the document cannot be read; or an error in registry, options or saved evidence",
        "3: no such claim, but something cannot be checked with what was given; or nothing in it could be checked",
    ),
    "snapshot take": (
        "0: taken",
        "2: an error in registry, options or saved evidence; or the store cannot be used, or its newest is damaged",
        "3: a host could not be read, so no snapshot of it was taken",
    ),
    "snapshot list": ("0: listed", "2: the store cannot be read", "3: Redis does not answer"),
    "snapshot show": ("0: shown", "2: no such snapshot, or a damaged one", "3: Redis does not answer"),
    "snapshot verify": (
        "0: every snapshot is as it was written, none is missing, and no month was left out",
        "1: one is damaged, missing or not validly signed, or a month has none",
        "2: the store, its index or `--signers` cannot be read",
        "3: no such finding, and something is unknown; there is no snapshot; or Redis does not answer",
    ),
    "snapshot diff": ("0: compared", "2: no such snapshot, or a damaged one", "3: Redis does not answer"),
    "snapshot schedule": ("0: written", "2: systemd would misread it, or a file already exists"),
    **dict.fromkeys(
        ("schedule audit", "schedule snapshot", "schedule metrics", "schedule notify"),
        ("0: shown, or written", "2: an error in the registry, or systemd would misread it; nothing is written"),
    ),
    "evolution": ("0: compared", "2: a source cannot be read, or there is only one", "3: Redis does not answer"),
    "rehearse": (
        "0: every step passed, and the evidence has no gaps",
        "1: a step failed, at or above the gate",
        "2: an error in registry, options or evidence; evidence of another host or registry",
        "3: nothing failed, and something could not be tried, or the evidence has gaps",
        "4: no host can be booted here",
    ),
    "lab up": ("0: all of them run", "2: an error in the registry", "4: one could not be booted; the others run"),
    "lab list": ("0: listed",),
    "lab exec": ("that of the command", "4: there is no such host, or it does not run"),
    "lab reboot": ("0: up again", "4: there is no such host, or it did not come up"),
    "lab down": ("0: stopped", "2: there is no such host"),
}
"""Command → how it can exit, besides what any of them can: 70, 130, 141."""

HEAD = """# Commands

This page is generated from the command line itself; `qtctl COMMAND --help` says the same.

A shell completes commands, options and hosts after `qtctl --install-completion`; the manual page is
[qtctl.1](qtctl.1).

Results go to stdout, progress and errors to stderr. An error is one line: where, what, what to do. `--debug` before the
command shows the traceback, `--version` the version.
"""


def cli_markdown() -> str:
    root: Any = build_command()
    parts = [HEAD, "## Exit codes\n", _exits()]
    found = {" ".join(path): command for path, command in _leaves(root, ())}
    parts += [
        _command(name, command)
        for name, command in sorted(found.items(), key=lambda each: list_names().index(each[0].split()[0]))
    ]
    return "\n".join(parts)


def commands() -> set[str]:
    """Every command by its words: `lab up`."""
    return {" ".join(path) for path, _ in _leaves(build_command(), ())}


def _leaves(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name), command


def _exits() -> str:
    rows = [f"| {code.value} | {MEANING[code]} |" for code in Exit]
    order = ", ".join(str(code.value) for code in PRECEDENCE)
    return "\n".join(
        ["| exit code | means |", "|---|---|", *rows, "", f"If several apply, the first of {order} wins.", ""]
    )


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    needed = [f"{each.opts[0]} {each.metavar}" for each in options if each.required]
    more = ["[OPTIONS]"] if any(not each.required for each in options) else []
    words = ["qtctl", name, *map(_argument, arguments), *needed, *more]
    rows = [f"| {_names(each)} | {each.help} | {_default(each)} |" for each in (*arguments, *options)]
    table = ["| argument or option | meaning | default |", "|---|---|---|", *rows, ""] if rows else []
    exits = ["Exit codes:", "", *(f"- {each}" for each in OF_COMMAND[name]), ""]
    about = command.help.partition("\n\nExamples:\n")[0].strip()
    shown = ["```", *collect_examples()[name], "```", ""]
    lines = [f"## qtctl {name}", "", f"`{' '.join(words)}`", "", about, "", *shown, *table, *exits]
    return "\n".join(lines)


def _argument(parameter: Any) -> str:
    shown = str(parameter.metavar or parameter.name.upper())
    several = "..." if parameter.nargs == -1 else ""
    return f"{shown}{several}" if parameter.required else f"[{shown}]{several}"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    names = ", ".join(f"`{name}`" for name in sorted(parameter.opts, key=len, reverse=True))
    value = (parameter.metavar or _value(parameter)).replace("|", r"\|")
    return names if parameter.is_flag else f"{names} `{value}`"


def _value(option: Any) -> str:
    kind = option.type_descriptor.annotation
    return "|".join(each.value for each in kind) if issubclass(kind, Enum) else str(option.name).upper()


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    value = parameter.default
    return "" if value in (None, False, [], ()) else f"`{value}`"
