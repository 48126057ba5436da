"""Which of the possible causes of a failed start the evidence supports: how the process ended, and whose unit it is."""

from qtctl.meaning.originals import is_as_adopted, needs_of
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, Unit
from qtctl.rules.declared import DeclaredUnit, Root
from qtctl.rules.exit_status import EXITED, STATUSES

EXEC, GROUP, USER, NAMESPACE = 203, 216, 217, 226
NOT_RUN = (126, 127)
"""What a shell says of a program that it could not start."""
FIRST_OF_SYSTEMD = 200
BEFORE_THE_PROGRAM = {
    "QT401": (EXEC, *NOT_RUN),
    "QT402": (EXEC, *NOT_RUN),
    "QT711": (GROUP, USER),
    "QT713": (NAMESPACE,),
}
"""What systemd itself gives as exit status where this is the cause."""
OF_OUR_FILE = frozenset({*BEFORE_THE_PROGRAM, "QT601"})
"""What only the generated unit file makes a cause: another one may need nothing of it."""


def keep_supported(facts: Facts, desired: Desired, declared: DeclaredUnit, unit: Unit) -> tuple[Root, ...]:
    """Those of its declared causes that its last end speaks for. All of them where nothing is known of an end."""
    ours = _is_ours(facts, desired, declared)
    known = bool(unit.exec_main_code) or unit.result not in ("", "success")
    return tuple(
        (id_, subject)
        for id_, subject in declared.causes
        if (ours or id_ not in OF_OUR_FILE) and (not known or _speaks_for(unit, id_))
    )


def _is_ours(facts: Facts, desired: Desired, declared: DeclaredUnit) -> bool:
    """Whether the unit is made by the generated file, or by what it was adopted from; also where nobody could look."""
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
    """A port is taken when the program asks for it: not before it runs."""
    status = unit.exec_main_status
    return unit.exec_main_code == EXITED and status >= FIRST_OF_SYSTEMD and status in STATUSES
