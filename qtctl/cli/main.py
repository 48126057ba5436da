"""The qtctl command: its commands in the order of work, how errors are shown, and the exit code."""

import os
import select
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from qtctl.cli.catalogue import find_command, list_commands, list_names
from qtctl.cli.command import Command as Declared
from qtctl.cli.exits import MEANING, Exit, choose_error_exit, choose_unexpected_exit
from qtctl.cli.output import complain, complain_of, tell, trace
from qtctl.errors import InputError, InputErrors, QtctlError
from qtctl.version import describe_version

if TYPE_CHECKING:
    from typer._click import Command, Context
    from typer.core import TyperOption

    from qtctl.cli.early_start import Started

HELP = """Control plane and auditor for fleets of systemd hosts.

A registry of TOML files says which services, timers, targets, venvs, ports and Redis streams each host must have. \
qtctl renders their systemd units, deploys them, and audits live hosts over SSH, with a proof for every line.

Begin with:
qtctl lint
qtctl lab up
qtctl deploy --host lab1
qtctl audit --host lab1

Exit codes:
"""

# click's base of usage errors: newer typer has a click of its own inside, and shows of it only this subclass.
UsageError: type[BaseException] = typer.BadParameter.__mro__[1]


class InOrder(TyperGroup):
    """Lists commands in the order in which they are used; typer lists groups of commands last."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(self.commands, key=list_names().index)


COMPLETE = "_QTCTL_COMPLETE"
"""Set by the script that a shell has from --show-completion."""


def build_command(only: Declared | None = None) -> "Command":
    """All commands, or `only` one, each with examples in its help."""
    app = typer.Typer(
        name="qtctl",
        cls=InOrder,
        help=HELP + "\n".join(f"{code:>3}  {meaning}" for code, meaning in MEANING.items()),
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    shown = list_commands() if only is None else (only,)
    for each in shown:
        each.add_to(app)
    command = typer.main.get_command(app)
    _add_examples(command, "", {words: lines for each in shown for words, lines in each.examples_by_words().items()})
    _show_flags_bare(command)
    _refuse_empty_paths(command)
    return command


def _show_flags_bare(command: "Command") -> None:
    """Flags take no value: typer shows one behind --help, and behind those of completion."""
    for param in command.params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    make = command.get_help_option

    def get_help_option(context: "Context") -> "TyperOption | None":
        option = make(context)
        if option is not None:
            option.metavar = ""
        return option

    command.get_help_option = get_help_option  # type: ignore[method-assign,assignment]
    for each in getattr(command, "commands", {}).values():
        _show_flags_bare(each)


_PATHS = frozenset(("A", "B", "DIR", "FILE", "KEY", "REGISTRY", "SNAPSHOT", "SOURCE", "STORE", "[FILE]..."))
"""How the help calls what names a file or a folder."""


def _refuse_empty_paths(command: "Command") -> None:
    """An empty word is what a shell makes of a variable that is not set; Path takes it for the current folder."""
    for param in command.params:
        if param.metavar in _PATHS:
            _refuse_empty(param)
    for each in getattr(command, "commands", {}).values():
        _refuse_empty_paths(each)


def _refuse_empty(param: Any) -> None:  # noqa: ANN401 - typer does not export the type of parameters
    process = param.process_value

    def process_value(context: "Context", value: object) -> object:
        if value == "" or (isinstance(value, (list, tuple)) and "" in value):
            raise typer.BadParameter("it is empty")
        return process(context, value)

    param.process_value = process_value


def _escape_markup(command: "Command") -> None:
    """typer shows help and completion through Rich, which would drop words in square brackets, as `[gate]`, as tags."""
    if getattr(command, "rich_markup_mode", None) != "rich":
        return
    for each in (command, *command.params):
        for name in ("help", "short_help", "epilog"):
            text = getattr(each, name, None)
            if text and "[" in text:
                from rich.markup import escape

                setattr(each, name, escape(text))
    for each in getattr(command, "commands", {}).values():
        _escape_markup(each)


EXAMPLES = "\n\nExamples:\n"


def _join_lines(command: "Command") -> None:
    """typer breaks a paragraph of the help where the docstring does, and again at the edge of the terminal."""
    about, examples, lines = (command.help or "").partition(EXAMPLES)
    command.help = "\n\n".join(each.replace("\n", " ") for each in about.split("\n\n")) + examples + lines
    for each in getattr(command, "commands", {}).values():
        _join_lines(each)


def _add_examples(command: "Command", path: str, examples: Mapping[str, tuple[str, ...]]) -> None:
    for name, each in getattr(command, "commands", {}).items():
        whole = f"{path} {name}".strip()
        if hasattr(each, "commands"):
            _add_examples(each, whole, examples)
        else:
            each.help = (each.help or "").rstrip() + EXAMPLES + "\n".join(examples[whole])


def _show_version(asked: bool) -> None:
    if asked:
        tell(describe_version())
        raise typer.Exit


def options(
    _debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_show_version, is_eager=True, help="Show version and commit."),
    ] = False,
) -> None:
    """Options of every command."""


def run(started: "Started | None" = None) -> NoReturn:
    """Run the command line and exit. Every error is one clear line; the trace only with --debug.

    `started`: a host that is being asked already, for the command that asks it.
    """
    debug, argv = _take_debug(sys.argv[1:])
    code = _run_guarded(argv, debug=debug, started=started)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = Exit.PIPE
    except OSError as error:
        code = _report_unexpected(error, debug=debug) if code != Exit.USAGE else code
    if code in (Exit.PIPE, Exit.USAGE):
        # Python would flush again at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _take_debug(argv: list[str]) -> tuple[bool, list[str]]:
    """--debug is taken from any place, but not out of a command for a lab host."""
    if argv[:2] == ["lab", "exec"]:
        return False, argv
    return "--debug" in argv, [argument for argument in argv if argument != "--debug"]


def _run_guarded(argv: list[str], *, debug: bool, started: "Started | None" = None) -> int:
    try:
        return _invoke(argv, started)
    except QtctlError as error:
        _show(error, debug=debug)
        return choose_error_exit(error)
    except (KeyboardInterrupt, typer.Abort) as ended:
        complain(str(ended) or "interrupted")
        return Exit.INTERRUPTED
    except SystemExit as done:
        # Rich, which shows the help, ends the process with 1 when nobody reads it.
        if isinstance(done.__context__, BrokenPipeError):
            return Exit.PIPE
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _report_unexpected(error, debug=debug)


def _invoke(argv: list[str], started: "Started | None") -> int:
    """Not through `app()`: that shows usage errors in boxes, and takes an interrupt for a plain exit."""
    completing = COMPLETE in os.environ
    # Loading and building forty commands takes 0.15 s, and one is needed.
    command = build_command(find_command(argv[0]) if argv and not completing else None)
    for each in getattr(command, "commands", {}).values():
        _join_lines(each)
    _escape_markup(command)
    if completing:
        command._main_shell_completion({}, "qtctl", COMPLETE)  # noqa: SLF001 - typer has no public way in
    try:
        with command.make_context("qtctl", argv, obj=started) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except UsageError as error:
        if said := _describe_usage_error(error, command, argv):
            complain(said)
        return Exit.USAGE
    return Exit.OK


def _describe_usage_error(error: BaseException, command: "Command", argv: list[str]) -> str:
    """A usage error as one line; of a group called without a command, whose help was shown, none."""
    _say_what_is_wrong(error)
    message: str = error.format_message()  # type: ignore[attr-defined]  # see UsageError
    if not message or type(error).__name__ == "NoArgsIsHelpError":
        return message
    context = getattr(error, "ctx", None)
    path = context.command_path if context else _name_command(command, argv)
    # Only click's MissingParameter, which typer does not export, has a param_type.
    missed = getattr(error, "param", None) if hasattr(error, "param_type") else None
    if context and (type(error) is UsageError or getattr(missed, "param_type_name", "") == "option"):
        from qtctl.cli.suggest import find_stray_word

        stray = find_stray_word(context, argv)
        message = stray.message if stray else message
    if context and missed is not None:
        from qtctl.cli.suggest import list_missing

        missing = list_missing(context, argv)
        message = f"missing {', '.join(missing)}" if len(missing) > 1 else message
    if hasattr(error, "possibilities"):
        # Only click's NoSuchOption, which typer does not export, has them.
        from qtctl.cli.suggest import describe_unknown_option

        message = describe_unknown_option(error.option_name, error.possibilities or ())  # type: ignore[attr-defined]
    what = " ".join(message.replace("Value error, ", "").split()).rstrip(".")
    return f"error: {what[0].lower()}{what[1:]} (see {path} --help)"


def _name_command(command: "Command", argv: list[str]) -> str:
    """The command that is called: click does not say where an option has no value."""
    words, below = ["qtctl"], getattr(command, "commands", {})
    for word in argv:
        if word not in below:
            break
        words.append(word)
        below = getattr(below[word], "commands", {})
    return " ".join(words)


def _say_what_is_wrong(error: BaseException) -> None:
    """A replacement for pydantic's text, quoted by typer, about a value that is not a number or out of bounds."""
    listed = getattr(error.__cause__, "errors", None)
    details = listed() if callable(listed) else []
    if not details or details[0]["type"] in ("value_error", "assertion_error"):
        return
    from qtctl.model.type_errors import describe_problem

    given = str(details[0]["input"])[:80]
    error.message = f"{given}, {describe_problem(details[0])}"  # type: ignore[attr-defined]  # see UsageError


def _report_unexpected(error: Exception, *, debug: bool) -> Exit:
    if isinstance(error, FileNotFoundError) and not _has_current_folder():
        gone = InputError("the current folder is not there any more", hint="change to one that exists")
        _show(gone, debug=debug)
        return choose_error_exit(gone)
    code = choose_unexpected_exit(error, reader_gone=_is_reader_gone())
    if code is Exit.USAGE and isinstance(error, OSError):
        complain(f"error: the output cannot be written: {error.strerror} (free space there, or send it elsewhere)")
    if code is not Exit.INTERNAL:
        return code
    if debug:
        trace("".join(traceback.format_exception(error)))
    what = " ".join(f"{type(error).__name__}: {error}".split())
    complain(f"error: internal error: {what} (a bug of qtctl: please report it, with what --debug shows)")
    return code


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _is_reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _show(error: QtctlError, *, debug: bool) -> None:
    if debug:
        trace("".join(traceback.format_exception(error)))
    for each in error.errors if isinstance(error, InputErrors) else (error,):
        complain_of(each.lines)
