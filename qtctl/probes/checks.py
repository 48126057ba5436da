"""What a registry's own checks ask for: commands (fact `check.command`), unit properties and lines of files.

Only commands that the inquiry declares are run, and only as checks.sh allows it.
"""

from collections.abc import Sequence

from qtctl.dialects import shell
from qtctl.dialects.lines import split_lines
from qtctl.model.check_facts import CommandResult, FileLine, UnitProperty
from qtctl.model.evidence import Need
from qtctl.model.inquiry import CommandQuestion, Inquiry, LineQuestion
from qtctl.probes.answer import (
    Answer,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    find_first_line,
    hide_secrets,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family

MOST_OUTPUT = 4096
TIMED_OUT = (124, 137)
"""Exit statuses of timeout: the command was terminated, or had to be killed."""

SCRIPTS = Library(
    "checks",
    ("checks.sh",),
    {"run_check": ArgumentKind.ANYTHING, "has_line": ArgumentKind.ANYTHING, "show_properties": ArgumentKind.ANYTHING},
)


def probe(
    needs: Sequence[Need], declared: Sequence[CommandQuestion], declared_lines: Sequence[LineQuestion] = ()
) -> Probe:
    questions = {question.id: question for question in declared}
    wanted = sorted(set(needs), key=lambda need: need.subject)
    commands = [need for need in wanted if need.fact == CommandResult.FACT and need.subject in questions]
    shown = [need for need in wanted if need.fact == UnitProperty.FACT]
    of_lines = {question.id: question for question in declared_lines}
    lined = [need for need in wanted if need.fact == FileLine.FACT and need.subject in of_lines]
    unknown = [need for need in wanted if need not in (*commands, *shown, *lined)]
    asked = [_make_command(questions[need.subject]) for need in commands]
    asked += [_make_line_command(of_lines[need.subject]) for need in lined]
    if shown:
        pairs = [word for need in shown for word in need.subject.rsplit(" ", 1)]
        asked.append(SCRIPTS.make_command([("show_properties", *pairs)], ("systemctl", "show"), "systemctl show"))

    def parse(frames: Frames) -> list[Answer]:
        found = [
            _read_result(need, questions[need.subject], frame, at)
            for at, (need, frame) in enumerate(zip(commands, frames, strict=False))
        ]
        rest = zip(lined, frames[len(commands) :], strict=False)
        found += [
            _has_line(need, of_lines[need.subject], frame, at) for at, (need, frame) in enumerate(rest, len(commands))
        ]
        found += _read_shown(shown, frames[-1], len(asked) - 1) if shown else []
        return [*found, *(answer_not_asked(need, "no such command is declared") for need in unknown)]

    return Probe(tuple(asked), parse)


def _make_command(question: CommandQuestion) -> Command:
    call = ("run_check", f"{question.within_us / 1_000_000:g}", str(MOST_OUTPUT), *question.argv)
    return SCRIPTS.make_command([call], _show_argv(question), _make_again(question))


def _show_argv(question: CommandQuestion) -> tuple[str, ...]:
    from qtctl.dialects.arguments import mask_arguments  # noqa: PLC0415 - 10 ms, and few registries have commands

    return mask_arguments(question.argv)


def _make_again(question: CommandQuestion) -> str:
    return shell.join(_show_argv(question))


def _read_result(need: Need, question: CommandQuestion, frame: Frame | None, number: int) -> Answer:
    again = _make_again(question)
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=again, question=number)
    if frame.stderr.strip():
        return answer_refused(need, find_first_line(frame.stderr), again=again, question=number)
    late = frame.exit in TIMED_OUT and frame.took_s * 1_000_000 >= question.within_us
    output = hide_secrets(decode_text(frame.stdout[:MOST_OUTPUT]))
    return answer_observed(need, CommandResult(frame.exit, output, late), again=again, question=number)


def _make_line_command(question: LineQuestion) -> Command:
    argv = ("grep", "-Fxq", "-e", question.line, "--", question.path)
    return SCRIPTS.make_command([("has_line", question.path, question.line)], argv, shell.join(argv))


def _has_line(need: Need, question: LineQuestion, frame: Frame | None, number: int) -> Answer:
    again = shell.join(("grep", "-Fxq", "-e", question.line, "--", question.path))
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=again, question=number)
    said = decode_text(frame.stdout).strip()
    if frame.stderr.strip() or said not in ("yes", "no"):
        return answer_refused(need, find_first_line(frame.stderr) or "no answer", again=again, question=number)
    return answer_observed(need, FileLine(said == "yes"), again=again, question=number)


def _read_shown(needs: Sequence[Need], frame: Frame | None, number: int) -> list[Answer]:
    blocks: list[list[str]] = []
    for line in split_lines(decode_text(frame.stdout)) if frame else ():
        if line.startswith("= "):
            blocks.append([line[2:]])
        elif blocks:
            blocks[-1].append(line)
    if len(blocks) != len(needs):
        return [answer_unparseable(need, "the answer was cut off", question=number) for need in needs]
    return [_answer_property(need, block, number) for need, block in zip(needs, blocks, strict=True)]


def _answer_property(need: Need, block: list[str], number: int) -> Answer:
    unit, name = need.subject.rsplit(" ", 1)
    status, *said = block
    again = f"systemctl show -p {name} -- {shell.quote(unit)}"
    first = said[0] if said else ""
    if status != "0" or not first.startswith(f"{name}="):
        why = first or f"systemctl shows no property {name} for it"
        return answer_refused(need, why, again=again, question=number)
    value = hide_secrets(first.partition("=")[2])
    return answer_observed(need, UnitProperty(value), again=again, line=f"{name}={value}", question=number)


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, inquiry.commands, inquiry.lines)


FAMILY = Family((CommandResult, FileLine, UnitProperty), _make_probe)
