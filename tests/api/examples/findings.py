"""Print what is wrong on a host, by its saved evidence."""

import sys
from pathlib import Path

from qtctl.api import audit, evidence, registry
from qtctl.api.errors import InputError
from qtctl.api.values import Conclusion, Outcome


def main(folder: Path, saved: Path) -> int:
    declared = registry.declare(folder)
    seen = evidence.read(saved, declared)
    checks = audit.judge(declared, seen)
    for check in checks:
        if check.outcome is Outcome.BROKEN:
            print(f"{check.severity}  {check.id}  {check.subject}: {check.title}")
            print(f"    fix: {check.remedy}")
    report = audit.report(declared, seen, checks)
    totals = report.totals
    print(f"{report.host} at {report.taken_at}: {report.verdict}")
    print(f"{totals.holds} of {totals.total} checks hold, {totals.broken} are broken, {totals.unknown} unknown")
    return 0 if report.verdict is Conclusion.AS_DECLARED else 1


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
