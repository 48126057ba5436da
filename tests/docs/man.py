"""docs/qtctl.1, the manual page, from the command line itself: groff's man macros, see groff_man(7)."""

import re
from typing import Any

from qtctl.cli.catalogue import collect_examples, list_names
from qtctl.cli.exits import MEANING, Exit
from qtctl.cli.main import HELP, build_command
from qtctl.version import VERSION
from tests.docs import cli, environment

NAME = "control plane and auditor for fleets of systemd hosts"


def man_page() -> str:
    root: Any = build_command()
    found = {" ".join(path): command for path, command in cli._leaves(root, ())}
    ordered = sorted(found.items(), key=lambda each: list_names().index(each[0].split()[0]))
    about = HELP.partition("Begin with:")[0].strip().split("\n\n")
    lines = [
        r".\" Generated from the command line: python -m tests.docs.generate",
        f'.TH QTCTL 1 "" "qtctl {VERSION}" "User Commands"',
        ".SH NAME",
        rf"qtctl \- {text(NAME)}",
        ".SH SYNOPSIS",
        ".B qtctl",
        r"[\fB\-\-debug\fR] \fICOMMAND\fR [\fIARGUMENT\fR ...]",
        ".SH DESCRIPTION",
        *(line for part in about for line in (".PP", text(" ".join(part.split())))),
        ".SH COMMANDS",
        *(line for name, command in ordered for line in _command(name, command)),
        ".SH EXIT STATUS",
        *(line for code in Exit for line in (".TP", rf"\fB{code.value}\fR", text(MEANING[code]))),
        ".SH ENVIRONMENT",
        *(line for name, what in environment.variables().items() for line in (".TP", rf"\fB{name}\fR", text(what))),
        ".SH FILES",
        *(line for path, what in environment.FOLDERS.items() for line in (".TP", rf"\fI{text(path)}\fR", text(what))),
        ".SH SEE ALSO",
        r"\fBsystemctl\fR(1), \fBssh_config\fR(5), \fBsystemd\-nspawn\fR(1)",
    ]
    return "\n".join(lines) + "\n"


def text(said: str) -> str:
    """As groff prints it: no escapes, no hyphenated dashes, no line that is a request. `code` is bold."""
    plain = said.replace("\\", r"\e").replace("-", r"\-")
    bold = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", plain)
    ascii_ = "".join(char if char.isascii() else rf"\[u{ord(char):04X}]" for char in bold)
    return f"\\&{ascii_}" if ascii_.startswith((".", "'")) else ascii_


def _command(name: str, command: Any) -> list[str]:
    about = command.help.partition("\n\nExamples:\n")[0].split()
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    words = " ".join(cli._argument(each) for each in arguments)
    lines = [f".SS qtctl {name}{f' {text(words)}' if words else ''}", text(" ".join(about))]
    for each in (*arguments, *options):
        lines += [".TP", _names(each), text(_meaning(each))]
    return [*lines, ".PP", "Examples:", ".PP", ".nf", *map(text, collect_examples()[name]), ".fi"]


def _meaning(parameter: Any) -> str:
    default = cli._default(parameter)
    aside = " Needed." if default == "needed" else f" Default: {default}." if default else ""
    return f"{' '.join((parameter.help or '').split())}{aside}"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return rf"\fI{text(cli._argument(parameter))}\fR"
    names = ", ".join(rf"\fB{text(name)}\fR" for name in sorted(parameter.opts, key=len, reverse=True))
    return names if parameter.is_flag else rf"{names} \fI{text(parameter.metavar or cli._value(parameter))}\fR"
