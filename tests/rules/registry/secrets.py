"""QT109: what is found, and what is not."""

import json

from tests.lint.case import FEED, FLEET, LINE, Case, E, W, after, env, service

_RUN = 'kind = "module"\nmodule = "small.feed"\nvenv = "main"\n'
_EXEC = 'kind = "exec"\nlines = ["/usr/bin/x"]\n'


def _exec(line: str) -> str:
    return f'kind = "exec"\nlines = [{json.dumps(line)}]\n'


def _argv(*words: str) -> str:
    return f'kind = "command"\nargv = {json.dumps(words)}\n'


CASES: tuple[Case, ...] = (
    *(
        Case(
            f"a secret: {key}",
            (("QT109", severity, "services/feed.toml:11", "feed", f"env.{key} {says}"),),
            {FEED: env(**{key: value})},
        )
        for key, value, severity, says in (
            ("BINANCE_API_KEY", "hunter2-hunter2", E, "is a secret by its name"),
            ("DB_PASSWORD", "changeme", E, "is a secret by its name"),
            ("SLACK_TOKEN", "abc", E, "is a secret by its name"),
            ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1/db", E, "holds a URL with a password"),
            ("ROUTE", "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/abcdefghijklmnopqrst", E, "holds a token"),
            ("CERT", "-----BEGIN RSA PRIVATE KEY-----", E, "holds a private key"),
            ("AWS", "AKIAIOSFODNN7EXAMPLE", E, "holds a token of a known form"),
            ("SEED", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", W, "holds text as random as a key"),
            ("SALT", "kJ8s0Lq2Zx7Vb3Nm5Pw9Rt1Yu4", W, "holds text as random as a key"),
        )
    ),
    Case(
        "a secret as an argument",
        (
            ("QT109", E, "services/feed.toml:9", "feed", "run.args[0] (--api-key) is a secret by its name"),
            ("QT109", E, "services/feed.toml:9", "feed", "run.args[2] is a secret by its name"),
        ),
        {FEED: after('venv = "main"\n', 'args = ["--api-key=hunter2", "--db-password", "hunter3"]')},
    ),
    Case(
        "a secret in the defaults",
        (("QT109", E, "fleet.toml:10", "defaults", "env.API_TOKEN is a secret"),),
        {FLEET: ('env = { LOG_LEVEL = "INFO" }', 'env = { LOG_LEVEL = "INFO", API_TOKEN = "hunter2" }')},
    ),
    Case(
        "a secret in a note",
        (("QT109", E, "services/feed.toml:2", "feed", "notes holds a URL with a password"),),
        {FEED: after('summary = "Feed"\n', 'notes = "was redis://:hunter2@10.0.0.1"')},
    ),
    Case(
        "no secrets",
        edits={
            FEED: env(
                API_KEY_FILE="/etc/small/key",
                TOKEN_TTL="60",
                MAX_TOKENS="4096",
                PASSWORD="",
                SECRET_NAME="small",
                USE_TOKEN="true",
                ID="123e4567-e89b-12d3-a456-426614174000",
                MODEL="/data/models/aB3dE6gH9jK2mN5pQ8sT1v",
                LIST='["xgb","lgbm","nhits","patchtst"]',
                SYMBOLS="BTCUSDT,ETHUSDT,BNBUSDT,SOLUSDT,XRPUSDT",
                MODULE="microservices.rl_sizing_agent.pnl_feedback_listener2X",
                NAME="PortfolioGovernanceServiceV2Runner",
            )
        },
    ),
    *(
        Case(
            f"a secret in a command: {name}",
            (("QT109", severity, f"services/feed.toml:{line}", "feed", says),),
            {FEED: (_RUN, text)},
        )
        for name, line, text, severity, says in (
            ("a line of exec", 7, _exec("/usr/bin/x --password hunter2"), E, "run.lines[0][2] is a secret by its name"),
            ("quoted", 7, _exec("/usr/bin/x '--api-key' 'hunter2'"), E, "run.lines[0][2] is a secret by its name"),
            ("the shell", 7, _exec("/bin/sh -c 'DB_PASSWORD=hunter2 x'"), E, "run.lines[0][2] is a secret by its"),
            ("env", 7, _argv("/usr/bin/env", "DB_PASSWORD=hunter2", "/usr/bin/x"), E, "run.argv[1] is a secret by"),
            ("-e of docker", 7, _argv("/usr/bin/docker", "run", "-e", "API_KEY=hunter2", "x"), E, "run.argv[3] is"),
            ("--env=", 7, _argv("/usr/bin/docker", "run", "--env=API_KEY=hunter2", "x"), E, "run.argv[2] (--env) is"),
            ("a property", 7, _argv("/usr/bin/java", "-Dspring.datasource.password=hunter2", "x"), E, "is a secret"),
            (
                "a header",
                7,
                _argv("/usr/bin/curl", "-H", "Authorization: Bearer hunter2hunter2"),
                E,
                "run.argv[2] is a secret",
            ),
            ("-u of curl", 7, _argv("/usr/bin/curl", "-u", "me:hunter2", "https://x"), E, "run.argv[2] is a secret"),
            ("-p of mysql", 7, _argv("/usr/bin/mysql", "-phunter2", "x"), E, "run.argv[1] is a secret"),
            ("-a of redis", 7, _argv("/usr/bin/redis-cli", "-a", "hunter2", "ping"), E, "run.argv[2] is a secret"),
            ("--requirepass", 7, _argv("/usr/bin/redis-server", "--requirepass", "hunter2"), E, "run.argv[2] is a sec"),
            ("JSON", 7, _argv("/usr/bin/x", '{"password": "hunter2"}'), E, "run.argv[1] is a secret by its name"),
            ("a URL", 7, _argv("/usr/bin/x", "--db", "postgres://u:hunter2@h/d"), E, "holds a URL with a password"),
            ("a command of text", 9, _EXEC + '[commands]\nstop = ["/x --token hunter2"]\n', E, "commands.stop[0][2]"),
            ("a secret before =", 7, _argv("/usr/bin/x", "--db.password=hunter2"), E, "(--db.password) is a secret"),
            ("-p of something", 7, _argv("/usr/bin/x", "-p", "hunter2"), W, "run.argv[2] may be a password"),
            ("a credential", 9, _EXEC + '[systemd.Service]\nSetCredential = "db:hunter2"\n', E, "SetCredential= is a"),
        )
    ),
    Case(
        "a secret in a socket's command",
        (("QT109", E, "sockets.toml:6", "s", "ExecStartPre= is a secret by its name"),),
        files={
            "sockets.toml": '[s]\nsummary = "S"\nlisten = ["stream /run/s"]\n'
            'service = "feed"\n[s.systemd.Socket]\nExecStartPre = "/x --token hunter2"\n'
        },
    ),
    *(
        Case(f"no secret in a command: {text}", edits={FEED: (_RUN, text)})
        for text in (
            _argv("/usr/bin/x", "--password-hasher", "argon2id", "--token-ttl=60", "--api-key-file", "/etc/key"),
            _exec("/usr/bin/x --password ${LOG_LEVEL} --level $LOG_LEVEL"),
            _argv("/usr/bin/docker", "compose", "-p", "shop", "up"),
            _argv("/usr/bin/celery", "worker", "-P", "gevent"),
            _argv("/usr/bin/journalctl", "-p", "err"),
            _argv("/usr/bin/docker", "compose", "-p", "shop2", "up"),
            _argv("/usr/bin/x", "--commit", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
            _argv("/usr/bin/x", "--sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b9f86d081884c7d659a2feaa0"),
        )
    ),
    Case(
        "words about secrets",
        edits={
            FEED: env(
                PASSWORD_HASHER="argon2id",
                PASSWORD_ENCRYPTION="scram-sha-256",
                TOKEN_GENERATOR="uuid4",
                SECRET_BACKEND="vault",
                FIRST_PASS="fast",
                PASS_THROUGH="all",
                GIT_COMMIT="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
                IMAGE_DIGEST="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b9f86d081884c7d659a2feaa0",
                PASSWORD_VALIDATOR="zxcvbn",
                AUTH_TOKEN_HANDLER="jwt.decode",
                passwordHasher="bcrypt",
            )
        },
    ),
    Case(
        "a secret in a template",
        (("QT109", E, LINE, "api and 1 more", "Environment API_TOKEN is a secret"),),
        template=service("Environment=API_TOKEN=hunter2"),
    ),
)
