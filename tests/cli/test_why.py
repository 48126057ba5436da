"""`qtctl why` on a command line: every kind of report, and every bad input in one line."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import RunHere
from tests.docs.generate import DOCS
from tests.reports.numbers.samples import SAMPLES, read_sample

SMALL = read_sample("registry mixed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("why")
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    (made / "folder").mkdir()
    return made


def text(document: object) -> bytes:
    return json.dumps(document).encode()


DEEP = b'{"schema_version": 1, "a": ' + b"[" * 70 + b"]" * 70 + b"}"
FILES: dict[str, bytes] = {
    "r.json": text(SMALL),
    "a#b.json": text(SMALL),
    "cut.json": json.dumps(SMALL, indent=1).encode()[:4000],
    "empty.json": b"",
    "list.json": b"[]",
    "text.json": b'"x"',
    "none.json": b"{}",
    "other.json": b'{"schema_version": 1, "name": "x", "version": 3}',
    "bool.json": b'{"schema_version": true}',
    "later.json": text(SMALL | {"schema_version": 2}),
    "more.json": text(SMALL | {"extra": 1}),
    "less.json": text({key: value for key, value in SMALL.items() if key != "gates"}),
    "nan.json": b'{"schema_version": 1, "a": NaN}',
    "huge.json": b'{"schema_version": 1, "a": 1e999}',
    "digits.json": b'{"schema_version": 1, "a": ' + b"9" * 5000 + b"}",
    "deep.json": DEEP,
    "deeper.json": b"[" * 200_000,
    "bytes.json": b'{"schema_version": \xff}',
    "half.json": b'{"schema_version": 1, "host": "\\ud800"}',
    "many.json": b"[" + b"1," * 1_600_000 + b"1]",
}
REPORT = "not a report of qtctl"
CASES = (
    ("r.json", "'r.json' names no number (write it as FILE#/POINTER"),
    ("#/summary/running", "'#/summary/running' names no file"),
    ("r.json#", "r.json: the whole document is an object, not a number (numbers in it: schema_version)"),
    ("r.json#summary", "'summary' is not a JSON pointer: it does not begin with /"),
    ("r.json#/summary/~2", "is not a JSON pointer: a ~ is not followed by 0 or 1"),
    ("r.json#/summary/runing", "r.json: nothing at /summary/runing: /summary has no 'runing' (did you mean running?)"),
    ("r.json#/sumary/running", "nothing at /sumary/running: the document has no 'sumary' (did you mean summary?)"),
    ("r.json#/modules/99/pid", "/modules has no '99' (it has 13 rows, counted from 0)"),
    ("r.json#/modules/-1", "/modules has no '-1'"),
    ("r.json#/modules/01", "/modules has no '01'"),
    ("r.json#/modules/-", "/modules has no '-'"),
    ("r.json#/modules/9999999999999999999999", "/modules has no '9999999999999999999999'"),
    ("r.json#/summary/running/x", "/summary/running has no 'x' (it has nothing below it)"),
    ("r.json#/summary", "/summary is an object, not a number (numbers in it: total_modules, running, stopped"),
    ("r.json#/modules", "/modules is a list, not a number (name a number in it)"),
    ("r.json#/host", "/host is text, not a number"),
    ("r.json#/streams/0/length", "/streams/0/length is null: it is not known, not a number"),
    ("r.json#/", "the document has no ''"),
    ("gone.json#/a", "gone.json: cannot be read"),
    ("folder#/a", "folder: "),
    ("cut.json#/a", "cut.json:"),
    ("empty.json#/a", "empty.json:1: not JSON, or cut off"),
    ("list.json#/0", f"list.json: {REPORT}: it is not a JSON object"),
    ("text.json#/a", f"text.json: {REPORT}: it is not a JSON object"),
    ("none.json#/a", f"none.json: {REPORT}: it has no schema_version"),
    ("bool.json#/schema_version", f"bool.json: {REPORT}: it has no schema_version"),
    ("other.json#/version", f"other.json: {REPORT}: no report has such keys"),
    ("later.json#/summary/running", "later.json: a report of schema 2; this qtctl reads 1"),
    ("more.json#/extra", f"more.json: {REPORT}: for qtctl report registry, it has 'extra'"),
    ("less.json#/summary/running", f"less.json: {REPORT}: for qtctl report registry, it has no gates"),
    ("nan.json#/a", "nan.json: not JSON: NaN is not a number"),
    ("huge.json#/a", "huge.json: not JSON: a number that is too large"),
    ("digits.json#/a", "digits.json: not JSON: a number with too many digits"),
    ("deep.json#/a", "deep.json: nested deeper than 64"),
    ("deeper.json#/a", "deeper.json: nested deeper than 64"),
    ("bytes.json#/a", "bytes.json:1: not UTF-8"),
    ("half.json#/schema_version", "half.json: half of a surrogate pair"),
    ("many.json#/0", "many.json: about 1600001 values, more than 1500000"),
)


@pytest.mark.parametrize(("number", "says"), CASES, ids=[number[:40] for number, _ in CASES])
def test_bad_input_is_one_line_and_exit_2(folder: Path, run_here: RunHere, number: str, says: str) -> None:
    ran = run_here(folder, "why", number, "--format", "json")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), ran.err
    assert says in ran.err


@pytest.mark.parametrize("command", [("why", "r.json#/summary/running"), ("check-claims", "claims.md")])
@pytest.mark.parametrize("option", ["--registry", "--as"])
def test_an_option_about_the_registry_is_never_ignored(
    folder: Path, run_here: RunHere, command: tuple[str, str], option: str
) -> None:
    (folder / "claims.md").write_text("3 services run.\n")
    ran = run_here(folder, *command, option, "nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no registry here" in ran.err


def test_a_file_may_have_a_mark_in_its_name(folder: Path, run_here: RunHere) -> None:
    ran = run_here(folder, "why", "a#b.json#/summary/running", "--format", "json")
    assert (ran.code, json.loads(ran.out)["file"]) == (0, "a#b.json")


def test_steps_may_be_encoded_as_in_an_address(folder: Path, run_here: RunHere) -> None:
    document = read_sample("lint")
    (folder / "lint.json").write_bytes(text(document))
    plain, encoded = (
        json.loads(run_here(folder, "why", f"lint.json#/counts/{step}", "--format", "json").out)
        for step in ("services running", "services%20running")
    )
    assert plain == encoded
    assert plain["pointer"] == "/counts/services running"


@pytest.mark.parametrize("name", ["registry mixed", "parity gaps", "evolution", "evidence mixed", "snapshot", "lint"])
def test_json_of_any_report_follows_the_schema_of_why(folder: Path, run_here: RunHere, name: str) -> None:
    schema = json.loads((DOCS / "schemas/why.json").read_text())
    (folder / "one.json").write_text(SAMPLES[name]())
    ran = run_here(folder, "why", "one.json#/schema_version", "--format", "json")
    Draft202012Validator(schema).validate(json.loads(ran.out))
    assert ran.code == 0


def test_a_report_that_was_changed_exits_with_1(folder: Path, run_here: RunHere) -> None:
    changed = SMALL | {"summary": SMALL["summary"] | {"running": 30}}
    (folder / "changed.json").write_bytes(text(changed))
    ran = run_here(folder, "why", "changed.json#/summary/running", "--format", "md")
    assert ran.code == 1
    assert "The items come to 3, not to 30" in ran.out


def test_the_result_of_why_is_a_report_too(folder: Path, run_here: RunHere) -> None:
    (folder / "why.json").write_text(run_here(folder, "why", "r.json#/summary/running", "--format", "json").out)
    ran = run_here(folder, "why", "why.json#/total", "--format", "table")
    assert ran.code == 0
    assert ran.out.startswith("/total is 3\n")


def test_with_the_evidence_each_check_has_its_proof(world: Path, run_here: RunHere) -> None:
    argv = ("--from", "evidence.json", "--format", "json")
    (world / "registry.json").write_text(run_here(world, "report", "registry", *argv).out)
    number = "registry.json#/gates/8/unknown"
    bare = json.loads(run_here(world, "why", number, "--format", "json").out)
    proved = json.loads(run_here(world, "why", number, *argv).out)
    assert bare["number"] == proved["number"] == len(proved["items"]) > 5
    assert not any(each["asked"] for each in bare["items"])
    assert all(each["asked"] for each in proved["items"])


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--from", "gone.json"), "gone.json: cannot be read"),
        (("--from", "other.json"), "other.json: evidence of 2026-01-01T00:00:00.000Z, and registry.json was made from"),
        (("--from", "evidence.json", "--registry", "none"), "none: there is no registry here"),
    ],
)
def test_evidence_that_is_not_the_reports(world: Path, run_here: RunHere, argv: tuple[str, ...], says: str) -> None:
    made = run_here(world, "report", "registry", "--from", "evidence.json", "--format", "json").out
    (world / "registry.json").write_text(made)
    taken_at = json.loads(made)["generated_at"]
    evidence = (world / "evidence.json").read_text()
    (world / "other.json").write_text(evidence.replace(f'"{taken_at}"', '"2026-01-01T00:00:00.000Z"'))
    ran = run_here(world, "why", "registry.json#/summary/running", *argv)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert says in ran.err
