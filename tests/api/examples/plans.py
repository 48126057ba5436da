"""Audit hosts at the same time, then print what a deploy would change on each that is not as declared."""

import sys
from pathlib import Path

from qtctl.api import fleet, plan, registry
from qtctl.api.errors import QtctlError
from qtctl.api.values import Conclusion, HostSelection, Judging


def main(folder: Path, names: tuple[str, ...]) -> int:
    loaded = registry.load(folder)
    hosts = fleet.select_hosts(loaded, HostSelection(names))
    basis = fleet.make_common_basis(loaded)
    tasks = fleet.make_examinations(basis, hosts, Judging())
    with fleet.start_engine() as engine:
        fleet.make_ready(engine, basis, tasks)
        results = sorted(fleet.examine(engine, basis, tasks), key=lambda each: each.number)
    for result in results:
        print(f"{result.target}: {result.report.verdict}, {result.report.totals.broken} broken")
        if result.report.verdict is Conclusion.NOT_AS_DECLARED:
            show_plan(folder, result.target)
    return 0 if all(each.report.verdict is Conclusion.AS_DECLARED for each in results) else 1


def show_plan(folder: Path, host: str) -> None:
    planned = plan.plan(registry.declare(folder, host), host)
    for refusal in planned.refusals:
        print(f"  refused: {refusal.subject}: {refusal.reason}")
    for step in planned.steps:
        print(f"  {step.kind} {step.subject}: {step.reason}")


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), tuple(sys.argv[2:])))
    except QtctlError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
