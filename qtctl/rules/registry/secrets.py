"""QT109: a secret that is written down. Only where it stands is shown, never any of it."""

from collections.abc import Iterator

from qtctl.dialects.secrets import harmless, random_looking, secret_by_form, secret_name
from qtctl.findings.finding import Finding, Severity
from qtctl.rules.text_values import Sort, Text, declared_texts, rendered_texts
from qtctl.rules.view import View, ViewRule

_REMEDY = "put it into the host-only file that secrets.env_file names, list its name in secrets.keys, and change it"


def secrets(view: View) -> Iterator[Finding]:
    texts = [*(declared_texts(view.registry) if view.first else ()), *rendered_texts(view)]
    for text in texts:
        found = _secret(text)
        if found:
            severity, what = found
            yield QT109.broken(text.subject, f"{text.key} {what}", _REMEDY, text.at, severity=severity)


def _secret(text: Text) -> tuple[Severity, str] | None:
    certain = secret_by_form(text.value)
    if certain:
        return Severity.ERROR, certain
    if text.sort not in (Sort.ENV, Sort.ARGUMENT):
        return None
    if secret_name(text.name) and not harmless(text.value):
        return Severity.ERROR, "is a secret by its name, written as a literal"
    return (Severity.WARNING, "holds text as random as a key") if random_looking(text.value) else None


QT109 = ViewRule(
    "QT109",
    "secret written as a literal",
    Severity.ERROR,
    what="A value whose key says that it is a secret, a URL with a password, a private key, a token of a known "
    "form; or (a warning) text as random as a key. Only where it stands is shown.",
    why="The registry is in git: the secret is in every clone and stays in the history.",
    fix="Put it into the host-only file of `[secrets]`, list its name in `keys`, and change it: it is known.",
    look=secrets,
)
RULES = (QT109,)
