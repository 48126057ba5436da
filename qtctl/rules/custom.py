"""Checks of a registry's own (checks.toml): each is a rule like any other, with an id of its own, QT9xx."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from qtctl.dialects import shell
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.open_paths import explain_numbers
from qtctl.model.check_facts import CommandResult, FileLine, Health, UnitProperty
from qtctl.model.desired import Desired
from qtctl.model.desired_checks import CommandWanted, DesiredCheck, FileWanted, HttpWanted, PropertyWanted
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.fact_help import LET_READ
from qtctl.model.facts import Facts, File
from qtctl.model.json import JsonObject
from qtctl.model.moments import parse_microseconds
from qtctl.rules import proofs
from qtctl.rules.http_answers import judge_answer, make_url, show_wanted_answer
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

LONGEST = 200
"""How many characters of an output a report shows."""


def list_custom_rules(checks: Iterable[DesiredCheck]) -> tuple[Rule, ...]:
    return tuple(_make_rule(check) for check in checks)


def _make_rule(check: DesiredCheck) -> Rule:
    """Its texts and its command are shown with anything that looks like a secret masked."""
    from qtctl.dialects.secrets import mask_message  # noqa: PLC0415 - 10 ms, and few registries have checks

    summary, remedy, why = (mask_message(text) for text in (check.summary, check.remedy, check.why))
    check = replace(check, summary=summary, remedy=remedy, why=why)
    return Rule(
        check.id,
        check.summary,
        Severity(check.severity),
        what=f"A check of this registry's own, in {check.origin.file}: {_describe_check(check)}. "
        "It is judged as written, and is unknown if the host could not be asked.",
        why=check.why or "The registry does not say why it is checked.",
        fix=check.remedy,
        expect=partial(_expect, check=check),
    )


def _describe_check(check: DesiredCheck) -> str:
    match check.wanted:
        case CommandWanted(argv=argv, exit=status):
            return (
                f"`{_format_command(argv)}`, run on the host as the account that audits, ends with exit status {status}"
            )
        case HttpWanted(url=url):
            return f"http://{make_url(url)}, asked from the host itself, answers with status {url.health_status}"
        case FileWanted(path=path, kind=kind):
            return f"{path} is {'not there' if kind == 'absent' else f'a {kind}'}"
        case PropertyWanted(unit=unit, property=name, value=value):
            return f"{unit} has {name}={value}"


def _format_command(argv: tuple[str, ...]) -> str:
    from qtctl.dialects.arguments import mask_arguments  # noqa: PLC0415 - as above

    return shell.join(mask_arguments(argv))


def _expect(desired: Desired, check: DesiredCheck) -> tuple[Expectation, ...]:
    if all(check.id != each.id for each in desired.checks):
        return ()
    match check.wanted:
        case CommandWanted() as command:
            return (
                _make_expectation(
                    check, check.id, CommandResult.FACT, _show_wanted_command(command), partial(_judge_run, command)
                ),
            )
        case HttpWanted(url=url):
            need, judge = Need(Health.FACT, check.id), partial(_judge_answer, url)
            return (
                Expectation(
                    make_url(url),
                    show_wanted_answer(url),
                    (need,),
                    partial(judge, need=need, remedy=check.remedy),
                    check.origin,
                ),
            )
        case FileWanted() as file:
            return (_make_file_expectation(check, file),)
        case PropertyWanted() as unit:
            subject = f"{unit.unit} {unit.property}"
            return (
                _make_expectation(
                    check, subject, UnitProperty.FACT, {unit.property: unit.value}, partial(_judge_property, unit)
                ),
            )


_Judge = partial[Verdict]


def _judge_answer(url: Listener, facts: Facts, need: Need, remedy: str) -> Verdict:
    answer = facts.read(Health, need.subject) or Health(0, "nothing was answered")
    return judge_answer(need, url, answer, make_steps(remedy))


def _make_file_expectation(check: DesiredCheck, file: FileWanted) -> Expectation:
    need = Need(File.FACT, file.path)
    line = Need(FileLine.FACT, check.id) if file.line is not None else None
    judged = partial(_judge_file, file, need=need, remedy=check.remedy, line=line)
    return Expectation(file.path, _show_wanted_file(file), (need, *([line] if line else [])), judged, check.origin)


def _make_expectation(check: DesiredCheck, subject: str, fact: str, wanted: JsonObject, judge: _Judge) -> Expectation:
    need = Need(fact, subject)
    judged = partial(judge, need=need, remedy=check.remedy)
    return Expectation(subject, wanted, (need,), judged, check.origin)


def _show_wanted_command(command: CommandWanted) -> JsonObject:
    said = {"output": command.output, "contains": command.contains}
    return {"exit": command.exit, **{name: text for name, text in said.items() if text is not None}}


def _judge_run(command: CommandWanted, facts: Facts, need: Need, remedy: str) -> Verdict:
    found = facts.read(CommandResult, need.subject)
    if found is None:
        return Verdict(False, None, unknown="the host says that there is no such command")
    again = _format_command(command.argv)
    if found.late:
        source = ProofSource(need, f"timeout {command.within_us / 1_000_000:g} {again} >/dev/null 2>&1; echo $?", "124")
        return Verdict(False, {"late": True}, (source,), remedy=make_steps(remedy))
    observed: JsonObject = {"exit": found.exit}
    if found.exit != command.exit:
        source = ProofSource(need, f"{again} >/dev/null 2>&1; echo $?", str(found.exit))
        return Verdict(False, {**observed, "output": found.output[:LONGEST]}, (source,), remedy=make_steps(remedy))
    good = command.output is None or found.output.rstrip("\n") == command.output.rstrip("\n")
    good = good and (command.contains is None or command.contains in found.output)
    if command.output is not None or command.contains is not None:
        observed["output"] = found.output[:LONGEST]
    first = found.output.partition("\n")[0]
    source = ProofSource(need, f"{again} 2>&1 | head -n 1 | grep . || echo nothing", first or "nothing")
    return Verdict(good, observed, (source,), remedy=make_steps(remedy))


def _show_wanted_file(file: FileWanted) -> JsonObject:
    said = {"owner": file.owner, "group": file.group, "mode": file.mode}
    wanted: JsonObject = {"kind": file.kind, **{name: text for name, text in said.items() if text}}
    if file.max_age_us is not None:
        wanted["max_age_s"] = file.max_age_us // 1_000_000
    sizes: JsonObject = {"min": file.min_size, "max": file.max_size}
    said_sizes: JsonObject = {name: value for name, value in sizes.items() if value is not None}
    if said_sizes:
        wanted["size"] = said_sizes
    if file.sha256:
        wanted["sha256"] = file.sha256
    if file.line is not None:
        wanted["line"] = _mask(file.line)
    return {**wanted, "not_empty": True} if file.not_empty else wanted


def _mask(text: str) -> str:
    from qtctl.dialects.secrets import mask_message  # noqa: PLC0415 - as above

    return mask_message(text)


def _judge_file(file: FileWanted, facts: Facts, need: Need, remedy: str, line: Need | None) -> Verdict:
    found = facts.read(File, file.path)
    if found is None or file.kind == "absent" or found.kind != file.kind:
        kind = "absent" if found is None else found.kind
        shown = found is not None and file.kind != "absent"
        source = proofs.prove_presence(need, file.path, present=found is not None)
        if shown and found is not None:
            source = proofs.prove_kind(need, file.path, found)
        return Verdict(kind == file.kind, {"kind": kind}, (source,), remedy=make_steps(remedy))
    age_us = max(parse_microseconds(facts.taken_at) - found.mtime, 0)
    seen: JsonObject = {"owner": found.owner, "group": found.group, "mode": found.mode}
    rights = {
        name: seen[name] for name, wanted in _show_wanted_file(file).items() if name in seen and seen[name] != wanted
    }
    old = file.max_age_us is not None and age_us > file.max_age_us
    size_wrong = found.size < max(file.min_size or 0, int(file.not_empty)) or _is_larger(found.size, file.max_size)
    if rights:
        proof, unknown = proofs.prove_permissions(need, file.path, found), explain_numbers(facts, found)
        return Verdict(False, rights, (proof,), unknown=unknown, remedy=make_steps(remedy))
    source = ProofSource(need, f"stat -c '%Y %s' {shell.quote(file.path)}", f"{found.mtime // 1_000_000} {found.size}")
    observed: JsonObject = {"kind": found.kind, "age_s": age_us // 1_000_000, "size": found.size}
    if old or size_wrong:
        return Verdict(False, observed, (source,), remedy=make_steps(remedy))
    return _judge_content(file, facts, found, remedy, line) or Verdict(True, observed, (source,))


def _is_larger(size: int, most: int | None) -> bool:
    return most is not None and size > most


def _judge_content(file: FileWanted, facts: Facts, found: File, remedy: str, line: Need | None) -> Verdict | None:
    """Judges the file's content if something is declared about it; None if it is as it should be."""
    need = Need(File.FACT, file.path)
    if file.sha256 and found.sha256 is None:
        item = facts.find_item(need)
        return Verdict(
            False, None, unknown=item.reason or "the auditing account may not read the file", remedy=LET_READ
        )
    if file.sha256 and found.sha256 is not None and found.sha256 != file.sha256:
        source = proofs.digest(need, file.path, found.sha256)
        return Verdict(False, {"sha256": found.sha256}, (source,), remedy=make_steps(remedy))
    if line is None or file.line is None:
        return None
    has = facts.read(FileLine, line.subject)
    if has is not None and has.there:
        return None
    source = proofs.prove_no_line(line, file.path, _mask(file.line))
    return Verdict(False, {"line": False}, (source,), remedy=make_steps(remedy))


def _judge_property(wanted: PropertyWanted, facts: Facts, need: Need, remedy: str) -> Verdict:
    found = facts.read(UnitProperty, need.subject)
    value = found.value if found else ""
    source = proofs.prove_unit_property(need, wanted.unit, wanted.property, value)
    return Verdict(value == wanted.value, {wanted.property: value}, (source,), remedy=make_steps(remedy))
