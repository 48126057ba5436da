"""Laws of systemd's own texts: unit files, env files, quoting, single values, what its tools print."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from qtctl.dialects.systemd import analyze, quoting, size, timespan, unit_name
from qtctl.dialects.systemd.calendar import explain_calendar_trouble
from qtctl.dialects.systemd.directives import NEVER_EMPTIED, find_assignment_rule, reset_with
from qtctl.dialects.systemd.renamed import find_new_spelling
from qtctl.dialects.systemd.splitting import Escapes, explain_trouble, quote, quote_literal, split
from qtctl.dialects.systemd.table import lookup
from qtctl.dialects.systemd.unitfile import Kind, UnitFile, merge_effective, parse, write
from qtctl.errors import InputError
from qtctl.render.render import TEMPLATES
from tests.dialects.systemd import test_quoting, test_unitfile
from tests.fuzz.registries import templates, unpack
from tests.fuzz.target import Target, placed, said

SEPARATOR = "\x1f"
"""Between the values of one input."""


def units(data: bytes) -> None:
    """Every byte comes back, and what systemd makes of the file is not changed by writing it again."""
    try:
        unitfile = parse(data, "x.service")
    except InputError as error:
        placed(error, {"x.service": data.replace(b"\r", b"\n")})
        return
    assert write(unitfile).encode() == data
    numbers = [line.line for line in unitfile.lines]
    assert numbers == sorted(numbers)
    assert all((line.kind is Kind.IGNORED) == bool(line.problem) for line in unitfile.lines)
    _read(unitfile, data)


def _read(unitfile: UnitFile, data: bytes) -> None:
    try:
        found = merge_effective(unitfile)
    except InputError as error:
        placed(error, {"x.service": data.replace(b"\r", b"\n")})
        return
    assert set(found) == {(line.section, line.key) for line in unitfile.directives if _counts(line.key, line.value)}
    assert merge_effective(unitfile, (parse("", "empty.conf"),)) == found
    for section, key in list(found)[:20]:
        assert unitfile.place(section, key).line is not None
        _looked_up(section, key)


def _counts(key: str, value: str) -> bool:
    """An empty assignment of what cannot be emptied says nothing; the reset of a list is noted."""
    return bool(value) or find_assignment_rule(key) not in NEVER_EMPTIED


def _looked_up(section: str, key: str) -> None:
    for version in (*lookup.list_versions(), 1, 250, 999):
        assert (lookup.find_kind(section, key, version) is None) or lookup.find_first_version(section, key) is not None
        lookup.find_standing(section, key, version)
    find_new_spelling(section, key)
    assert reset_with(key)


def env_files(data: bytes) -> None:
    """What was read can be written, and is read again as it was."""
    text = said(data)
    for systemd in (247, 252, 257):
        try:
            found = quoting.parse_env_file(text, "x.env", systemd=systemd)
        except InputError as error:
            placed(error, {"x.env": text})
            continue
        with suppress(InputError):
            written = "\n".join(quoting.write_env_line(name, value) for name, value in found.items())
            assert quoting.parse_env_file(written, "x.env", systemd=systemd) == found


READERS: tuple[Callable[[str], object], ...] = (
    quoting.parse_exec,
    quoting.parse_prefixed,
    quoting.parse_environment,
    quoting.parse_path_list,
    quoting.parse_value,
    quoting.parse_file_pattern,
    *((lambda text, how=how: split(text, how)) for how in Escapes),
)


def quotes(data: bytes) -> None:
    """Each value is refused or comes back as it was; each text is refused or read."""
    text = data.decode("utf-8", "surrogateescape")
    for read in READERS:
        with suppress(InputError):
            read(text)
    values = text.split(SEPARATOR)
    _argv(("/bin/x", *values))
    _argv(values)
    with suppress(InputError):
        _argv(quoting.split_exec(text))
    for value in values:
        _value(value)


def _argv(argv: Sequence[str]) -> None:
    with suppress(InputError):
        line = quoting.write_exec_line(argv)
        assert quoting.split_exec(line) == tuple(argv)
        assert _through_a_unit("ExecStart", line) == (line,)
    with suppress(InputError):
        line = quoting.write_exec_prefixed(argv, "-+", "ExecStop")
        command = quoting.parse_prefixed(line)
        assert (command.path, command.argv) == (argv[0], tuple(argv))


def _through_a_unit(key: str, value: str) -> tuple[str, ...]:
    """What systemd makes of it in a file."""
    return merge_effective(parse(f"[Service]\n{key}={value}\nUser=x\n", "x.service"))["Service", key]


def _value(text: str) -> None:
    with suppress(InputError):
        written = quoting.write_value(text, "Description")
        assert quoting.parse_value(_through_a_unit("Description", written)[0]) == text
    with suppress(InputError):
        assert _through_a_unit("CPUQuota", quoting.write_verbatim(text, "CPUQuota")) == (text,)
    with suppress(InputError):
        word = quoting.write_environment_assignment("A", text)
        assert quoting.parse_environment(word) == (f"A={text}",)
        assert _through_a_unit("Environment", word)[0] == f"A={text}".replace("%", "%%")
    with suppress(InputError):
        line = quoting.write_env_line("A", text)
        assert quoting.parse_env_file(f"B=1\n{line}\nC=2\n", "x.env") == {"B": "1", "A": text, "C": "2"}
    _path(text)
    if not explain_trouble(text):
        assert split(quote(text), Escapes.C) == split(quote(text), Escapes.C_RELAXED) == (text,)


def _path(text: str) -> None:
    with suppress(InputError):
        simple = quoting.simplify_path(text, "x")
        assert quoting.simplify_path(simple, "x") == simple
        assert split(quote_literal(simple), Escapes.LITERAL) == (simple,)
        assert quoting.parse_path_list(quoting.write_path_list((text, "/b"), "x")) == (simple, "/b")
        name = unit_name.escape_path(simple)
        assert simple == "/" if name == "-" else "/" + unit_name.unescape(name) == simple
    with suppress(InputError):
        written = quoting.write_path(text, "WorkingDirectory")
        assert quoting.parse_value(_through_a_unit("WorkingDirectory", written)[0]) == quoting.simplify_path(text, "x")
    with suppress(InputError):
        written = quoting.write_file_pattern(text, "EnvironmentFile")
        read = quoting.parse_file_pattern(_through_a_unit("EnvironmentFile", written)[0])
        assert read == quoting.simplify_path(text, "x")


def values(data: bytes) -> None:
    """Times, sizes, calendar expressions and names are read or refused, and a number is the number that it was."""
    text = data.decode("utf-8", "surrogateescape")
    trouble_ = explain_calendar_trouble(text)
    assert trouble_ is None or trouble_
    with suppress(InputError):
        span = timespan.parse_microseconds(text)
        assert 0 <= span <= timespan.INFINITY
        assert timespan.parse_microseconds("infinity" if span == timespan.INFINITY else f"{span}us") == span
    with suppress(InputError):
        amount = size.parse_bytes(text)
        assert 0 <= amount <= size.INFINITY
        assert size.parse_bytes("infinity" if amount == size.INFINITY else str(amount)) == amount
    _names(text)


def _names(text: str) -> None:
    with suppress(InputError):
        unit_name.unescape(text)
    if not explain_trouble(text):
        assert unit_name.unescape(unit_name.escape(text)) == text
        name = f"{unit_name.escape(text)}.service"
        assert unit_name.is_valid(name) == (bool(text) and len(name) <= unit_name.MAX_NAME)
    assert isinstance(unit_name.is_valid(text), bool)
    lookup.find_nearest("Service", text, 252)


def printed(data: bytes) -> None:
    """What systemd-analyze prints is read without an error, whatever it is."""
    text = said(data)
    analyze.parse_version(text)
    assert all(each.what or each.unit for each in analyze.parse_verify(text, "/root"))
    assert all(unit and each.rating for unit, each in analyze.parse_security(text).items())
    analyze.parse_calendar(text)


def rendered() -> list[bytes]:
    """The units and env files of the small registry, and its templates."""
    from qtctl.flows.declare import declare

    files = declare(unpack(b""), templates(), "", None).desired.files
    return [*(file.content for file in files), *(templates()[name].encode() for name in TEMPLATES)]


def _encoded(texts: Sequence[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogateescape") for text in texts]


UNIT_TEXTS = [text for text, _ in test_unitfile.EFFECTIVE.values()]
ENV_TEXTS = [*test_quoting.ENV_READ, *test_quoting.ENV_FILE.values()]
SPANS = ("5s", "2min 30s", "1.5h", "infinity", "1y 2month 3w 4d 5h 6m 7s 8ms 9us", "\u00b5s", "0", "512M", "1.5G 3K")
CALENDARS = (
    "daily", "Mon..Fri *-*-* 00/2:00:00", "Sat,Sun 2026-01-17 12:00 Europe/Berlin", "*-*~1", "@1395716396", "12..14:30",
    "*-02~03..5/1 1:2:3.456789 UTC",
)  # fmt: skip
VERIFY = (
    "systemd 252 (252.39-1~deb12u1)\n",
    "/root/etc/systemd/system/x.service:4: Unknown key name 'A' in section 'Service', ignoring.\n",
    "x.service: Command /bin/x is not executable: No such file or directory\n",
    """\
  NAME         DESCRIPTION   EXPOSURE
✗ User=/Dyn…   Service runs   0.4

→ Overall exposure level for x.service: 9.6 UNSAFE 😨
""",
    "  Original form: daily\nNormalized form: *-*-* 00:00:00\n    Next elapse: never\n",
)

MARKS = (
    '"', "'", "\\", "\\\n", "\\\\", "\n", "\r", "\r\n", "\n\r", " ", "\t", "#", ";", " ; ", "\\;", "=", "%", "%%", "$",
    "$$", "${", "}", "$MAINPID", "\0", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0001fffe", "\u00fc",
    "\\x41", "\\x00", "\\u0041", "\\U00110000", "\\777", "\\s", "-", "@", ":", "+", "!", "!!", "|", "/", "//", "/./",
    "/../", "*", "?", "[", "]", "~", "\udc80", "a" * 256,
)  # fmt: skip
DIRECTIVES = (
    "[Unit]\n", "[Service]\n", "[Timer]\n", "[Install]\n", "[", "]", "ExecStart=", "ExecStartPre=", "Environment=",
    "EnvironmentFile=", "After=", "WantedBy=", "OnCalendar=", "OnBootSec=", "ConditionPathExists=", "AssertHost=",
    "ReadWritePaths=", "SystemCallFilter=", "User=", "Description=",
)  # fmt: skip
PARTS = (
    "Mon", "..", ",", "/", "-", "~", ":", "*", "@", ".", "9" * 20, "9" * 5000, "." + "9" * 5000, "1970", "2199", "0",
    "31", "60", "s", "min", "us", "y", "infinity", "K", "E", "%", "\u00b5s", "weekly", " UTC", " Europe/Berlin",
    ".service", "@", "\\x2d", "\\xff", "User", "user", "\u0660", "\u00b2",
)  # fmt: skip
SAID = ("x.service", ": ", ":4: ", "9" * 5000, "0.4", "✗", "\n", "NAME", "EXPOSURE", "never")

UNIT = Target("unit", units, lambda: [*_encoded(UNIT_TEXTS), *rendered()], (*DIRECTIVES, *MARKS))
ENV = Target("env", env_files, lambda: [*_encoded(ENV_TEXTS), *rendered()], ("A=", "export ", *MARKS))
QUOTING = Target(
    "quoting",
    quotes,
    lambda: _encoded([*test_quoting.EXEC.values(), *map(SEPARATOR.join, test_quoting.EXEC), "/srv/a b", "50%"]),
    MARKS,
)
VALUES = Target("values", values, lambda: _encoded([*SPANS, *CALENDARS, "x-y@1.service", "/a b"]), PARTS)
PRINTED = Target("printed", printed, lambda: _encoded(VERIFY), SAID)
