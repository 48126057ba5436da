"""Inputs that repeat one thing many times: name → (fuzzing target, the input with so many of it)."""

from collections.abc import Callable

from tests.builders.registry import SMALL, write_host
from tests.fuzz.registries import pack

API = SMALL["services/api.toml"]
BEFORE_RUN, _, RUN = API.partition("[run]\n")
FEED = SMALL["services/feed.toml"]
Make = Callable[[int], bytes]


def _repeated(target: str, before: str, each: str, after: str = "") -> tuple[str, Make]:
    """`each` is repeated; {n} in it is replaced with its number."""
    if "{n}" not in each:
        return target, lambda count: (before + each * count + after).encode()
    return target, lambda count: (before + "".join(each.replace("{n}", str(n)) for n in range(count)) + after).encode()


def _packed(name: str, text: str) -> str:
    return pack({name: text.encode()}).decode()


REGISTRY = {
    "lines of an array": _repeated("positions", "x = [\n", "  1,\n", "]\n"),
    "lines of a text": _repeated("positions", 'x = """\n', "a\n", '"""\n'),
    "keys": _repeated("positions", "", "a{n} = 1\n"),
    "tables": _repeated("positions", "", "[a{n}]\nb = 1\n"),
    "array of tables": _repeated("positions", "", "[[a]]\nb = 1\n"),
    "one inline table": _repeated("positions", "a = {", "a{n} = 1, ", "z = 1}"),
    "brackets of a text": _repeated("positions", 'a = "', "[{", '"'),
    "quotes that do not end": _repeated("positions", "a = ", "'''\n"),
    "dots": _repeated("positions", "", "a."),
    "words": _repeated("positions", "", "a-"),
    "unknown keys": _repeated("registry", API.partition("[")[0], "a{n} = 1\n"),
    "wrong hosts": _repeated("registry", _packed("hosts.toml", ""), "[h{n}]\n"),
    "wrong stores": _repeated("registry", _packed("streams.toml", ""), '[k{n}]\ntype = "hash"\nstore = "x"\n'),
    "ports": _repeated("registry", API, '[ports.p{n}]\nlisten = "127.0.0.1:9999"\n'),
    "names in an order": _repeated("registry", API.replace('"feed"', '"feed", $').partition("$")[0], '"feed", ', "]\n"),
    "services": _repeated("registry", "", '--- services/s{n}.toml\nsummary = "x"\nstate = "retired"\nwhy = "x"\n'),
    "findings": _repeated("lint", _packed("streams.toml", SMALL["streams.toml"]), '["s:{n}"]\ntype = "stream"\n'),
    "arguments": _repeated("lint", BEFORE_RUN + "[run]\nargs = [", '"a", ', "]\n" + RUN),
    "running services": _repeated("lint", "", "--- services/s{n}.toml\n" + FEED),
    "environment": _repeated("lint", API + "[env]\n", 'A{n} = "x y"\n'),
}
JOB = 'summary = "x"\nstate = "running"\n[run]\nkind = "command"\nargv = ["/bin/x"]\n'


def _services(count: int, more: Callable[[int, int], str], **others: str) -> bytes:
    """`count` services, each with the text that `more` makes for its number, beside other files."""
    names = {f"services/s{n}.toml": JOB + more(n, count) for n in range(count)}
    texts = {**{name.replace("__", "/") + ".toml": text for name, text in others.items()}, **names}
    return pack({name: text.encode() for name, text in texts.items()})


def _each(more: str) -> Callable[[int, int], str]:
    return lambda n, count: more.replace("{n}", str(n)).replace("{next}", str((n + 1) % count))


def _connected(count: int) -> bytes:
    """Every service after every other. `count`: number of pairs, since the text grows with that."""
    services = int(count**0.5) + 1
    names = ", ".join(f'"s{n}"' for n in range(services))
    return _services(services, lambda n, _: f"[order]\nafter = [{names}]\n".replace(f'"s{n}"', '"feed"'))


def _twins(count: int) -> bytes:
    names = ("".join("a" + "-_"[n >> bit & 1] for bit in range(20)) + "a" for n in range(count))
    text = SMALL["targets.toml"] + "".join(f'[{name}]\nsummary = "x"\n' for name in names)
    return pack({"targets.toml": text.encode()})


def _hosts(count: int) -> bytes:
    """As many hosts as services."""
    return _services(count, _each(""), hosts="".join(write_host(f"h{n}") for n in range(count)))


def _users(count: int) -> bytes:
    text = "".join(f'[u{n}]\nsummary = "x"\nuid = {n + 1}\ngid = 7\n' for n in range(count))
    return pack({"users.toml": text.encode()})


def _instances(count: int) -> bytes:
    names = ", ".join(f'"i{n}"' for n in range(count))
    return pack({"services/t@.toml": JOB.replace("[run]", f"instances = [{names}]\n[run]").encode()})


def _nowhere(count: int) -> bytes:
    return _services(count, _each("")).replace(b"state", b'target = "x"\nstate')


PRODUCTS: dict[str, tuple[str, Make]] = {
    "graph: fully connected": ("graph", _connected),
    "graph: a chain": ("graph", lambda count: _services(count, _each('[order]\nafter = ["s{next}"]\n'))),
    "graph: writers and readers of one stream": (
        "graph", lambda count: _services(count, _each('[streams]\npublishes = ["s:tick"]\nreads = ["s:mode"]\n')),
    ),
    "a circle": ("lint", lambda count: _services(count, _each('[order]\nafter = ["s{next}"]\n'))),
    "requirements": ("lint", lambda count: _services(count, _each('[order]\nrequires = ["feed", "s{next}"]\n'))),
    "undeclared names": ("registry", _nowhere),
    "similar names": ("lint", _twins),
    "services on hosts": ("lint", _hosts),
    "users of one gid": ("registry", _users),
    "instances": ("lint", _instances),
}  # fmt: skip
SYSTEMD = {
    "continuations": _repeated("unit", "[Service]\nExecStart=", "a\\\n"),
    "comments in a continuation": _repeated("unit", "[Service]\nExecStart=a\\\n", "# b\n"),
    "commands": _repeated("unit", "[Service]\n", "ExecStart=/a\n"),
    "words of a list": _repeated("unit", "[Unit]\nAfter=", "a{n}.service "),
    "lists of words": _repeated("unit", "[Unit]\n", "After=a{n}.service\n"),
    "resets": _repeated("unit", "[Unit]\n", "ConditionA{n}=a\nAssertA{n}=b\nConditionHost=\n"),
    "timers reset": _repeated("unit", "[Timer]\n", "OnCalendar=daily\nOnBootSec=\n"),
    "unit sections": _repeated("unit", "", "[A{n}]\n"),
    "line ends": _repeated("unit", "", "\r"),
    "a long value": _repeated("env", "A=", "x"),
    "a long name": _repeated("env", "", "x"),
    "a long quoted value": _repeated("env", 'A="', "x\\\n"),
    "white space at the end": _repeated("env", "A=x", " "),
    "backslashes": _repeated("env", "A=", "\\"),
    "assignments": _repeated("env", "", "A{n}=1\n"),
    "arguments of a line": _repeated("quoting", "/a", " b"),
    "quotes": _repeated("quoting", "/a ", '"'),
    "unclosed quotes": _repeated("quoting", "/a ", "\"'"),
    "escapes": _repeated("quoting", "/a ", "\\"),
    "semicolons": _repeated("quoting", "/a", " ;"),
    "specifiers": _repeated("quoting", "/a ", "%"),
    "dollars": _repeated("quoting", "/a ", "$"),
    "components of a path": _repeated("quoting", "", "/a"),
    "days": _repeated("values", "", "Mon,"),
    "times": _repeated("values", "", "1s "),
    "digits": _repeated("values", "", "1"),
    "zeros": _repeated("values", "", "0"),
    "zeros of a fraction": _repeated("values", "1.", "0"),
    "colons": _repeated("values", "", "1:"),
    "verdicts": _repeated("printed", "", "→ Overall exposure level for x{n}.service: 9.6 UNSAFE\n"),
    "dots of a name": _repeated("printed", "", "a."),
    "colons of a path": _repeated("printed", "/", ":1"),
}
SECRETS = {
    f"secrets: {before!r}, then {each!r}": _repeated("secrets", before, each)
    for before in ("", "pwd=")
    for each in (
        "a", "a-", "a.", "1.", "a=", "pwd=", "pwd=<", "pwd=/", "pwd=$a", "pwd='", "pwd='\"", "://", "a://", "a+",
        "://a:b", "eyJ-", "eyJabcdefgh.", ".eyJ-", "-----BEGIN ", "PRIVATE KEY", "sk-", "github_pat_", "xoxa-", "T/B",
        " ", "a ", "<", "*", "hooks.slack.com/services/T", "12345678:", "SECRET_", "pwd=a&",
        "authorization: ", "bearer a1 ", "://a:", "://a:b@",
        "-----BEGIN PRIVATE KEY-----", "a://b?", '"pwd": ', "PASSWORD",
    )
}  # fmt: skip
ARGUMENTS = {
    f"arguments: {each!r}": _repeated("arguments", "app ", each)
    for each in ("a ", "-p x1y2z3 ", "--pwd a ", "'", '"', "'\"", "' ", "--a=b ", "sh -c 'a -p b' ", "\\", ";", "a=")
}
OTHERS = {
    "compose services": _repeated("compose", "services:\n", "  a{n}: {image: x}\n"),
    "environment of a service": _repeated("compose", "services:\n  a:\n    environment:\n", "      A{n}: x\n"),
    "dependencies": _repeated("compose", "services:\n  a:\n    depends_on:\n", "      a{n}: {condition: x}\n"),
    "published ports": _repeated("compose", "services:\n  a:\n    ports:\n", "      - 80:80\n"),
    "ranges of ports": _repeated("compose", "services:\n  a:\n    ports:\n", "      - 1-65535:1-65535\n"),
    "merges of merges": _repeated("compose", "a0: &a0 {x: 1}\n", "a1: &a1\n  <<: *a0\n  k{n}: 1\n"),
    "a long command": _repeated("compose", "services: {a: {command: '", "a", "'}}"),
    "a long volume": _repeated("compose", "services: {a: {volumes: ['", "a:", "']}}"),
    "a long port": _repeated("compose", "services: {a: {ports: ['", "1:", "']}}"),
    "digits of a port": _repeated("compose", "services: {a: {ports: ['", "1", "x']}}"),
    "variables": _repeated("compose", "services: {a: {ports: ['", "${A-", "']}}"),
    "brackets": _repeated("compose", "services: ", "["),
    "anchors": _repeated("compose", "services: ", "&a "),
    "lines of a text in YAML": _repeated("compose", "services:\n  a:\n    command: |\n", "      a\n"),
    "mapped ports": _repeated("parity", "services:\n  api:\n    ports:\n", "      - 127.0.0.1:{n}:80\n"),
    "rows": _repeated("parity", "services:\n", "  a{n}: {image: x, ports: [80]}\n"),
    "brackets of JSON": _repeated("evidence", "", "["),
    "asks": ("evidence", lambda count: _evidence(count, 1)),
    "items": ("evidence", lambda count: _evidence(1, count)),
    "judged items": ("audit", lambda count: _evidence(1, count)),
}


def _evidence(asks: int, items: int) -> bytes:
    from dataclasses import replace

    from qtctl.collect.document import dump
    from tests.fuzz.evidence import taken

    first = taken().asks[0]
    item = next(each for each in taken().items if each.fact == "file")
    return dump(
        replace(
            taken(),
            asks=tuple(replace(first, n=n) for n in range(1, asks + 1)),
            items=tuple(replace(item, subject=f"/{n}", ask=1) for n in range(items)),
        )
    ).encode()


def _merges(count: int) -> bytes:
    """Each mapping merges the one before it, and adds one entry."""
    more = (f"a{n}: &a{n}\n  <<: *a{n - 1}\n  k{n}: 1\n" for n in range(1, count))
    return "".join(("a0: &a0 {x: 1}\n", *more)).encode()


OTHERS["merges of merges"] = ("compose", _merges)
GROWTH: dict[str, tuple[str, Make]] = {**REGISTRY, **PRODUCTS, **SYSTEMD, **SECRETS, **ARGUMENTS, **OTHERS}
