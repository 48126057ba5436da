"""The last full run, as the repository keeps it, and the page that is made of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.matrix.run import faults_of
from tests.matrix.situation import SUITES, Situation, choose, read_all

ROOT = Path(__file__).parent.parent.parent
RESULTS = Path(__file__).parent / "results.json"
SEED = 11
Run = dict[str, Any]
KEPT = (
    "digest", "expected", "missed", "false", "exit", "exit_expected", "proofs", "proofs_failed", "unproved",
    "disagreements", "remedies", "tops", "not_healed", "error",
)  # fmt: skip
COUNTED = {"expected", "tops"}
"""Their numbers are enough: what is expected stands in the situations."""
ALWAYS = {"digest", "expected", "exit", "exit_expected", "proofs"}


PAGE = """# Matrix

These situations are created on live lab hosts, one at a time and in random pairs, and then audited. Each is described
in `tests/matrix/situations` before it is run: how it is created, everything that an audit must then find (id,
subject, unknown or not), and how it is healed. The sets are compared exactly. This page is generated from
`tests/matrix/results.json`, the last run of `python -m tests.matrix`.

```text
python -m tests.matrix --suite bookworm               # all of one release, and 40 random pairs
python -m tests.matrix --suite trixie --only drift    # by family or name
python -m tests.matrix --keep; python -m tests.docs.generate
QTCTL_DIRECTIVES=all pytest tests/matrix/test_directives.py
```

The last line changes each directive that the registry can express: in its unit file, by drop-ins, and with
`systemctl set-property` where systemd accepts it. Every test run does this with some thirty of them.

There are {count} situations. {harmless} of them are harmless: ordinary operator actions, after which an audit must
exit with 0.

| suite | systemd | Redis | date | situations | pairs | expected | found | recall | precision | wrong "as declared" |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

*Expected* counts findings and unknowns, *recall* how many of them were found, *precision* how many of those found were
expected. *Wrong "as declared"* counts faults after which an audit exited with 0.

{wrong}

## Proofs and remedies

{proofs}

## Situations

{situations}
"""


def load_work(path: Path) -> Run:
    found: Run = json.loads(path.read_text()) if path.exists() else {"situations": {}}
    return found


def save_work(path: Path, work: Run) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(work, indent=1))
    part.replace(path)


def keep(work: Path) -> None:
    """The last run of each suite into the repository, without what is no longer a situation."""
    runs = {suite: _kept(load_work(work / f"{suite}.json")) for suite in SUITES}
    RESULTS.write_text(json.dumps(runs, indent=1, sort_keys=True) + "\n")


def _kept(run: Run) -> Run:
    digests = {each.name: each.digest for each in read_all()}
    known = {
        name: {key: _counted(key, each[key]) for key in KEPT if key in each and (each[key] or key in ALWAYS)}
        for name, each in run["situations"].items()
        if each["digest"] == " ".join(digests.get(part, "") for part in name.split(" + "))
    }
    return {**{key: value for key, value in run.items() if key != "situations"}, "situations": known}


def _counted(key: str, value: Any) -> Any:
    return len(value) if key in COUNTED else value


def read_results() -> dict[str, Run]:
    found: dict[str, Run] = json.loads(RESULTS.read_text())
    return {suite: found[suite] for suite in SUITES}


def is_pair(name: str) -> bool:
    return " + " in name


def matrix_markdown(results: dict[str, Run]) -> str:
    """docs/matrix.md."""
    situations = {each.name: each for each in read_all()}
    rows = [_row(suite, run) for suite, run in results.items()]
    harmless = sum(each.harmless for each in situations.values())
    text = PAGE.format(
        count=len(situations), harmless=harmless, rows="\n".join(rows), wrong="\n".join(_wrong(results)),
        proofs="\n".join(_proofs(results)), situations="\n".join(_list(situations, results)),
    )  # fmt: skip
    return text.replace("\n\n\n", "\n\n")


def _row(suite: str, run: Run) -> str:
    if run.get("not_run") or not run["situations"]:
        return f"| {SUITES[suite]} |  |  |  | not run: {run.get('not_run', 'no run is kept')} |  |  |  |  |  |  |"
    records = run["situations"]
    expected = sum(each["expected"] for each in records.values())
    missed = sum(len(each.get("missed", ())) for each in records.values())
    false = sum(len(each.get("false", ())) for each in records.values())
    found = expected - missed
    pairs = sum(map(is_pair, records))
    cells = (
        SUITES[suite], run["systemd"], run["redis"], run["date"],
        f"{len(records) - pairs} of {len(choose(read_all(), (), suite))}", pairs, expected, found + false,
        _percent(found, expected), _percent(found, found + false), len(wrongly_as_declared(run)),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def wrongly_as_declared(run: Run) -> list[str]:
    return [name for name, each in run["situations"].items() if each.get("exit") == 0 and each["exit_expected"] != 0]


def _wrong(results: dict[str, Run]) -> Iterator[str]:
    wrong = [
        f"- {SUITES[suite]}, {name}: {fault}"
        for suite, run in results.items()
        for name, each in run["situations"].items()
        for fault in faults_of(each)
    ]
    if wrong:
        yield from ("## What was wrong", "", *wrong, "")


def _proofs(results: dict[str, Run]) -> Iterator[str]:
    records = [each for run in results.values() for each in run["situations"].values()]
    ends = [end for each in records for end in each.get("remedies", {}).values()]
    proofs = sum(each.get("proofs", 0) for each in records)
    failed = sum(len(each.get("proofs_failed", ())) for each in records)
    yield f"{proofs} proofs were run again on the host, by the auditing account; {failed} printed another line than"
    yield f"the finding claims. The remedies of {len(ends)} findings without a cause were followed:"
    heals, says, fails = (ends.count(end) for end in ("heals", "says", "fails"))
    yield f"{heals} healed the host by their commands alone, {says} say what a person has to"
    yield f"do or decide, and {fails} did neither."


def _list(situations: dict[str, Situation], results: dict[str, Run]) -> Iterator[str]:
    yield from ("| situation | family | expected | run on |", "|---|---|---|---|")
    for name, each in situations.items():
        ran = [run["systemd"] for run in results.values() if name in run["situations"]]
        ids = sorted({id_ for key in ("findings", "every") for id_ in each.data.get(key, {})})
        unknown = " unknown" if each.data.get("unknown") or each.data.get("unknown_here") else ""
        unknown += " not asked" if each.data.get("not_asked") else ""
        said = f"{', '.join(ids)}{unknown}".strip() or "as declared"
        yield f"| {name} | {each.family} | {said} | {', '.join(ran)} |"
