"""Attacks on the reader of qtctl's output: control sequences, markup, forged lines, commands to paste."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import qtctl as package
from qtctl.adapters.files import locate_shipped, read_text
from qtctl.cli.exits import Exit
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import build, qtctl
from tests.security.conftest import RunHere
from tests.security.hostile import ALL, BREAKS, TRICKS, forged_in, odd_in

ROOT = Path(package.__file__).parent
WRITER = {"cli/output.py", "cli/tables.py"}
"""Nothing else writes to a terminal."""
OTHERS = {
    "__main__.py": {"sys.stdout.write", "sys.stdout.flush", "sys.stdout.reconfigure", "sys.stderr.flush"},
    "cli/main.py": {"sys.stdout.flush", "sys.stdout.fileno", "rich.markup"},
    "cli/interrupt.py": {"os.write"},
    "cli/live.py": {"Console", "rich.cells", "rich.console", "rich.live", "rich.table", "rich.text"},
    "adapters/template_child.py": {"sys.stdout.flush", "sys.stdout.write"},
    "adapters/trail_file.py": {"os.write"},
    "cli/commands/secrets.py": {"getpass.getpass"},
    "remote/import_entry.py": {"sys.stderr.flush", "sys.stderr.write"},
    "lab/standin.py": {"sys.stderr.write", "os.write"},
    "lab/terminal.py": {"os.write"},
}
"""Constants: a version, `interrupted`. Help texts are escaped for typer, which prints them. Templates answer on a pipe
to us, and the stand-in is a program of lab hosts. `lab exec` connects a terminal with a shell of a lab host, as it is.
"""


def test_nothing_else_writes_to_a_terminal() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in WRITER and (calls := set(_writes(ast.parse(path.read_text())))):
            found[name] = calls
    assert found == OTHERS


def _writes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if re.fullmatch(
                r"(builtins\.)?print|pprint(\.\w+)?|os\.write|sys\.(__)?std(out|err)(__)?\.(?!isatty)[\w.]+|"
                r"(typer|click)\.(s?echo|style|confirm|prompt|progressbar|launch|echo_via_pager)|"
                r"warnings\.warn|traceback\.print_\w+|input|getpass\.getpass|(rich\.\w+\.)?Console|logging\.(?!getLogger)\w+",
                called,
            ):
                yield called
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", "") or ""
            yield from (module for _ in [1] if module.startswith("rich") and "TYPE_CHECKING" not in ast.unparse(node))


def quoted(text: str) -> str:
    """As TOML and YAML read it."""
    return '"' + "".join(char if char.isalnum() and char.isascii() else f"\\U{ord(char):08x}" for char in text) + '"'


def poison(folder: Path, attack: str) -> None:
    """Puts the text wherever a registry, a compose file or saved evidence takes a free text."""
    said = quoted(attack)
    registry = folder / "registry"
    with (registry / "streams.toml").open("a") as file:
        file.write(f'\n[{said}]\ntype = "string"\nsummary = {said}\n')
    with (registry / "targets.toml").open("a") as file:
        file.write(f"notes = {said}\n")
    with (registry / "venvs.toml").open("a") as file:
        file.write(f"summary = {said}\n")
    for name in ("api", "feed"):
        path = registry / f"services/{name}.toml"
        path.write_text(f"notes = {said}\ncategory = {said}\nowner = {said}\n{path.read_text()}")
    with (registry / "fleet.toml").open("a") as file:
        file.write(f'\n[lifecycles.order]\nsummary = {said}\npasses = ["s:tick", {said}]\n')
    (registry / "services/gone.toml").write_text(f'summary = {said}\nstate = "retired"\nwhy = {said}\n')
    evidence = json.loads((folder / "evidence.json").read_text())
    evidence |= {"address": attack, "transport": attack, "user": attack, "qtctl_version": attack}
    for item in evidence["items"]:
        item |= {key: attack for key in ("reason", "again", "line") if item[key] is not None}
    for ask in evidence["asks"]:
        ask |= {"again": attack, "via": attack, "argv": [attack]}
    (folder / "evidence.json").write_text(json.dumps(evidence))
    (folder / "docker-compose.yml").write_text(
        f"services:\n  {said}:\n    image: {said}\n    command: [{said}]\n"
        "    ports: ['8000:8000']\n  feed:\n    image: small\n"
    )
    units = folder / "units"
    units.mkdir()
    one_line = attack.encode().translate(None, b"\r\n\0").decode()
    (units / "a.service").write_text(
        f"# {one_line}\n[Unit]\nDescription={one_line}\nAfter={one_line}\n"
        f"[Service]\nExecStart=/bin/true {one_line}\nUser={one_line}\nNice={one_line}\n{one_line}\n"
    )


DOCUMENTED: tuple[tuple[str, ...], ...] = (
    ("lint",),
    ("list",),
    *(("list", "--kind", kind) for kind in ("streams", "venvs", "targets")),
    ("show", "api"),
    ("show", "gone"),
    ("show", "main"),
    ("audit", "--from", "evidence.json", "--all"),
    ("report", "overview", "--from", "evidence.json"),
    ("why", "evidence.json#/asks/0/took_ms"),
    ("adopt", "units", "units", "--out", "adopted-units"),
    ("adopt", "compose", "docker-compose.yml", "--out", "adopted-compose"),
    ("verify",),
)
OTHERWISE: tuple[tuple[str, ...], ...] = (
    ("metrics", "--from", "evidence.json"),
    ("metrics", "--rules"),
    ("metrics", "--dashboard"),
    ("notify", "--from", "evidence.json", "--channels", "notify.toml", "--state", "told", "--dry-run"),
    ("schedule", "audit", "--on", "box", "--all-hosts"),
    ("lint", "--format", "sarif"),
    ("report", "catalogue", "--from", "evidence.json", "--format", "md"),
    ("report", "catalogue", "--from", "evidence.json", "--format", "json"),
    ("report", "flow", "--from", "evidence.json", "--format", "md"),
    ("report", "registry", "--from", "evidence.json"),
    ("report", "registry", "--from", "evidence.json", "--format", "json"),
    ("parity", "--compose", "docker-compose.yml", "--from", "evidence.json"),
    ("parity", "--compose", "docker-compose.yml", "--from", "evidence.json", "--format", "json"),
    ("report", "registry", "--from", "evidence.json", "--out", "out.md"),
    ("audit", "--from", "evidence.json", "--save", "saved.json"),
    *(("graph", "--what", what, "--format", form) for what in ("streams", "all") for form in ("mermaid", "dot", "svg")),
    ("render", "--out", "rendered"),
    ("explain", ALL),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, pattern: Path) -> Path:
    """A registry, evidence, a compose file and units, with all one-line tricks in all free texts."""
    return _world(tmp_path_factory.mktemp("hostile"), pattern, ALL)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, pattern: Path) -> Path:
    """The same with texts that have line breaks in them."""
    return _world(tmp_path_factory.mktemp("broken"), pattern, "".join(BREAKS.values()))


def _world(folder: Path, pattern: Path, attack: str) -> Path:
    build(folder)
    (folder / "evidence.json").write_bytes((pattern / "evidence.json").read_bytes())
    poison(folder, attack)
    return folder


@pytest.mark.parametrize("argv", [*((*argv, "--format", "md") for argv in DOCUMENTED), *OTHERWISE], ids=" ".join)
def test_no_output_does_anything(argv: tuple[str, ...], hostile: Path, broken: Path, run_here: RunHere) -> None:
    for folder in (hostile, broken):
        ran = run_here(folder, *argv)
        assert ran.code in (0, 1, 2, 3), ran.err
        text = next(
            (
                path.read_text()
                for name in argv
                if (path := folder / name).suffix in (".md", ".json") and name != "evidence.json"
            ),
            ran.out,
        )
        assert odd_in(text + ran.err) == set()
        assert forged_in(text + ran.err) == []
        assert "Traceback" not in ran.err
        if argv[-1] in ("json", "sarif") and ran.code != Exit.USAGE:
            json.loads(text)
        elif argv[-1] in ("md", "out.md") and text:
            _only_text(text)


@pytest.mark.parametrize("argv", DOCUMENTED, ids=" ".join)
def test_tables_only_show(argv: tuple[str, ...], hostile: Path, broken: Path, run_here: RunHere) -> None:
    for folder in (hostile, broken):
        argv = tuple(f"{each}-2" if each.startswith("adopted") else each for each in argv)
        ran = run_here(folder, *argv, "--format", "table")
        assert ran.code in (0, 1, 2, 3)
        assert odd_in(ran.out + ran.err) == set()
        assert forged_in(ran.out + ran.err) == []
        if argv[0] == "show" and folder is hostile:
            joined = re.sub(r"[\s│]", "", ran.out)
            assert ":smile::skull:" in joined, "an emoji would be no text of the registry"
            assert "[/b][/][red]x[link=http://evil.example]y" in joined, "markup is text"
            assert "\\x1b]52;c;" in joined, "what is made harmless is seen"


@pytest.mark.parametrize("argv", [argv for argv in DOCUMENTED if argv[0] != "adopt"], ids=" ".join)
def test_json_is_whole(argv: tuple[str, ...], hostile: Path, run_here: RunHere) -> None:
    ran = run_here(hostile, *argv, "--format", "json")
    assert odd_in(ran.out + ran.err) == set()
    if ran.code != Exit.USAGE:
        json.loads(ran.out)


@pytest.mark.parametrize("argv", [("show", "api"), ("audit", "--from", "evidence.json", "--all")], ids=" ".join)
def test_a_terminal_only_shows(argv: tuple[str, ...], hostile: Path) -> None:
    """The whole command, on a terminal of its own."""
    with on_terminal(hostile, *argv) as (ours, process):
        screen = seen(ours)
        assert process.wait(10) in (0, 3)
    assert odd_in(screen) == set()
    assert "\x1b[" in screen, "our own colours are there"


def test_reports_of_a_hostile_host(tmp_path: Path, run_here: RunHere) -> None:
    """A recorded host, each of whose answers ends in all tricks and line breaks."""
    evidence = json.loads(read_text(locate_shipped("recorded") / "evidence.json"))
    attack = ALL + "".join(BREAKS.values())
    for item in evidence["items"]:
        item["value"] = _with(attack, item["value"])
    (tmp_path / "evidence.json").write_text(json.dumps(evidence))
    source = ("--from", "evidence.json", "--registry", str(locate_shipped("registry")))
    forms = ("md", "json", "table")
    runs = [
        ((name,) if name == "audit" else ("report", name), form) for name in ("audit", "registry") for form in forms
    ]
    for argv, form in (*runs, (("report", "overview"), "md")):
        in_full = ("--verbose",) if argv[0] == "audit" else ()
        ran = run_here(tmp_path, *argv, *source, *in_full, "--format", form)
        assert ran.code in (1, 3), ran.err
        assert odd_in(ran.out + ran.err) == set()
        assert forged_in(ran.out + ran.err) == []
        assert "1b]52;c;" in ran.out.replace("\\]", "]")
        if form == "md":
            _only_text(ran.out)


FREE = frozenset(
    {"description", "output", "os", "kernel", "hostname", "user", "working_directory", "fragment_path", "exec_start"}
    | {"target", "resolved", "version", "interpreter", "drop_in_paths", "wants", "after", "owner", "group", "systemd"}
)
"""What an answer may say freely: the rest is refused where it is not what a host can say."""


def _with(attack: str, value: Any, *, free: bool = False) -> Any:
    match value:
        case str():
            return value + attack if free else value
        case list():
            return [_with(attack, each, free=free) for each in value]
        case dict():
            return {key: _with(attack, each, free=key in FREE) for key, each in value.items()}
    return value


def _only_text(markdown: str) -> None:
    """No link, picture or HTML except our own line breaks and code, according to a parser like GitHub's."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in _flat(parser.parse(markdown)):
        assert token.type not in ("link_open", "image", "html_block", "s_open"), token
        if token.type == "fence":
            assert token.info == "mermaid", token
            assert token.content.startswith("---\ntitle: "), "our own drawing, whose texts are escaped"
        if token.type == "html_inline":
            assert token.content in ("<br>", "<code>", "</code>"), token
    running = re.sub(r"^```mermaid\n.*?^```$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert "https://evil.example" not in re.sub(r"(`+).*?(?<!`)\1(?!`)|<code>.*?</code>", "", running)


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


MARKUP = ("k[/b]", "[red]", "\x1b[2J", ":smile:", "\u202ex", "a\nerror: forged", "\udcff", "%s{0}", "\\", "'; ls #", "")
ARGUMENTS: tuple[tuple[str, ...], ...] = (
    ("show", "{}"),
    ("explain", "{}"),
    ("graph", "--focus", "{}"),
    ("lint", "--registry", "{}"),
    ("list", "--kind", "{}"),
    ("list", "--state", "{}"),
    ("render", "--out", "docker-compose.yml/{}"),
    ("render", "--out", "out", "--as", "{}"),
    ("verify", "--as", "{}"),
    ("audit", "--from", "{}"),
    ("audit", "--host", "{}"),
    ("audit", "--host", "box", "--user", "{}"),
    ("deploy", "--host", "box", "--user", "{}"),
    ("parity", "--compose", "{}"),
    ("adopt", "units", "{}", "--out", "x"),
    ("adopt", "units", "registry", "--out", "x", "--name", "{}"),
    ("adopt", "host", "{}", "--out", "x"),
    ("schema", "{}"),
    ("lab", "down", "{}"),
    ("lab", "reboot", "{}"),
    ("{}",),
    ("audit", "--{}"),
)


@pytest.mark.parametrize("argv", ARGUMENTS, ids=" ".join)
def test_hostile_arguments(argv: tuple[str, ...], hostile: Path, run_here: RunHere) -> None:
    """One line that says what is wrong."""
    ran = run_here(hostile, *(each.replace("{}", "".join(MARKUP)) for each in argv))
    assert ran.code in (2, 3, 4), (ran.code, ran.out, ran.err)
    assert odd_in(ran.out + ran.err) == set()
    errors = [line for line in ran.err.split("\n")[:-1] if not line.startswith("connecting to ")]
    assert len(errors) == 1, ran.err
    assert errors[0].startswith("error: "), ran.err


def test_an_argument_that_is_markup(world: Path) -> None:
    """It was a trace."""
    ran = qtctl(world, "show", "k[/b]")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: nothing declared is called 'k[/b]'")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("trick", ["rich", "c1-csi", *BREAKS])
def test_lines_of_a_trace_are_known_by_their_beginning(trick: str, hostile: Path, run_here: RunHere) -> None:
    ran = run_here(hostile, "--debug", "show", {**TRICKS, **BREAKS}[trick])
    assert ran.code == 2
    assert odd_in(ran.err) == set()
    *trace, last = ran.err.split("\n")[:-1]
    assert trace
    assert all(line.startswith("| ") for line in trace)
    assert last.startswith("error: ")


WAIVED = "".join(trick for trick in TRICKS.values() if not re.search(r"[\x00-\x1f\x7f]", trick))
"""What a line of policy.toml may contain."""
FORMATS = ("table", "md", "json", "sarif", "junit", "github", "html")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, pattern: Path) -> Path:
    """Checks and waivers of a registry with all tricks and line breaks, and a host that answers with them."""
    folder, attack = build(tmp_path_factory.mktemp("judged")), ALL + "".join(BREAKS.values())
    said, line = quoted(attack), quoted(WAIVED)
    texts = f"summary = {quoted(attack[:200])}\nremedy = {said}\nwhy = {said}\n"
    (folder / "registry/checks.toml").write_text(
        f'[QT901]\n{texts}command = {{ argv = ["/usr/bin/id", {line}], output = {said} }}\n'
        f'[QT902]\n{texts}file = {{ path = "/core", owner = {line} }}\n'
        f'[QT903]\n{texts}command = {{ argv = ["/usr/bin/true"] }}\n'
    )
    words = f"reason = {line}\nowner = {line}\nexpires = 2999-01-01\n"
    expired = words.replace("2999", "1999")
    (folder / "registry/policy.toml").write_text(
        f'[[waivers]]\nid = "QT901"\nsubject = "QT901"\n{words}'
        f'[[waivers]]\nid = "QT903"\nsubject = "QT903"\n{expired}'
        f'[[waivers]]\nid = "QT204"\nsubject = {line}\n{words}'
    )
    evidence = json.loads((pattern / "evidence.json").read_text())
    result = {"exit": 1, "output": attack, "late": False}
    for number in ("QT901", "QT903"):
        item = {"fact": "check.command", "subject": number, "state": "observed", "value": result, "reason": None}
        evidence["items"].append({**item, "ask": 1, "store": "", "again": attack, "line": attack})
    (folder / "evidence.json").write_text(json.dumps(evidence))
    return folder


AUDIT_ALL = ("audit", "--from", "evidence.json", "--all")


@pytest.mark.parametrize(
    ("argv", "form"), [*((argv, form) for argv in (AUDIT_ALL, ("lint",)) for form in FORMATS), (AUDIT_ALL, "jsonl")]
)
def test_texts_of_checks_and_waivers(argv: tuple[str, ...], form: str, judged: Path, run_here: RunHere) -> None:
    ran = run_here(judged, *argv, "--format", form)
    assert ran.code in (0, 1, 3), ran.err
    assert odd_in(ran.out + ran.err) == set()
    assert forged_in(ran.out + ran.err) == []
    if form in ("json", "sarif"):
        json.loads(ran.out)
    elif form == "jsonl":
        assert [json.loads(line)["kind"] for line in ran.out.splitlines()] == ["host", "summary"]
    elif form == "junit":
        ET.fromstring(ran.out)  # noqa: S314 - what we wrote
    elif form == "md":
        _only_text(ran.out)
    elif form == "github":
        assert all(re.match(r"::(error|warning|notice|group|endgroup)|[^:]", line) for line in ran.out.splitlines())
    if argv[0] == "audit":
        assert "QT901" in ran.out


def test_a_check_that_is_explained(judged: Path, run_here: RunHere) -> None:
    ran = run_here(judged, "explain", "QT901")
    assert ran.code == 0, ran.err
    assert (odd_in(ran.out), forged_in(ran.out)) == (set(), [])
