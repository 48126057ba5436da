"""Laws of the registry: loading, lines, lint, fixes."""

import json
from collections.abc import Iterator, Mapping
from xml.parsers.expat import ParserCreate

from qtctl.dialects.toml.positions import MAX_DEPTH, map_lines
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError, InputErrors
from qtctl.flows.fix_registry import fix_registry
from qtctl.flows.lint import Linted, examine, list_declared
from qtctl.formats.catalogue import Content, list_offered, write_text
from qtctl.model.registry import Registry
from qtctl.registry.load import REQUIRED, load
from qtctl.registry.places import Places
from qtctl.reports.lint import Report, to_json
from qtctl.reports.lint_view import build_view
from qtctl.version import VERSION
from qtctl.views.choices import What
from qtctl.views.graph import draw_graph
from qtctl.views.graph_svg import draw_svg
from qtctl.views.graph_text import write_dot, write_mermaid
from tests.fuzz.registries import pack, seeds, templates, unpack
from tests.fuzz.target import Target, lines, placed

Files = Mapping[str, bytes]


def loads(data: bytes) -> None:
    """A registry, every origin of which is a line; or errors, each with a place."""
    files = unpack(data)
    try:
        registry = load(files)
    except InputErrors as error:
        placed(error, {**files, **{name: b"" for name in REQUIRED if name not in files}})
        return
    _located(files, registry)


def _located(files: Files, registry: Registry) -> None:
    places = Places(files)
    for origin in [*registry.origins.values(), *(each.at("no such key") for each in registry.origins.values())]:
        for place in (places.of(origin), places.of_written(str(origin))):
            assert place.file in files
            assert place.line is not None
            assert 1 <= place.line <= lines(files[place.file])


def positions(data: bytes) -> None:
    """Every key of a text that is TOML has a line, down to where one is still worth telling."""
    try:
        document = read(data, "x.toml")
    except InputError as error:
        placed(error, {"x.toml": data})
        return
    text = data.decode()
    found = map_lines(text)
    assert 1 <= min(found.values(), default=1) <= max(found.values(), default=1) <= lines(text)
    missing = set(_paths(document)) - set(found)
    assert not missing, missing


def _paths(document: dict[str, object]) -> Iterator[tuple[str, ...]]:
    todo: list[tuple[tuple[str, ...], object]] = [((), document)]
    while todo:
        prefix, node = todo.pop()
        if len(prefix) == MAX_DEPTH:
            continue
        for key, value in node.items() if isinstance(node, dict) else ():
            yield (*prefix, key)
            todo.append(((*prefix, key), value))


def lints(data: bytes) -> None:
    """Findings or errors, each with a place in the registry; every report can be made of them."""
    files = unpack(data)
    linted = examine(files, templates())
    if linted.registry is None:
        error = InputErrors(linted.errors)
        placed(error, {**files, **{name: b"" for name in REQUIRED if name not in files}})
        report = Report("registry", linted.errors, linted.findings, None, None)
    else:
        _check(files, linted)
        report = Report("registry", (), linted.findings, list_declared(linted.registry), linted.gate)
    assert json.loads(to_json(report))["schema_version"]
    shown = {
        name: write_text(build_view(report, str), name) for name in list_offered(Content.JUDGED) if name != "table"
    }
    assert json.loads(shown["sarif"])["runs"][0]["tool"]["driver"]["version"] == VERSION
    assert bool(shown["md"]) == (report.counts is not None or bool(report.findings))


def _check(files: Files, linted: Linted) -> None:
    texts = {**files, **{name: text.encode() for name, text in templates().items()}}
    for each in linted.findings:
        assert each.place.file in texts, each
        assert 1 <= (each.place.line or 1) <= lines(texts[each.place.file]), each


def fixes(data: bytes) -> None:
    """What `lint --fix` makes of it is no worse, and nothing else of it is another."""
    files = unpack(data)
    fixed, made = fix_registry(files, templates())
    assert bool(made) == (fixed != files)
    assert set(fixed) == set(files)
    changed = {each.fix.file for each in made}
    assert all(fixed[path] == content for path, content in files.items() if path not in changed)
    assert _wrong(fixed) <= _wrong(files)


def _wrong(files: Files) -> int:
    try:
        load(files)
    except InputErrors as error:
        return len(error.errors)
    return 0


def graphs(data: bytes) -> None:
    """A picture of each kind, which is XML where it is SVG."""
    try:
        registry = load(unpack(data))
    except InputErrors:
        return
    for what in What:
        built = draw_graph(registry, what)
        assert write_mermaid(built).startswith("---\ntitle: ")
        assert write_dot(built).startswith("digraph ")
        ParserCreate().Parse(draw_svg(built).encode(), True)


TOKENS = (
    "=", "[", "]", "[[", "]]", "{", "}", ",", ".", '"', "'", '"""', "'''", "\\", "#", "\n", "\r\n", "\t", "\0",
    "\ufeff", "true", "false", "nan", "-inf", "1e400", "0x" + "f" * 40, "9" * 30, "-9223372036854775809",
    "1979-05-27T07:32:00Z",
    "07:32:00", "1979-05-27", '""', "[]", "{}", "\\u0000", "\\uffff", "\\U0010ffff", "%", "$", "$$", "a" * 300,
    "--- services/x.toml\n", "--- hosts.toml\n", "--- timers.toml\n", "--- legacy/a.toml\n", "--- policy.toml\n",
    "summary", "state", "running", "stopped", "on-timer", "retired", "run", "kind", "module", "script", "command",
    "uvicorn", "argv", "args", "port", "ports", "listen", "health", "path", "within", "env", "secrets", "env_file",
    "order", "after", "conflicts", "on_failure", "limits", "memory_max", "memory_high", "cpu_quota", "restart_sec",
    "sandbox", "profile", "strict", "none", "read_write_paths", "streams", "publishes", "consumes", "commands",
    "start_pre", "stop", "reload", "timeouts", "kill", "umask", "directories", "log", "why", "replaced_by", "hosts",
    "unit", "target", "within", "on_calendar", "on_boot", "persistent", "randomized_delay", "notes", "documentation",
    "max_age", "type", "stream", "aliases", "severities", "fail_on", '"/"', '"/a b"', '"1G"', '"150%"', '"5s"',
    '"127.0.0.1:0"', '"*:65536"', '"[::]:80"', '"x@.service"', '"daily"', '"-"', '"a.service"',
)  # fmt: skip

PERSISTENT = pack(
    {"timers.toml": b'[api]\nsummary = "x"\nservice = "api"\non_boot = "1min"\npersistent = true # why\n'}
)

REGISTRY = Target("registry", loads, seeds, TOKENS)
POSITIONS = Target("positions", positions, lambda: [each.partition(b"\n")[2] for each in seeds()], TOKENS)
GRAPH = Target("graph", graphs, seeds, TOKENS)
LINT = Target("lint", lints, seeds, TOKENS)
FIX = Target("fix", fixes, lambda: [*seeds(), PERSISTENT], TOKENS)
