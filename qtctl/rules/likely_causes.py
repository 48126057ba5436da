"""Which possible causes of a failed start the evidence supports: how the process ended, and whose unit it is."""

from qtctl.meaning.originals import is_as_adopted, needs_of
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, Unit
from qtctl.rules.declared import DeclaredUnit, Root
from qtctl.rules.exit_status import EXITED, STATUSES

EXEC, GROUP, USER, NAMESPACE = 203, 216, 217, 226
NOT_RUN = (126, 127)
"""A shell's exit status for a program that it could not start."""
FIRST_OF_SYSTEMD = 200
BEFORE_THE_PROGRAM = {
    "QT401": (EXEC, *NOT_RUN),
    "QT402": (EXEC, *NOT_RUN),
    "QT711": (GROUP, USER),
    "QT713": (NAMESPACE,),
}
"""systemd's own exit status if this is the cause."""
OF_OUR_FILE = frozenset({*BEFORE_THE_PROGRAM, "QT601"})
"""Only a cause if the unit file is the generated one: another file may not need it."""


def keep_supported(facts: Facts, desired: Desired, declared: DeclaredUnit, unit: Unit) -> tuple[Root, ...]:
    """The declared causes that its last end supports; all of them if nothing is known about an end."""
    ours = _is_ours(facts, desired, declared)
    known = bool(unit.exec_main_code) or unit.result not in ("", "success")
    return tuple(
        (id_, subject)
        for id_, subject in declared.causes
        if (ours or id_ not in OF_OUR_FILE) and (not known or _speaks_for(unit, id_))
    )


def _is_ours(facts: Facts, desired: Desired, declared: DeclaredUnit) -> bool:
    """Whether the unit's file is the generated one or the one it was adopted from; also if nobody could look."""
    if not declared.file:
        return True
    item = facts.find_item(Need(File.FACT, declared.file))
    if not item.state.known:
        return True
    found = facts.read(File, declared.file)
    if found is not None and found.ours:
        return True
    generated = next((file for file in desired.files if file.path == declared.file), None)
    if generated is None:
        return False
    seen = all(facts.find_item(need).state.known for need in needs_of(generated))
    return not seen or is_as_adopted(generated, facts)


def _speaks_for(unit: Unit, id_: str) -> bool:
    if id_ in BEFORE_THE_PROGRAM:
        return unit.exec_main_code == EXITED and unit.exec_main_status in BEFORE_THE_PROGRAM[id_]
    if id_ == "QT601":
        return unit.result in ("resources", "start-limit-hit") and not unit.exec_main_code
    return id_ != "QT302" or not _has_ended_before_the_program(unit)


def _has_ended_before_the_program(unit: Unit) -> bool:
    """A program asks for its port after it has started, so a taken port is no cause before that."""
    status = unit.exec_main_status
    return unit.exec_main_code == EXITED and status >= FIRST_OF_SYSTEMD and status in STATUSES
