"""Bad input as data: what is done to the operator's folder, the command, and every line that it must print."""

from dataclasses import dataclass

from qtctl.adapters.compose_files import NAMES
from tests.cli.world import Edit, also, cut, make_folder, nothing, remove, replace, write

LINT = ("lint",)
RENDER = ("render", "--out", "out")
OWN_TEMPLATES = ("render", "--templates", "templates", "--out", "out")
PARITY = ("parity", "--compose", "docker-compose.yml")
AUDIT = ("audit", "--from", "evidence.json")
REPORT = ("report", "registry", "--from", "evidence.json")

API, FEED = "registry/services/api.toml", "registry/services/feed.toml"
NO_COMPOSE = "a compose file has `services:`"
SAVE_AGAIN = "save it again with --save"
WHERE = "say where it is: --registry DIR or QTCTL_REGISTRY; `qtctl init` makes one"
FROM_WHERE = "say where the evidence comes from (--host HOST or --from FILE)"
BOTH = "--host and --from are both given (ask the host, or judge saved evidence)"


@dataclass(frozen=True)
class Case:
    """`says`: what follows `error: ` in each line of stderr. `{folder}` in it is the operator's current folder."""

    name: str
    edit: Edit
    argv: tuple[str, ...]
    says: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()


REGISTRY = (
    Case(
        "broken TOML",
        replace(API, "max_lag = 10", "max_lag ="),
        LINT,
        ("services/api.toml:20: not TOML: a key without a value (write one after the =)",),
    ),
    Case(
        "a file cut in half",
        cut(API, 0.5),
        RENDER,
        (
            (
                "services/api.toml:11: ports.http.listen is missing (required: an IP address and a port (1 to 65535), "
                'such as "127.0.0.1:8000", "[::1]:8000" or "*:8000"; of a template with the name of the instance, such '
                'as "127.0.0.1:810%i")'
            ),
        ),
    ),
    Case(
        "unknown keys and wrong types in three files",
        also(
            replace(API, 'target = "core"', 'targt = "core"'),
            replace("registry/hosts.toml", "cpus = 2", 'cpus = "two"'),
            replace("registry/streams.toml", '"60s"', "60"),
        ),
        RENDER,
        (
            'hosts.toml:6: box.cpus is "two", should be a whole number, 1 or more',
            "services/api.toml:3: unknown key targt (did you mean target?)",
            'streams.toml:3: "s:tick".max_age is 60, should be a time span, such as "5s", "2min 30s" or "infinity"',
        ),
    ),
    Case(
        "unknown references",
        also(
            replace(API, 'target = "core"', 'target = "cor"'),
            replace(API, 'venv = "main"', 'venv = "mian"'),
            replace(API, 'after = ["feed"]', 'after = ["fed"]'),
            replace(FEED, '"s:tick"', '"s:tock"'),
        ),
        LINT,
        (
            "services/api.toml:3: QT102 target cor is not declared (did you mean core?)",
            "services/api.toml:9: QT102 venv mian is not declared (did you mean main?)",
            "services/api.toml:16: QT102 fed is not declared (did you mean feed?)",
            "services/feed.toml:11: QT102 key s:tock is not declared (did you mean s:tick?)",
        ),
    ),
    Case(
        "what cannot be read, and references in the same files",
        also(
            replace(API, 'target = "core"', 'targt = "core"'),
            replace(API, 'venv = "main"', 'venv = "mian"'),
            replace(API, "max_lag = 10", 'max_lag = "10"'),
            replace(FEED, '"s:tick"', '"s:tock"'),
            replace("registry/venvs.toml", 'path = "/opt/small/venv"', 'path = ["/opt/small/venv"]'),
        ),
        LINT,
        (
            "services/api.toml:3: unknown key targt (did you mean target?)",
            "services/api.toml:9: QT102 venv mian is not declared (did you mean main?)",
            (
                'services/api.toml:20: streams.consumes."s:tick".max_lag is "10", should be a whole number, 0 or more '
                "(write max_lag = 10)"
            ),
            "services/feed.toml:11: QT102 key s:tock is not declared (did you mean s:tick?)",
            (
                'venvs.toml:2: main.path is ["/opt/small/venv"], should be an absolute path, such as "/srv/app" '
                '(write path = "/opt/small/venv")'
            ),
        ),
    ),
    Case(
        "a file with a wrong name",
        write("registry/timer.toml", ""),
        AUDIT,
        (("timer.toml: not a file of a registry (did you mean timers.toml?)"),),
    ),
    Case("no folder", nothing, ("lint", "--registry", "nowhere"), (f"nowhere: there is no registry here ({WHERE})",)),
    Case(
        "QTCTL_REGISTRY points nowhere",
        nothing,
        AUDIT,
        (f"nowhere: there is no registry here ({WHERE})",),
        env=(("QTCTL_REGISTRY", "nowhere"),),
    ),
    Case(
        "a file for a folder",
        nothing,
        ("lint", "--registry", "docker-compose.yml"),
        (f"docker-compose.yml: there is no registry here ({WHERE})",),
    ),
    Case(
        "an empty folder",
        make_folder("empty"),
        ("lint", "--registry", "empty"),
        (f"empty: there is no registry here ({WHERE})",),
    ),
    Case(
        "the folder above a registry",
        nothing,
        ("lint", "--registry", "."),
        (".: there is no registry here (did you mean registry?)",),
    ),
)

TEMPLATES = (
    Case(
        "an undefined name",
        replace("templates/service.j2", "{{ mark }}", "{{ mark }}{{ host }}"),
        OWN_TEMPLATES,
        ("service.j2:1: template of small-api.service and 1 more: 'host' is undefined",),
    ),
    Case(
        "an undefined name before a filter",
        replace("templates/service.j2", "service.summary", "service.sumary"),
        OWN_TEMPLATES,
        ("service.j2:4: template of small-api.service and 1 more: 'DesiredService' has no attribute 'sumary'",),
    ),
    Case(
        "broken syntax",
        replace("templates/service.j2", "{{ mark }}", "{{ mark }"),
        OWN_TEMPLATES,
        ("service.j2:1: template of small-api.service and 1 more: unexpected '}' (fix the syntax)",),
    ),
    Case(
        "one is missing",
        remove("templates/env.j2"),
        OWN_TEMPLATES,
        ("env.j2: template of small-api.service and 1 more: there is no such template (add the file)",),
    ),
    Case(
        "no folder",
        nothing,
        ("audit", "--templates", "nowhere", "--from", "evidence.json"),
        ("nowhere: there are no templates here (check --templates)",),
    ),
)

COMPOSE = (
    Case(
        "not YAML",
        write("docker-compose.yml", "services:\n  api: [\n"),
        PARITY,
        ("docker-compose.yml:3: not YAML: expected the node content, but found '<stream end>'",),
    ),
    Case(
        "a list",
        write("docker-compose.yml", "- a\n- b\n"),
        PARITY,
        (f"docker-compose.yml:1: not a mapping ({NO_COMPOSE})",),
    ),
    Case("empty", write("docker-compose.yml", ""), PARITY, (f"docker-compose.yml: an empty file ({NO_COMPOSE})",)),
    Case(
        "not UTF-8",
        write("docker-compose.yml", b"services:\n  caf\xe9:\n    image: x\n"),
        PARITY,
        ("docker-compose.yml:2: not UTF-8 (save the file as UTF-8)",),
    ),
    Case(
        "several",
        write("docker-compose.yml", "services:\n  api: 3\n  feed:\n    ports: {}\n"),
        PARITY,
        (
            "docker-compose.yml:2: service api: is not a mapping",
            "docker-compose.yml:4: services.feed.ports: is not a list",
        ),
    ),
    Case(
        "no file",
        nothing,
        ("parity", "--compose", "nope.yml"),
        ("nope.yml: cannot be read: No such file or directory (check the path)",),
    ),
    Case(
        "a folder",
        nothing,
        ("parity", "--compose", "templates"),
        (f"templates: there is no compose file here (one of {', '.join(NAMES)})",),
    ),
    Case(
        "a service that does not exist",
        write("docker-compose.yml", "services:\n  api:\n    image: x\n    extends: {file: other.yml, service: a}\n"),
        PARITY,
        ("docker-compose.yml:4: extends: there is no file {folder}/other.yml",),
    ),
)

EVIDENCE = (
    Case(
        "another schema",
        replace("evidence.json", '"schema_version": 1', '"schema_version": 7'),
        AUDIT,
        ("evidence.json: evidence of schema 7; this qtctl reads 1 (read it with the qtctl that wrote it)",),
    ),
    Case(
        "cut in half",
        cut("evidence.json", 0.5),
        REPORT,
        (f"evidence.json:{{end}}: not JSON, or cut off ({SAVE_AGAIN})",),
    ),
    Case("not JSON", write("evidence.json", "x"), AUDIT, (f"evidence.json:1: not JSON, or cut off ({SAVE_AGAIN})",)),
    Case("empty", write("evidence.json", ""), AUDIT, (f"evidence.json:1: not JSON, or cut off ({SAVE_AGAIN})",)),
    Case(
        "JSON that is not evidence",
        write("evidence.json", "[]"),
        AUDIT,
        (f"evidence.json: not evidence: it has no schema_version ({SAVE_AGAIN})",),
    ),
    Case(
        "an unknown state",
        replace("evidence.json", '"state": "refused"', '"state": "fine"'),
        AUDIT,
        (
            (
                "evidence.json:13: items.0.state should be 'observed', 'absent', 'refused', 'unparseable' or "
                f"'not-asked' ({SAVE_AGAIN})"
            ),
        ),
    ),
    Case(
        "another host's",
        replace("evidence.json", '"host": "box"', '"host": "other"'),
        AUDIT,
        ("evidence.json: evidence of other, not of box (name it with --as other, and the registry that declares it)",),
    ),
    Case(
        "not UTF-8",
        write("evidence.json", b"\xff\xfe"),
        AUDIT,
        ("evidence.json:1: not UTF-8 (save the file as UTF-8)",),
    ),
    Case(
        "a folder",
        nothing,
        ("audit", "--from", "templates"),
        ("templates: cannot be read: Is a directory (check the path)",),
    ),
    Case(
        "no file",
        nothing,
        ("audit", "--from", "nope.json"),
        ("nope.json: cannot be read: No such file or directory (check the path)",),
    ),
)

TARGETS = (
    Case(
        "--save into a folder's place",
        make_folder("taken"),
        (*AUDIT, "--save", "taken"),
        ("taken: cannot be written: it is a folder (name a file, or - for standard output)",),
    ),
    Case(
        "--save below a file",
        nothing,
        (*AUDIT, "--save", "docker-compose.yml/a/e.json"),
        ("docker-compose.yml/a/e.json: cannot be written: Not a directory (check the path)",),
    ),
    Case(
        "--save where nobody may write",
        nothing,
        (*AUDIT, "--save", "/proc/e.json"),
        ("/proc/e.json: cannot be written: No such file or directory (check the path)",),
    ),
    Case(
        "an old --save is kept when there is nothing new",
        also(write("kept.json", "old"), cut("evidence.json", 0.5)),
        (*AUDIT, "--save", "kept.json"),
        (f"evidence.json:{{end}}: not JSON, or cut off ({SAVE_AGAIN})",),
    ),
    Case(
        "report --out into a folder's place",
        make_folder("taken"),
        (*REPORT, "--out", "taken"),
        ("taken: cannot be written: it is a folder (name a file)",),
    ),
    Case(
        "parity --out into a folder's place",
        make_folder("taken"),
        (*PARITY, "--out", "taken"),
        ("taken: cannot be written: it is a folder (name a file)",),
    ),
    Case(
        "clones that are not there",
        nothing,
        ("deploy", "--host", "box", "--clones", "/nonexistent"),
        ("/nonexistent: there is no folder of clones here (check the path)",),
    ),
    Case(
        "packages that are not there",
        nothing,
        ("deploy", "--host", "box", "--wheels", "/nonexistent"),
        ("/nonexistent: there is no folder of packages here (check the path)",),
    ),
    Case(
        "render --out into a file",
        write("out", "a file"),
        RENDER,
        ("out/etc/small/api.env: cannot be written: {folder}/out is not a folder (check the path)",),
    ),
    Case(
        "render --out where the last of many files cannot be",
        write("out/etc/systemd", "a file"),
        RENDER,
        (
            (
                "out/etc/systemd/system/small-api.service: cannot be written: {folder}/out/etc/systemd is not a folder "
                "(check the path)"
            ),
        ),
    ),
    Case(
        "render of a broken registry over an older one",
        also(write("out/etc/small/api.env", "old"), replace(API, "max_lag = 10", "max_lag =")),
        RENDER,
        ("services/api.toml:20: not TOML: a key without a value (write one after the =)",),
    ),
)

USAGE = (
    Case(
        "an unknown command",
        nothing,
        ("adit",),
        ("no such command 'adit'. Did you mean 'audit', 'adopt', 'parity'? (see qtctl --help)",),
    ),
    Case("an unknown report", nothing, ("report", "x"), ("no such command 'x' (see qtctl report --help)",)),
    Case(
        "an unknown option",
        nothing,
        ("audit", "--nope"),
        ("no such option: --nope (see qtctl audit --help)",),
    ),
    Case(
        "a mistyped option",
        nothing,
        ("audit", "--hsot", "lab1"),
        ("no such option: --hsot (did you mean --host?) (see qtctl audit --help)",),
    ),
    Case(
        "an option without its value",
        nothing,
        ("report", "registry", "--from"),
        ("option '--from' requires an argument (see qtctl report registry --help)",),
    ),
    Case("deploy without a host", nothing, ("deploy",), ("missing option '--host' (see qtctl deploy --help)",)),
    Case("parity without a file", nothing, ("parity",), ("missing option '--compose' (see qtctl parity --help)",)),
    Case("audit without a host or evidence", nothing, ("audit",), (FROM_WHERE,)),
    Case("report without a host or evidence", nothing, ("report", "registry"), (FROM_WHERE,)),
    Case("audit of a host and of evidence", nothing, (*AUDIT, "--host", "box"), (BOTH,)),
    Case(
        "parity of a service that does not exist",
        nothing,
        (*PARITY, "--service", "apo"),
        ("--service apo: no such service in docker-compose.yml (did you mean api?)",),
    ),
    Case(
        "parity with a host and with evidence", nothing, (*PARITY, "--from", "evidence.json", "--host", "box"), (BOTH,)
    ),
    Case(
        "a host without a name",
        nothing,
        ("audit", "--host", ""),
        ("invalid value for '--host': it is empty (see qtctl audit --help)",),
    ),
    Case(
        "--as with an unknown host",
        nothing,
        (*AUDIT, "--as", "bx"),
        ("--as bx: the registry has no such host (did you mean --as box?)",),
    ),
    Case(
        "render --as with an unknown host",
        nothing,
        (*RENDER, "--as", "bx"),
        ("--as bx: the registry has no such host (did you mean --as box?)",),
    ),
    Case(
        "lab up --as with an unknown host",
        nothing,
        ("lab", "up", "--as", "x"),
        ("--as x: the registry has no such host (hosts.toml has box)",),
    ),
    Case(
        "an unknown --format",
        nothing,
        (*AUDIT, "--format", "xml"),
        (
            (
                "invalid value for '--format': 'xml' is not one of 'table', 'html', 'json', 'md', 'github', 'junit', "
                "'sarif', 'jsonl' (see qtctl audit --help)"
            ),
        ),
    ),
    Case(
        "a deadline of zero",
        nothing,
        ("deploy", "--host", "box", "--deadline", "0"),
        (("invalid value for '--deadline': 0, should be 1 or more (see qtctl deploy --help)"),),
    ),
    Case(
        "rollback to generation 0 with --take-over",
        nothing,
        ("rollback", "--host", "box", "--to", "0", "--take-over"),
        ("--take-over is not for generation 0 (what was there then is brought back as it was)",),
    ),
    Case(
        "an empty path",
        nothing,
        ("render", "--out", ""),
        ("invalid value for '--out': it is empty (see qtctl render --help)",),
    ),
    Case(
        "a word that is too long to be anything",
        nothing,
        ("audit", "x" * 5000),
        (f"unexpected argument '{'x' * 5000}' (see qtctl audit --help)",),
    ),
    Case(
        "an unknown finding",
        nothing,
        ("explain", "QT2O1"),
        ("no finding has the id QT2O1 (did you mean QT201?)",),
    ),
    Case(
        "a word for a finding",
        nothing,
        ("explain", "ports"),
        ("no finding has the id ports (`qtctl explain` lists all)",),
    ),
    Case("an unknown lab host", nothing, ("lab", "down", "lab1"), ("no lab host lab1 (there are: none)",)),
    Case(
        "a password that is not set",
        replace("registry/stores.toml", "external", 'password_env = "SMALL_PASSWORD"\nexternal'),
        ("audit", "--host", "nowhere.invalid"),
        ("SMALL_PASSWORD is not set (it holds the password of store redis)",),
    ),
    Case(
        "a password that a deploy needs",
        replace("registry/stores.toml", "external", 'password_env = "SMALL_PASSWORD"\nexternal'),
        ("deploy", "--host", "nowhere.invalid"),
        ("SMALL_PASSWORD is not set (it holds the password of store redis)",),
    ),
)

ALLOW_REMOTE = "give --allow-remote if everybody who reaches that address may read the metrics"
ADDRESS_AND_PORT = "give an IP address and a port, such as 127.0.0.1:9810 or [::1]:9810"
METRICS = (
    Case("metrics without a host or evidence", nothing, ("metrics",),
         ("say which hosts are measured (--host, --tag or --all-hosts, or --from FILE)",)),
    Case("metrics of hosts and evidence", nothing, ("metrics", "--host", "box", "--from", "evidence.json"),
         ("hosts and --from are both given (--host, --tag or --all-hosts, or --from FILE)",)),
    Case("metrics to two places", nothing, ("metrics", "--all-hosts", "--textfile", "x.prom", "--rules"),
         ("--textfile and --rules are both given (give one of them)",)),
    Case("an endpoint that others can reach", nothing, ("metrics", "--all-hosts", "--listen", "0.0.0.0:9810"),
         (f"--listen 0.0.0.0:9810 is not a loopback address ({ALLOW_REMOTE})",)),
    Case("an endpoint without a port", nothing, ("metrics", "--all-hosts", "--listen", "127.0.0.1"),
         (f"--listen '127.0.0.1' is not an address and a port ({ADDRESS_AND_PORT})",)),
    Case("an endpoint of saved evidence", nothing, ("metrics", "--from", "evidence.json", "--listen", "127.0.0.1:9810"),
         ("--listen asks hosts, and --from names saved evidence (use --textfile for it)",)),
    Case("rules from evidence", nothing, ("metrics", "--rules", "--from", "evidence.json"),
         ("--from is for metrics (rules and dashboards come from the registry alone)",)),
    Case("a textfile that is a folder", make_folder("x.prom"),
         ("metrics", "--from", "evidence.json", "--textfile", "x.prom"),
         ("x.prom: cannot be written: it is a folder (name a file)",)),
    Case("metrics of the same host twice", nothing, ("metrics", "--from", "evidence.json", "--from", "evidence.json"),
         ("two files have evidence of nowhere.invalid (give each host once)",)),
)  # fmt: skip

WRITE_CHANNELS = "write it as docs/notify.md shows, or name another file with --channels"
NOTIFY = (
    Case("notifications without a host or evidence", nothing, ("notify", "--channels", "notify.toml"),
         ("say which hosts are audited (--host, --tag or --all-hosts, or --from FILE)",)),
    Case("no channels", remove("notify.toml"), ("notify", "--all-hosts", "--channels", "notify.toml"),
         (f"notify.toml: no channels are declared: there is no such file ({WRITE_CHANNELS})",)),
    Case("channels with an error", replace("notify.toml", "command", "comand"),
         ("notify", "--all-hosts", "--channels", "notify.toml"),
         ("notify.toml:2: channels.nobody.comand: unknown key (docs/notify.md shows the file)",)),
)  # fmt: skip

GROUPS = {
    "registry": REGISTRY,
    "templates": TEMPLATES,
    "compose": COMPOSE,
    "evidence": EVIDENCE,
    "targets": TARGETS,
    "usage": USAGE,
    "metrics": METRICS,
    "notify": NOTIFY,
}
