"""QT117: what is found, and what is not."""

from tests.lint.case import Case, W


def waiver(id_: str, subject: str, expires: str = "2999-12-31") -> str:
    return f'[[waivers]]\nid = "{id_}"\nsubject = "{subject}"\nreason = "so"\nowner = "Ann"\nexpires = {expires}\n'


CASES: tuple[Case, ...] = (
    Case(
        "waivers that are expired or misspelt",
        (
            ("QT117", W, "policy.toml:1", "QT208 *", "expired on 2020-02-29"),
            ("QT117", W, "policy.toml:7", "QT208 smal-*", "matches nothing"),
            ("QT117", W, "policy.toml:13", "QT106 *", "matches nothing"),
        ),
        files={
            "policy.toml": waiver("QT208", "*", "2020-02-29") + waiver("QT208", "smal-*") + waiver("QT106", "*"),
        },
    ),
    Case(
        "waivers of what an audit or parity may find",
        files={
            "policy.toml": waiver("QT208", "*") + waiver("QT202", "rl-shadow-*") + waiver("QT801", "old"),
        },
    ),
)
