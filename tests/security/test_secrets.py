"""A table of secrets, by how they are written, times the ways out of qtctl: none of them leaves."""

import json
import pickle
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from qtctl.adapters.local import LocalHost
from qtctl.adapters.store import RedisStore
from qtctl.dialects.arguments import mask_arguments
from qtctl.dialects.compose.load import Setting, load_project
from qtctl.dialects.secrets import mask_message
from qtctl.dialects.systemd.quoting import write_exec_argument
from qtctl.errors import HostError, InputError, InputErrors
from qtctl.flows.adopt_compose import adopt_compose
from qtctl.formats.markdown import write_markdown
from qtctl.model.secret import Secret, Withheld
from qtctl.plan.change_impact import make_diff
from qtctl.reports.adopt import build_report, to_json
from qtctl.reports.adopt_page import build_page
from tests.adapters import servers
from tests.adopt.small import adopt, into
from tests.builders.registry import write_check
from tests.cli.world import qtctl
from tests.security.conftest import RunHere

CANARY = "hunter2-c4n4ry"
ARGV: dict[str, tuple[str, ...]] = {
    "--password SECRET": ("--password", CANARY),
    "--password=SECRET": (f"--password={CANARY}",),
    "-password SECRET": ("-password", CANARY),
    "-pSECRET": (f"-p{CANARY}",),
    "-p SECRET": ("-p", CANARY),
    "--api-key": ("--api-key", CANARY),
    "--dbPassword": (f"--dbPassword={CANARY}",),
    "a property": (f"-Dspring.datasource.password={CANARY}",),
    "-e KEY=VALUE": ("-e", f"DB_PASSWORD={CANARY}"),
    "--env=KEY=VALUE": (f"--env=DB_PASSWORD={CANARY}",),
    "--set a.b=c": ("--set", f"auth.password={CANARY}"),
    "an assignment before a command": ("env", f"PGPASSWORD={CANARY}", "psql"),
    "sh -c export": ("sh", "-c", f"export API_TOKEN={CANARY}; exec app"),
    "sh -c with an option": ("sh", "-c", f"exec app --password {CANARY} --port 80"),
    "sh -c with quotes": ("sh", "-c", f"exec app --password '{CANARY}' --port 80"),
    "bash -lc mysql": ("bash", "-lc", f"mysqldump -u root -p{CANARY} shop"),
    "sshpass": ("sshpass", "-p", CANARY, "ssh", "h"),
    "redis-cli -a": ("redis-cli", "-a", CANARY, "PING"),
    "curl -u": ("curl", "-u", f"me:{CANARY}", "http://h/"),
    "a bearer": ("--header", f"Authorization: Bearer {CANARY}"),
    "a header of its own": ("-H", f"X-Api-Key: {CANARY}"),
    "--header=": (f"--header=Authorization: Basic {CANARY}",),
    "a URL": ("--url", f"postgres://u:{CANARY}@db/x"),
    "a URL without a user": (f"redis://:{CANARY}@h:6379/0",),
    "a URL with a password that has / and @ in it": (f"amqp://u:a/b@{CANARY}@h/v",),
    "a query": (f"https://h/hook?token={CANARY}&x=1",),
    "a DSN": ("--dsn", f"host=db user=u password={CANARY} dbname=x"),
    "JSON": ("--config", json.dumps({"db": {"password": CANARY}})),
}
"""Words after a program."""
SHOWN = {
    "random text": "Zx81kQ0vPf29LmT7cYb3WnR6",
    "an AWS key": "AKIAIOSFODNN7EXAMPLE",
    "a JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP",
    "hex": "9f86d081884c7d659a2feaa0c55ad015",
    "a private key": "-----BEGIN PRIVATE KEY----- MIIEvQIBADANBgk -----END PRIVATE KEY-----",
}
"""Recognized by their form, wherever they occur."""
ENVIRONMENT = ("DB_PASSWORD", "PGPASSWORD", "API_TOKEN", "REDISCLI_AUTH", "SECRET_KEY_BASE", "DBPASS", "dbPassword")
COMMANDS = {**ARGV, **{name: ("--opaque", text) for name, text in SHOWN.items()}}
Leaks = Callable[[str], bool]


def leaks(name: str) -> Leaks:
    """Whether a text shows the secret of a row of the table."""
    parts = [SHOWN[name], "MIIEvQIBADANBgk"] if name == "a private key" else [SHOWN.get(name, CANARY)]
    return lambda text: any(part in text for part in parts)


def rows() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Each row with a name for files and a secret of its own: otherwise it would be hidden in the other rows, too."""
    for number, (name, words) in enumerate(COMMANDS.items()):
        own = f"hunter{number}-c4n4ry"
        secret = "MIIEvQIBADANBgk" if name == "a private key" else SHOWN.get(name, own)
        yield name, f"s{number}", tuple(word.replace(CANARY, own) for word in words), secret


@pytest.mark.parametrize("name", COMMANDS)
def test_words_of_a_command(name: str) -> None:
    shown = mask_arguments(("/bin/app", *COMMANDS[name]))
    assert not leaks(name)(" ".join(shown))
    assert "(hidden)" in " ".join(shown)


HARMLESS = (
    *(
        ("--port", "80"),
        ("-p", "8080:80"),
        ("-p", "2222"),
        ("-profile", "x"),
        ("-print0",),
        ("--password-file", "/run/x"),
    ),
    *(
        ("--token-ttl=60",),
        ("--password=${X}",),
        ("--passwd", "$X"),
        ("curl", "-u", "me:${X}"),
        ("curl", "--user=me:$X"),
        ("-u", "1000:1000"),
        ("-a", "-b"),
        ("-p80",),
    ),
    *(("--password-hasher", "argon2id"), ("--secret-name", "small"), ("--max-tokens", "4096"), ("http://h:8080/x@y",)),
    *(("sh", "-c", "exec app --port 80 -p 80"), ("--url", "postgres://u@db/x"), ("--image", "a@sha256:0")),
)


@pytest.mark.parametrize("words", HARMLESS, ids=" ".join)
def test_what_is_none_stays(words: tuple[str, ...]) -> None:
    assert mask_arguments(("/bin/app", *words)) == ("/bin/app", *words)


def test_adopted_units() -> None:
    """In a command, on one line and continued; in what systemd ignores; in a drop-in."""
    files = {}
    for _, file, words, _ in rows():
        line = " ".join(map(write_exec_argument, words))
        files[f"{file}.service"] = (
            f"[Unit]\nDescription=x\n[Service]\nExecStart=/bin/app {line}\n"
            f"ExecStartPre=/bin/app \\\n  --first \\\n# between\n  {line} \\\n  --last\nExecReloed=/bin/app {line}\n"
        )
        files[f"{file}.service.d/more.conf"] = f"[Service]\nExecStop=/bin/app {line}\n"
    adopted = adopt(files)
    report = build_report(adopted.adoption, "out")
    text = "".join(
        [*(text.decode() for text in adopted.files.values()), to_json(report), write_markdown(build_page(report))]
    )
    assert [name for name, _, _, secret in rows() if secret in text] == []
    found = {each.subject for each in adopted.adoption.judgments if each.id == "QT109"}
    assert found == {f"{file}.service" for _, file, _, _ in rows()}


@pytest.mark.parametrize("variable", [*ENVIRONMENT, *SHOWN])
def test_adopted_environment(variable: str) -> None:
    """In Environment= of several assignments, quoted, continued, in a drop-in; again in a command that says nothing."""
    value = SHOWN.get(variable, CANARY)
    name = variable if variable in ENVIRONMENT else "OPAQUE"
    lines = (
        f'Environment=A=b "{name}={value}" \\\n  C=d\n'
        f"Environment='LEVEL=info'\nExecStart=/bin/app {write_exec_argument(value)}\n"
    )
    dropin = f'[Service]\nEnvironment = \\\n  "{name}={value}"\n'
    adopted = adopt(
        {"x.service": f"[Service]\n{lines}", "y.service.d/e.conf": dropin, "y.service": "[Service]\nExecStart=/y\n"}
    )
    report = build_report(adopted.adoption, "out")
    texts = [*(text.decode() for text in adopted.files.values()), to_json(report), write_markdown(build_page(report))]
    assert not any(map(leaks(variable), texts))
    assert 'LEVEL = "info"' in "".join(texts), "what is no secret is adopted"
    assert name in "".join(texts), "by its name"


def test_adopted_compose() -> None:
    services: dict[str, dict[str, object]] = {
        "other": {
            "build": {"context": f"https://u:{CANARY}@git/x.git", "args": {"NPM_TOKEN": CANARY}},
            "image": f"https://u:{CANARY}@registry/x",
            "environment": [f"DB_PASSWORD={CANARY}", f"COPY={CANARY}", "LEVEL=info"],
            "labels": {"traefik.auth": CANARY},
            "healthcheck": {"test": ["CMD", "curl", "-u", f"me:{CANARY}", "http://h/"]},
            "command": ["/bin/c", CANARY],
            "volumes": [{"type": "bind", "source": f"https://u:{CANARY}@h/v", "target": "/data"}],
        },
    }
    for _, file, words, _ in rows():
        services[f"{file}-command"] = {"image": "x", "command": ["/bin/app", *words]}
        services[f"{file}-entry"] = {"image": "x", "entrypoint": ["app", *words], "command": ["--port", "80"]}
        services[f"{file}-text"] = {"image": "x", "command": shlex.join(("app", *words))}
    text = yaml.safe_dump({"services": services})
    done = adopt_compose([load_project({"docker-compose.yml": text}, Setting(lenient=True))], into())
    report = build_report(done.adoption, "out")
    text = "".join(
        [*(text.decode() for text in done.files.values()), to_json(report), write_markdown(build_page(report))]
    )
    assert [name for name, _, _, secret in rows() if secret in text] == []
    assert CANARY not in text
    assert {each.subject for each in done.adoption.judgments if each.id == "QT109"} == services.keys()


ONLY_HERE: dict[str, dict[str, object]] = {
    "image": {"image": f"https://u:{CANARY}@registry/x"},
    "name": {"image": "x", "container_name": f"token-{CANARY}?password={CANARY}"},
    "published": {"image": "x", "ports": [f"https://u:{CANARY}@host:80:80:80:password={CANARY}"]},
    "a size": {"image": "x", "mem_limit": f"password={CANARY}"},
    "a time": {"image": "x", "stop_grace_period": f"token={CANARY}"},
    "a device": {"image": "x", "devices": [f"password={CANARY}"]},
    "an ssh key": {"build": {"context": ".", "ssh": [f"default:password={CANARY}"]}},
    "a host": {"image": "x", "extra_hosts": [f"password={CANARY} "]},
    "a protocol": {"image": "x", "ports": [f"80/password={CANARY}"]},
    "volume": {"image": "x", "volumes": [f"https://u:{CANARY}@h/v:/data:rw:x:y"]},
}


@pytest.mark.parametrize("where", ONLY_HERE)
def test_adopted_compose_where_nothing_else_tells_that_it_is_a_secret(where: str) -> None:
    """Recognized by its form alone: no variable and no command of the file has the same value."""
    text = yaml.safe_dump({"services": {"a": ONLY_HERE[where]}})
    assert CANARY not in shown_of_compose(text)


def shown_of_compose(text: str) -> str:
    """Everything that is made of a compose file, or the error."""
    try:
        done = adopt_compose([load_project({"docker-compose.yml": text}, Setting(lenient=True))], into())
    except (InputError, InputErrors) as error:
        return str(error)
    report = build_report(done.adoption, "out")
    files = (each.decode() for each in done.files.values())
    return "".join((*files, to_json(report), write_markdown(build_page(report))))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("key", ["ExecStart", "ExecStartPre", "X-Command", "# was"])
def test_a_diff_of_unit_files(key: str, name: str) -> None:
    """In a file of the host and in one that is declared: on one line, continued, after comments and blanks."""
    words = [write_exec_argument(word) for word in COMMANDS[name]]
    one = f"[Service]\nType=simple\n{key}=/bin/app {' '.join(words)}\n"
    rest = " \\\n  ".join(words)
    many = f"[Service]\nType=simple\n{key}=/bin/app \\  \n  --first \\\n; aside\n  {rest}\n"
    plain = "[Service]\nType=exec\nExecStart=/bin/app \\\n  --first\n"
    for old, new in ((one, plain), (many, plain), (plain, one), (plain, many), (one, many), (many, f"{many}Nice=1\n")):
        shown = make_diff(old.encode(), new.encode(), "/etc/systemd/system/x.service")
        if key.startswith("Exec") or old.replace("\\", "") == old:
            assert not leaks(name)(shown), shown
    assert "Type=exec" in make_diff(one.encode(), plain.encode(), "x")


CONTINUED = (
    "Environment=A=b \\\n  B={}\n",
    "Environment = \\\nA={}\n",
    "environment=\\\r\nA={}\r\n",
    "Environment=A=b \\\n# aside\n  B={} \\\n  C=d\n",
    "Environment=A=b \\   \n  B={}\n",
    "SetCredential=a:\\\n  {}\n",
    "ExecStart=/bin/app \\\n  --first \\\n  {}\n",
    "ExecStart=\\\n  /bin/app {}\n",
    "ExecStart=/bin/app \\\n\n  {}\n",
    "Description=x \\\n  password={}\n",
    "# password={}\n",
    "password: {}\n",
)


@pytest.mark.parametrize("lines", CONTINUED)
def test_what_continues_is_as_secret_as_its_beginning(lines: str) -> None:
    """Even if both files begin alike: it was shown then."""
    same = lines.split("\n", maxsplit=1)[0]
    for other in ("[Service]\nType=exec\n", f"[Service]\n{same}\n  --other\n", f"[Service]\n{lines.format('else')}"):
        shown = make_diff(f"[Service]\n{lines.format(CANARY)}".encode(), other.encode(), "x.service")
        assert CANARY not in shown, shown


def test_a_registry_that_holds_some(world: Path, run_here: RunHere) -> None:
    """Findings, tables, SARIF and pages say where each one is, and show none."""
    api = (world / "registry/services/feed.toml").read_text()
    for _, file, words, secret in rows():
        args = f"args = {json.dumps(list(words))}\n[env]\nDB_PASSWORD = {json.dumps(secret)}\n"
        text = api.replace('venv = "main"\n', f'venv = "main"\n{args}')
        (world / f"registry/services/{file}.toml").write_text(text)
    runs: list[tuple[str, ...]] = [("lint", "--format", form) for form in ("table", "md", "json", "sarif")]
    runs += [("list",), ("graph",), ("audit", "--from", "evidence.json", "--format", "json", "--all")]
    runs += [("show", f"s{number}", "--format", "md") for number in range(len(COMMANDS))]
    runs += [("show", f"s{number}", "--format", form) for number in (0, 12) for form in ("json", "table")]
    for argv in runs:
        ran = run_here(world, *argv)
        assert ran.code in (0, 1, 3), ran.err
        assert [name for name, _, _, secret in rows() if secret in ran.out + ran.err] == [], argv


WRONG = {
    "a string for a list": f'args = "--password={CANARY}"',
    "a URL for an address": f'[ports.x]\nlisten = "postgres://u:{CANARY}@h"',
    "an unknown key": f'[limits]\nnope = "{CANARY}"',
    "not TOML": f'notes = "postgres://u:{CANARY}@h" x',
    "an env value that is a list": f'[env]\nA = ["{CANARY}"]',
    "a secret's name": f'[secrets]\nkeys = "{CANARY}"',
}


@pytest.mark.parametrize("wrong", WRONG)
def test_errors_of_a_registry(wrong: str, world: Path, run_here: RunHere) -> None:
    service = world / "registry/services/api.toml"
    service.write_text(service.read_text().replace('venv = "main"\n', f'venv = "main"\n{WRONG[wrong]}\n'))
    for argv in (("lint",), ("--debug", "lint"), ("lint", "--format", "sarif"), ("show", "api")):
        ran = run_here(world, *argv)
        assert ran.code == 2
        assert CANARY not in ran.out + ran.err


MESSAGES = (
    f"sh: 1: export: DB_PASSWORD={CANARY}: bad variable name",
    f"could not connect to redis://:{CANARY}@127.0.0.1:6379",
    f"unknown option --password={CANARY}",
    f"curl: Authorization: Bearer {CANARY}",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_messages(message: str) -> None:
    assert CANARY not in mask_message(message)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(CANARY)
    shown = (f"{secret} {secret!r} {secret!s:>40}", f"{[secret]} {(secret,)}", f"{secret} {secret:>9}")
    assert CANARY not in "".join(shown)
    assert secret == Secret(CANARY)
    assert secret != Secret(CANARY[:-1])
    assert secret != CANARY
    assert secret.reveal() == CANARY
    for leave in (json.dumps, pickle.dumps):
        with pytest.raises(TypeError):
            leave(secret)


QUOTES = (
    "-ERR unknown command 'AUTH', with args beginning with: '{}' \r\n",
    "-ERR unknown command `AUTH`, with args beginning with: `{}`, \r\n",
    "-ERR Protocol error near {}\r\n",
    "-WRONGPASS {} is wrong\r\n",
    "-{}\r\n",
    "-ERR {upper}\r\n",
    "-ERR {base64}\r\n",
    "-ERR {half}\r\n",
    "500 what is {}?\r\n",
    "HTTP/1.1 400 {}\r\n\r\n",
    "$9999999999999 {}\r\n",
    ":{}\r\n",
    "*1\r\n",
)


NOAUTH = b"-NOAUTH Authentication required.\r\n"
Answer = Callable[[str, int], bytes]
"""The password that was given, and how many commands came after it → the answer to all of them."""


def quoting(quote: str) -> Answer:
    return lambda password, more: _filled(quote, password) + NOAUTH * more


@contextmanager
def redis_that_says(answer: Answer) -> Iterator[int]:
    """The port of a server that does not know AUTH as Redis does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, answer: Answer) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            lines = connection.recv(65536).decode().split("\r\n")
            words = [line for line in lines if line and line[0] not in "*$"]
            connection.sendall(answer(words[1], sum(line.startswith("*") for line in lines) - 1))


def _filled(quote: str, password: str) -> bytes:
    import base64

    encoded = base64.b64encode(password.encode()).decode()
    text = (
        quote.replace("{upper}", password.upper())
        .replace("{base64}", encoded)
        .replace("{half}", password[: len(password) // 2 + 1])
    )
    return text.replace("{}", password).encode()


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("password", [CANARY, "abc", "a-password-of-many-words-" * 8])
def test_a_redis_that_quotes_the_password(quote: str, password: str) -> None:
    """It was printed, with every command that needed it."""
    with redis_that_says(quoting(quote)) as port:
        store = RedisStore(lambda _: socket.create_connection(("127.0.0.1", port)), "here", Secret(password))
        try:
            said = " ".join(reply.error for reply in store.ask([("PING",), ("INFO",)], 3))
        except HostError as error:
            said = str(error)
        finally:
            store.close()
    assert said
    shown = said.replace("a password", "").replace("the password", "").replace("its", "")
    assert password not in shown
    assert password.upper() not in shown
    assert password[: len(password) // 2 + 1] not in shown.split()


def _store_at(port: int, world: Path) -> None:
    stores = world / "registry/stores.toml"
    more = f'password_env = "SMALL_PASSWORD"\naddress = "127.0.0.1:{port}"\n'
    stores.write_text(stores.read_text() + more)


@pytest.mark.parametrize("debug", [False, True])
def test_an_audit_of_such_a_redis(debug: bool, world: Path) -> None:
    """The whole command: results in every format, progress, saved evidence, traces."""
    password = "a-password-canary"
    with redis_that_says(quoting(QUOTES[0])) as port:
        _store_at(port, world)
        first = ["--debug"] if debug else []
        argv = [*first, "audit", "--host", "local", "--all", "--save", "saved.json", "--format", "md"]
        ran = qtctl(world, *argv, env={"SMALL_PASSWORD": password})
    assert ran.code in (1, 3), ran.err
    saved = (world / "saved.json").read_text()
    assert "NOAUTH" in saved
    assert password not in ran.out + ran.err + saved


def test_known_secrets_leave_no_output(world: Path) -> None:
    """The last line of defence: a host that answers with the password, as a value."""
    password = "a-password-canary"

    def answer(given: str, more: int) -> bytes:
        info = f"redis_version:{given}\r\nuptime_in_seconds:1\r\nused_memory:1\r\n"
        return f"+OK\r\n${len(info)}\r\n{info}\r\n".encode() + b"+none\r\n" * (more - 1)

    with redis_that_says(answer) as port:
        _store_at(port, world)
        env = {"SMALL_PASSWORD": password}
        ran = qtctl(world, "audit", "--host", "local", "--all", "--save", "saved.json", env=env)
        other = qtctl(world, "report", "registry", "--host", "local", "--out", "out.md", env=env)
    texts = [ran.out, ran.err, other.out, other.err, *((world / name).read_text() for name in ("saved.json", "out.md"))]
    assert not any(password in text for text in texts)
    assert "(hidden)" in texts[4]


def test_withheld_secrets_however_they_are_written() -> None:
    secret = "p'a\"s\\s$w<o&r_d é-and-more"
    withheld = Withheld()
    withheld.add(Secret(secret))
    import base64
    from urllib.parse import quote_plus

    ways = [secret, json.dumps(secret), repr(secret), shlex.quote(secret), quote_plus(secret), secret[:20]]
    ways += [base64.b64encode(f"{before}{secret}".encode()).decode() for before in ("", "u:", "me:", "you:")]
    for way in ways:
        assert "(hidden)" in withheld.out_of(f"before {way} after"), way
    assert withheld.out_of("nothing of it") == "nothing of it"


def test_a_real_redis_that_does_not_know_auth(tmp_path: Path) -> None:
    """It answers with the text that it was sent."""
    options = {"requirepass": "another", "rename-command": 'AUTH ""'}
    with servers.redis(tmp_path, options=options) as port, LocalHost() as here:
        replies = here.store("127.0.0.1", port, Secret(CANARY)).ask([("PING",), ("TYPE", "x")], 5)
    assert [reply.error.split()[0] for reply in replies] == ["NOAUTH", "NOAUTH"]
    assert "ERR unknown command" in replies[0].error
    assert CANARY not in "".join(reply.error for reply in replies)


CHECKS = f"""
[QT901]
summary = "asks with PASSWORD={CANARY}"
remedy = "mysqladmin --password={CANARY} ping"
why = "redis://:{CANARY}@127.0.0.1 says so"
command = {{ argv = ["/bin/echo", "--password={CANARY}"], output = "x" }}
[QT902]
summary = "a variable"
remedy = "none"
command = {{ argv = ["/usr/bin/env", "DB_PASSWORD={CANARY}", "/usr/bin/env"], exit = 1 }}
[QT903]
summary = "what a program prints"
remedy = "none"
command = {{ argv = ["/usr/bin/printf", "redis://:{CANARY}@h\\\\nAPI_KEY={CANARY}\\\\n"], contains = "x" }}
"""
WAIVER = (
    f'[[waivers]]\nid = "QT902"\nsubject = "QT902"\nreason = "PASSWORD={CANARY}"\nowner = "o"\nexpires = 2999-01-01\n'
)


def test_commands_outputs_and_texts_of_checks(world: Path, run_here: RunHere) -> None:
    """They used to be in reports and in saved evidence, complete."""
    (world / "registry/checks.toml").write_text(CHECKS)
    (world / "registry/policy.toml").write_text(WAIVER)
    audit = ("audit", "--host", "local", "--all", "--save", "saved.json")
    runs = [run_here(world, *audit, "--format", form) for form in ("json", "md", "table")]
    from_saved = ("audit", "--from", "saved.json", "--verbose", "--format")
    runs += [run_here(world, *from_saved, form) for form in ("table", "junit", "sarif", "github")]
    runs += [run_here(world, "explain", "QT901"), run_here(world, "lint")]
    assert [ran.code for ran in runs] == [*[1] * 7, 0, 0], [ran.err for ran in runs]
    assert "QT903" in runs[0].out
    assert "(hidden)" in (saved := (world / "saved.json").read_text())
    assert CANARY not in saved + "".join(ran.out + ran.err for ran in runs)


COMPARED = {
    "output": 'command = {{ argv = ["/bin/true"], output = "{}" }}',
    "contains": 'command = {{ argv = ["/bin/true"], contains = "{}" }}',
    "line": 'file = {{ path = "/etc/hostname", line = "{}" }}',
}


@pytest.mark.parametrize("key", COMPARED)
def test_a_check_that_waits_for_a_secret(key: str, world: Path, run_here: RunHere) -> None:
    """Once hidden, it would be the same as every other."""
    check = write_check("QT901", COMPARED[key].format(f"TOKEN={CANARY}"))
    (world / "registry/checks.toml").write_text(check)
    ran = run_here(world, "lint")
    assert (ran.code, f"{key} holds what looks like a secret" in ran.err) == (2, True)
    assert CANARY not in ran.err
