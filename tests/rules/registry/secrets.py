"""QT109: what is found, and what is not."""

from tests.lint.case import FEED, FLEET, LINE, Case, E, W, after, env, service

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
    Case(
        "a secret in a template",
        (("QT109", E, LINE, "api and 1 more", "Environment API_TOKEN is a secret"),),
        template=service("Environment=API_TOKEN=hunter2"),
    ),
)
