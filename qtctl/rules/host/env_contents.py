"""QT603, QT604, QT605: keys, values and lines of env files, as systemd reads them. Only root sees them: `--become`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.inquiry import list_secret_keys
from qtctl.model.json import JsonObject
from qtctl.model.process_facts import EnvText
from qtctl.rules.declared import deploy_command
from qtctl.rules.host.env_files import EnvFile, list_env_files
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

SAYS = {
    "closed": "goes on after a closed quote",
    "comment": "the # and what follows it are part of the value",
    "continued": "is part of the line before it, which ends in a backslash",
    "equals": "has no =, and is ignored",
    "export": "begins with export, and is ignored",
    "name": "assigns to something that is not a variable name, and is ignored",
    "quote": "opens a quote that nothing closes: all that follows becomes its value",
}
_LINES = {
    "closed": r"/[\"\047][ \t]+[^ \t]/",
    "comment": r"/[ \t]#/",
    "continued": r"last ~ /\\\r?$/",
    "equals": "!/=/",
    "export": r"/^[ \t]*export[ \t]/",
    "name": r"!/^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*=/",
    "quote": r"/[\"\047]/",
    "": "/=/",
}
"""What awk finds in such a line: its number is the proof, and no value is printed."""
MOST_PROOFS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file, its values that are not secret, and the names of its secrets."""

    file: EnvFile
    values: Mapping[str, str]
    secrets: tuple[str, ...]


def list_wanted_files(desired: Desired) -> tuple[Wanted, ...]:
    """Every env file once, with everything that its services declare about it."""
    values = {each.env_file: dict(each.env) for each in desired.env_services() if each.env_file}
    secrets = list_secret_keys(desired)
    return tuple(
        Wanted(file, values.get(file.path, {}) if file.generated else {}, secrets.get(file.path, ()))
        for file in list_env_files(desired)
    )


def digest_of(nonce: str, value: str) -> str:
    """As the host computes it (qtctl/remote/env_files.sh)."""
    said = value.replace("\\", "\\\\").replace("\n", "\\n")
    return sha256(f"{nonce}{said}\n".encode()).hexdigest()


def _expect_keys(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            wanted.file.path,
            {"missing": [], "not declared": []},
            (wanted.file.text,),
            partial(_has_keys, wanted=wanted),
            wanted.file.origin,
        )
        for wanted in list_wanted_files(desired)
        if wanted.values or wanted.secrets or wanted.file.generated
    )


def _has_keys(facts: Facts, wanted: Wanted) -> Judgment:
    file, found = wanted.file, facts.read(EnvText, wanted.file.path)
    if found is None or found.unusable:
        return NOT_JUDGED
    missing = [
        key for key in (*wanted.values, *wanted.secrets) if key not in found.digests and key not in found.secrets
    ]
    others = [name or f"in line {line}" for line, name in found.others]
    observed: JsonObject = {"missing": [*missing], "not declared": [*others]}
    sources = (
        *(_prove_counted(file, key, "0") for key in missing[:MOST_PROOFS]),
        *(_prove_line(file, line, "") for line, _ in found.others[:MOST_PROOFS]),
    )
    return Verdict(not missing and not others, observed, sources, remedy=_choose_remedy(facts, file, missing, others))


def _prove_counted(file: EnvFile, key: str, count: str) -> ProofSource:
    return ProofSource(file.text, f"sudo grep -cE '^[[:space:]]*{key}[[:space:]]*=' {quote(file.path)}", count)


def _prove_line(file: EnvFile, line: str, kind: str) -> ProofSource:
    program = f"NR == {line} && {_LINES[kind]} {{ print NR }} {{ last = $0 }}"
    return ProofSource(file.text, f"sudo awk {quote(program)} {quote(file.path)}", line)


def _choose_remedy(facts: Facts, file: EnvFile, missing: Iterable[str], others: Iterable[str]) -> Remedy:
    if file.generated:
        return make_steps("put keys that are right into the registry, then:", deploy_command(facts))
    to_add = f"add {', '.join(missing)} to {quote(file.path)} on the host" if missing else ""
    to_drop = (
        f"list keys that are in use in secrets.keys, and remove the others from {quote(file.path)}" if others else ""
    )
    return make_steps(to_add, to_drop)


def _expect_values(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            wanted.file.path,
            {"different": [], "empty": []},
            (wanted.file.text,),
            partial(_has_values, wanted=wanted),
            wanted.file.origin,
        )
        for wanted in list_wanted_files(desired)
        if wanted.values or wanted.secrets
    )


def _has_values(facts: Facts, wanted: Wanted) -> Judgment:
    file, found = wanted.file, facts.read(EnvText, wanted.file.path)
    if found is None or found.unusable:
        return NOT_JUDGED
    different = [
        key
        for key, value in wanted.values.items()
        if key in found.digests and found.digests[key] != digest_of(found.nonce, value)
    ]
    empty = [key for key in wanted.secrets if found.secrets.get(key) is False]
    observed: JsonObject = {"different": [*different], "empty": [*empty]}
    sources = (
        *(_prove_value(file, key, found) for key in different[:MOST_PROOFS]),
        *(_prove_empty(file, key) for key in empty[:MOST_PROOFS]),
    )
    remedy = make_steps("put values that are right into the registry, then:", deploy_command(facts))
    if not file.generated:
        remedy = make_steps(f"give {', '.join(empty)} a value in {quote(file.path)} on the host")
    return Verdict(not different and not empty, observed, sources, remedy=remedy)


def _prove_value(file: EnvFile, key: str, found: EnvText) -> ProofSource:
    """The digest that was compared, if the file has the value unquoted; else only that there is one."""
    path = quote(file.path)
    if key not in found.plain:
        return ProofSource(
            file.text, f"sudo grep -qE '^[[:space:]]*{key}[[:space:]]*=' {path} && echo assigned", "assigned"
        )
    value = f"printf %s {found.nonce}; sudo sed -n 's/^{key}=//p' {path} | tail -n 1"
    return ProofSource(file.text, f"{{ {value}; }} | sha256sum | cut -d ' ' -f 1", found.digests[key])


def _prove_empty(file: EnvFile, key: str) -> ProofSource:
    form = f'^[[:space:]]*{key}[[:space:]]*=[[:space:]]*("")?[[:space:]]*$'
    return ProofSource(file.text, f"sudo grep -qE {quote(form)} {quote(file.path)} && echo empty", "empty")


def _expect_lines(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(file.path, {"lines": []}, (file.text,), partial(_is_read, file=file), file.origin)
        for file in list_env_files(desired)
    )


def _is_read(facts: Facts, file: EnvFile) -> Judgment:
    found = facts.read(EnvText, file.path)
    if found is None or found.unusable:
        return NOT_JUDGED
    observed: JsonObject = {"lines": [f"line {line} {SAYS[kind]}" for line, kind in found.lines]}
    sources = tuple(_prove_line(file, line, kind) for line, kind in found.lines[:MOST_PROOFS])
    by_hand = (
        f"write these lines of {quote(file.path)} as systemd reads them: KEY=value, comments on lines of their own"
    )
    remedy = make_steps(deploy_command(facts)) if file.generated else make_steps(by_hand)
    return Verdict(not found.lines, observed, sources, remedy=remedy)


QT603 = Rule(
    "QT603",
    "env file with keys missing or not declared",
    Severity.WARNING,
    several="env files have keys missing or not declared",
    what="The env file lacks a key that the registry declares, or assigns one that it does not: those of `[env]` for "
    "a generated file, of `secrets.keys` for a secrets file. Root reads the file on the host by systemd's own rules; "
    "of undeclared keys in a secrets file, only the line numbers are shown. Needs `--become`.",
    why="A missing key means a program's built-in default that nobody chose, or a crash at the next start. An "
    "undeclared one was put there by hand, and disappears with the next deploy, or stays in a secrets file forever.",
    fix="Declare the keys that are right, and run `qtctl deploy`. Add keys that a secrets file lacks by hand, as "
    "root; list its other keys in `secrets.keys`, or remove them.",
    expect=_expect_keys,
)
QT604 = Rule(
    "QT604",
    "env file with another value than declared, or an empty secret",
    Severity.ERROR,
    several="env files have other values than declared, or empty secrets",
    what="A value in the generated env file is not the declared one, or a declared secret is empty. Values that the "
    "registry declares are compared by a digest, made on the host with a nonce for each audit; of secrets, only "
    "whether they are empty is shown. Needs `--become`.",
    why="The service trades on another exchange, with another limit, or against another Redis than its registry says, "
    "from its next start at the latest. An empty key passes every check that only asks whether it is there.",
    fix="Put the right value into the registry, and run `qtctl deploy`. A secret is written by hand into its file on "
    "the host, as root.",
    expect=_expect_values,
)
QT605 = Rule(
    "QT605",
    "line of an env file that systemd ignores or misreads",
    Severity.WARNING,
    several="env files have lines that systemd ignores or misreads",
    what="systemd reads a line of an env file differently from how it looks: `export X=1` and lines without `=` are "
    "ignored, a `# …` behind a value is part of it, a quote that is not closed swallows the rest of the file, and a "
    "backslash at the end of a line or comment swallows the next one. Needs `--become`.",
    why="A shell reads the same file differently, so everything works when tried by hand. The service does not get "
    "the variable, or gets one with a comment in it, and no error says so.",
    fix="Write one `KEY=value` per line, without `export`, with comments on lines of their own and values with spaces "
    "in double quotes. `qtctl deploy` rewrites a generated file.",
    expect=_expect_lines,
)
RULES = (QT603, QT604, QT605)
