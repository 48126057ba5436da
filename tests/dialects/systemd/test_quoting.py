"""Quoting: cases from systemd's documentation and tests, and every text round."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd import quoting
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.errors import InputError

EXEC = {
    ("/bin/a",): "/bin/a",
    ("/bin/a", "-m", "x.y:app", "--port=8001"): "/bin/a -m x.y:app --port=8001",
    ("/bin/a", ""): '/bin/a ""',
    ("/bin/a", ";"): '/bin/a ";"',
    ("/bin/a", "100%", "$HOME", "${X}", "$"): "/bin/a 100%% $$HOME $${X} $$",
    ("/bin/a", "a b", 'say "hi"', "it's", "\\"): '/bin/a "a b" "say \\"hi\\"" "it\'s" "\\\\"',
    ("/bin/a", "a\nb\tc\r\x01\x7f"): '/bin/a "a\\nb\\tc\\r\\x01\\x7f"',
    ("/bin/a", "\u00fc \u2028\x85"): '/bin/a "\u00fc \\u2028\\u0085"',
    ("/opt/my app/run",): '"/opt/my app/run"',
    ("/opt/100%/run",): "/opt/100%%/run",
    ("/opt/$x/run", "$y"): ":/opt/$x/run $y",
    ("/opt/a b$x", "$$"): '":/opt/a b$x" $$',
    ("/bin/a", "#no comment", "'"): '/bin/a "#no comment" "\'"',
}
EXEC_REFUSED = {
    (): "no command",
    ("python",): "not an absolute path",
    ("",): "not an absolute path",
    ("/opt/it's/run",): "a quote, a backslash",
    ("/opt/a\\b",): "a quote, a backslash",
    ("/opt/a\nb",): "a quote, a backslash",
    ("/opt/",): "is a directory",
    ("/" + "x" * 256,): "too long",
    ("/bin/a", "b\0c"): "argument 1: holds a NUL",
    ("/bin/a", "b", "\ud800"): "argument 2: is not Unicode",
    ("/bin/a", "\U0001fffe"): "argument 1: holds the noncharacter U.1FFFE",
    ("/bin/a", "x" * (128 * 1024)): "argument 1: longer than the kernel",
    ("/bin/a", *("x" * 100_000 for _ in range(11))): "longer than systemd reads",
}
ENV_FILE = {
    "": "A=",
    "INFO": "A=INFO",
    "100%": "A=100%",
    "a b": 'A="a b"',
    '$HOME `x` \\ "q"': 'A="\\$HOME \\`x\\` \\\\ \\"q\\""',
    "two\nlines": 'A="two\nlines"',
    "#x": 'A="#x"',
    " ": 'A=" "',
    "it's": 'A="it\'s"',
}
ENV_READ = {
    "A=b\n": {"A": "b"},
    "  A =  b c  \n": {"A": "b c"},
    "# c\n; d\nA=1\nA=2\n": {"A": "2"},
    "A='x\\n$y'\n": {"A": "x\\n$y"},
    'A="a\\$b\\x\\\nc"': {"A": "a$b\\xc"},
    "A=a\\\nb\\ c": {"A": "ab c"},
    "A=a'b'\n": {"A": "a'b'"},
    "A='a' 'b' c\n": {"A": "abc"},
    "export A=b\n1A=c\n": {},
    "A\nB=1": {"B": "1"},
    "A=1\r\nB=2\r\n": {"A": "1", "B": "2"},
    "A=": {"A": ""},
    "# c \\\nA=1\nB=2": {"B": "2"},
}


@pytest.mark.parametrize("argv", EXEC)
def test_exec_line(argv: tuple[str, ...]) -> None:
    assert quoting.write_exec_line(argv) == EXEC[argv]
    assert quoting.split_exec(EXEC[argv]) == argv


@pytest.mark.parametrize("argv", EXEC_REFUSED, ids=range(len(EXEC_REFUSED)))
def test_exec_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=EXEC_REFUSED[argv]):
        quoting.write_exec_line(argv)


def test_loaded_argv_is_what_systemd_shows() -> None:
    assert quoting.list_loaded_argv(("/bin/a", "$x")) == ("/bin/a", "$$x")
    assert quoting.list_loaded_argv(("/bin/$a", "$x")) == ("/bin/$a", "$x")


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("/bin/a 'b c' d\"e f\"g", ("/bin/a", "b c", "de fg")),
        (r"/bin/a \x41\u00fc\101\s\;", ("/bin/a", "A\u00fcA \\;")),
        (r"/bin/a \x41\u00fc\101\s", ("/bin/a", "A\u00fcA ")),
        (r"/bin/a \; b", ("/bin/a", ";", "b")),
        ("-/bin/a b", ("/bin/a", "b")),
        ("@/bin/a name b", ("name", "b")),
        (":/bin/a $x", ("/bin/a", "$x")),
        ("/bin/a mid$dle", ("/bin/a", "mid$dle")),
    ],
)
def test_reads_what_others_wrote(text: str, argv: tuple[str, ...]) -> None:
    assert quoting.split_exec(text) == argv


@pytest.mark.parametrize("text", ["", '/a "b', "/a ; /b", "/a %n", "/a $x", "/a b${x}", "/a \\"])
def test_does_not_guess(text: str) -> None:
    with pytest.raises(InputError):
        quoting.split_exec(text)


@pytest.mark.parametrize("value", ENV_FILE)
def test_env_file_line(value: str) -> None:
    assert quoting.write_env_line("A", value) == ENV_FILE[value]
    assert quoting.parse_env_file(ENV_FILE[value], "x.env") == {"A": value}


@pytest.mark.parametrize("text", ENV_READ)
def test_env_file_is_read_as_systemd_does(text: str) -> None:
    assert quoting.parse_env_file(text, "x.env") == ENV_READ[text]


def test_comments_continue_only_before_254() -> None:
    assert quoting.parse_env_file("# c \\\nA=1\nB=2", "x.env", systemd=254) == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("name", "value"), [("1A", ""), ("", ""), ("A-B", ""), ("A", "s3cret\0"), ("A", "s3cret\ud800")]
)
def test_env_refused_without_showing_it(name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        quoting.write_env_line(name, value)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        quoting.write_environment_assignment(name, value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [("a 100% b", "a 100%% b"), ("", ""), ('"q" $x \\n', '"q" $x \\n'), ("a\\", "a\\ "), ("a\tb", "a\tb")],
)
def test_value(text: str, written: str) -> None:
    assert quoting.write_value(text, "Description") == written


@pytest.mark.parametrize("text", ["a\nb", "a\rb", " a", "a\t", "\0", "\x1b[1m", "\x9b", "\udfff", "\ufdd0"])
def test_value_refused(text: str) -> None:
    with pytest.raises(InputError, match="Description"):
        quoting.write_value(text, "Description")


@pytest.mark.parametrize(
    ("text", "written"), [("/a b", "/a b"), ("/a//./b/", "/a/b"), ("/", "/"), ("/100%", "/100%%"), ('/"', '/"')]
)
def test_path(text: str, written: str) -> None:
    assert quoting.write_path(text, "WorkingDirectory") == written


@pytest.mark.parametrize("text", ["a", "", "~", "/a/../b", "/a\n", "/a/b ", "/a\\", "/" + "x" * 256, "/\ud800"])
def test_path_refused(text: str) -> None:
    with pytest.raises(InputError, match="WorkingDirectory"):
        quoting.write_path(text, "WorkingDirectory")


def test_file_pattern() -> None:
    assert quoting.write_file_pattern("/a[1]*.env", "EnvironmentFile") == "/a\\[1\\]\\*.env"
    assert quoting.parse_file_pattern("/a\\[1\\]\\*.env") == "/a[1]*.env"
    with pytest.raises(InputError, match="pattern"):
        quoting.parse_file_pattern("/a*.env")


@pytest.mark.parametrize("text", ["", " 1", "1G\n", "a\\", "\0"])
def test_setting_refused(text: str) -> None:
    with pytest.raises(InputError, match="MemoryMax"):
        quoting.write_verbatim(text, "MemoryMax")


ANY = st.text(alphabet=st.characters(), max_size=30)
TRICKY = st.text(alphabet=st.sampled_from(" \t\n\r\x00\x01\x0b\x7f\x85\"'\\%${};#:@-+!=`a\u00fc\u2028\ufffe\U0001f600"))
VALUES = st.one_of(ANY, TRICKY)


@settings(max_examples=400)
@given(st.lists(VALUES, max_size=4))
def test_argv_comes_back_or_is_refused(args: list[str]) -> None:
    argv = ("/usr/bin/env", *args)
    try:
        line = quoting.write_exec_line(argv)
    except InputError:
        assert any(_unsayable(value) for value in args)
        return
    assert quoting.split_exec(line) == argv
    assert len(line.splitlines()) == 1


@given(VALUES)
def test_executables_come_back_or_are_refused(name: str) -> None:
    argv = (f"/opt/{name}", "$x", "%n")
    try:
        line = quoting.write_exec_line(argv)
    except InputError:
        return
    command = quoting.parse_exec(line)
    assert (command.path, command.argv) == (argv[0], argv)
    assert command.prefixes in ("", ":")


@settings(max_examples=400)
@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True), VALUES))
def test_env_comes_back_or_is_refused(env: dict[str, str]) -> None:
    try:
        text = "# mark\n" + "".join(f"{quoting.write_env_line(name, value)}\n" for name, value in env.items())
        words = " ".join(quoting.write_environment_assignment(name, value) for name, value in env.items())
    except InputError:
        assert any(_unsayable(value) for value in env.values())
        return
    assert quoting.parse_env_file(text, "x.env") == env
    assert quoting.parse_environment(words) == tuple(f"{name}={value}" for name, value in env.items())


@given(VALUES)
def test_plain_text_comes_back_or_is_refused(text: str) -> None:
    try:
        written = quoting.write_value(text, "Description")
    except InputError:
        return
    assert quoting.parse_value(written.strip(" \t\n\r")) == text


@given(st.lists(VALUES.map(lambda text: f"/{text}"), max_size=3))
def test_paths_come_back_or_are_refused(paths: list[str]) -> None:
    try:
        simple = tuple(quoting.simplify_path(path, "ReadWritePaths") for path in paths)
    except InputError:
        return
    assert quoting.parse_path_list(quoting.write_path_list(paths, "ReadWritePaths")) == simple


@given(ANY)
def test_splitting_never_breaks(text: str) -> None:
    for escapes in Escapes:
        try:
            words = split(text, escapes)
        except InputError:
            continue
        assert isinstance(words, tuple)


def _unsayable(value: str) -> bool:
    return any(
        code == 0 or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
        for code in map(ord, value)
    )


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ('/bin/sh -c "a ; b"', ("/bin/sh", "-c", "a ; b")),
        ("/bin/sh -c 'a ; b' x", ("/bin/sh", "-c", "a ; b", "x")),
        (r"/bin/x \; y", ("/bin/x", ";", "y")),
        (r'/bin/x "a \\; b"', ("/bin/x", r"a \; b")),
        ("/bin/x \";\" ';' a;", ("/bin/x", ";", ";", "a;")),
    ],
)
def test_a_semicolon_divides_commands_only_where_it_stands_alone(text: str, argv: tuple[str, ...]) -> None:
    assert quoting.split_exec(text) == argv


@pytest.mark.parametrize("text", ["/bin/x ; /bin/y", "/bin/x ;", '/bin/x "a" ; y'])
def test_several_commands_on_a_line_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="more than one command"):
        quoting.split_exec(text)
