"""What the caller records about each change of a host: see docs/trail.md."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from qtctl.adapters import trail_file
from qtctl.adapters.git import read_commit
from qtctl.adapters.person import find_person
from qtctl.dialects.secrets import mask_message
from qtctl.errors import QtctlError
from qtctl.model.plan import Plan
from qtctl.model.trail import Action, CallerEvent, Commit, clean, describe_origin
from qtctl.plan.agreed import plan_digest
from qtctl.plan.outcome import DeployOutcome

NO_FOLDER = Commit(problem="the registry has no folder")


def describe_caller(action: Action, registry: Path | None) -> dict[str, str]:
    """Who does this, and from which commit of the registry in this folder."""
    commit = NO_FOLDER if registry is None else read_commit(registry)
    return {"action": action.value, **describe_origin(find_person(), commit)}


@dataclass
class CallerTrail:
    """The records of one command. `about`: what each record says; `problems`: why records are missing."""

    about: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def note(self, event: CallerEvent, result: str = "", why: str = "", **more: str | int) -> None:
        record: dict[str, object] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event.value}
        record |= {key: clean(value) for key, value in self.about.items()}
        record |= {"result": result} if result else {}
        record |= {"why": clean(mask_message(why))} if why else {}
        problem = trail_file.append_record(record | more, os.environ)
        if problem and problem not in self.problems:
            self.problems.append(problem)

    def begin(self, plan: Plan) -> None:
        """The operator has agreed to the plan."""
        self.note(CallerEvent.BEGUN, plan=plan_digest(plan), steps=len(plan.steps))

    def run(self, command: Callable[[], DeployOutcome]) -> DeployOutcome:
        """Run `command`, and record how it ended. Its outcome warns if records are missing."""
        try:
            outcome = command()
        except QtctlError as error:
            self.note(CallerEvent.ENDED, "refused", error.describe_beside(self.about.get("target", "")))
            raise
        why = outcome.reason.what if outcome.reason else ""
        more = {} if outcome.generation is None else {"generation": outcome.generation}
        self.note(CallerEvent.ENDED, outcome.status.value, why, plan=plan_digest(outcome.plan), **more)
        missing = (f"the audit trail has no record of this: {each}" for each in self.problems)
        return replace(outcome, warnings=(*outcome.warnings, *missing))
