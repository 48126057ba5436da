"""QT109: a secret that is written down. Only where it stands is shown, never any of it."""

from collections.abc import Iterator

from qtctl.dialects.secrets import harmless, random_looking, secret_by_form, secret_name
from qtctl.findings.finding import Severity
from qtctl.lint.found import Finding
from qtctl.lint.texts import Sort, Text, declared_texts, rendered_texts
from qtctl.lint.view import View

_REMEDY = "put it into the host-only file that secrets.env_file names, list its name in secrets.keys, and change it"


def secrets(view: View) -> Iterator[Finding]:
    texts = [*(declared_texts(view.registry) if view.first else ()), *rendered_texts(view)]
    for text in texts:
        found = _secret(text)
        if found:
            severity, what = found
            yield Finding("QT109", severity, text.subject, f"{text.key} {what}", _REMEDY, text.at)


def _secret(text: Text) -> tuple[Severity, str] | None:
    certain = secret_by_form(text.value)
    if certain:
        return Severity.ERROR, certain
    if text.sort not in (Sort.ENV, Sort.ARGUMENT):
        return None
    if secret_name(text.name) and not harmless(text.value):
        return Severity.ERROR, "is a secret by its name, written as a literal"
    return (Severity.WARNING, "holds text as random as a key") if random_looking(text.value) else None
