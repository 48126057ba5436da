"""QT721: hosts that carry the same tag are alike in what the registry does not set for each of them."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.meaning.manager_settings import list_last_assignments
from qtctl.model.code_facts import Checkout, VenvCheck, VenvPackages
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, HostBaseline
from qtctl.model.setting_facts import ManagerSettings, UnitFiles
from qtctl.rules.fleet_rule import FleetRule, Trait, Words

BASELINE, FILES = Need(HostBaseline.FACT, "host"), Need(UnitFiles.FACT, "*")
SETTINGS = tuple(Need(ManagerSettings.FACT, file) for file in ("system", "journald"))
_MADE_AT_RUN_TIME = frozenset(("generated", "transient"))
_OF_QTCTL = "qtctl-"
_HEAD = (
    'BEGIN { git = ENVIRON["git"]; '
    'if ((getline head < (git "/HEAD")) < 1) { getline at < git; git = substr(at, 9); getline head < (git "/HEAD"); '
    'if ((getline at < (git "/commondir")) > 0) git = git "/" at } '
    "if (head !~ /^ref: refs[/]/ || head ~ /[.][.]/) { print head; exit } "
    'ref = substr(head, 6); if ((getline id < (git "/" ref)) > 0) { print id; exit } '
    'while ((getline row < (git "/packed-refs")) > 0) if (split(row, part, " ") > 1 && part[2] == ref) print part[1] }'
)
"""For awk: the commit of the checkout whose .git is `git`; also that of a worktree, whose .git is a file."""
_ABSENT = "| grep . || echo absent"


def _find_baseline(desired: Desired) -> tuple[Need, ...]:  # noqa: ARG001 every host has one
    return (BASELINE,)


def _read_value(facts: Facts, need: Need, desired: Desired, *, name: str) -> Words | None:  # noqa: ARG001 of any host
    host = facts.read(HostBaseline, need.subject)
    value = getattr(host, name) if host else ""
    return (value,) if value else None


def _read_zone(facts: Facts, need: Need, desired: Desired) -> Words | None:
    """A declared zone is judged by QT705."""
    return _read_value(facts, need, desired, name="timezone") if desired.zone_guessed else None


def _prove_value(about: str, word: str, words: Words, *, again: str) -> tuple[str, str]:  # noqa: ARG001 the only value
    return again, words[0]


def _find_settings(desired: Desired) -> tuple[Need, ...]:  # noqa: ARG001 every host has a systemd
    return SETTINGS


def _read_settings(facts: Facts, need: Need, desired: Desired) -> Words | None:  # noqa: ARG001
    """A file that cannot be read leaves them unknown."""
    found = facts.read(ManagerSettings, need.subject)
    if found is None:
        return None
    if found.unread:
        raise LookupError(f"{found.unread[0]} cannot be read by the auditing account")
    return tuple(sorted(f"{key}={value}" for key, _, value in list_last_assignments(found.rows)))


def _prove_setting(about: str, word: str, words: Words) -> tuple[str, str]:
    key = word.partition("=")[0]
    value = next((each.partition("=")[2] for each in words if each.partition("=")[0] == key), "")
    pattern = quote(f"s/^[[:space:]]*{key}[[:space:]]*=[[:space:]]*//p")
    again = f"systemd-analyze cat-config systemd/{about} | sed -n {pattern} | tail -n 1 {_ABSENT}"
    return again, value or "absent"


def _find_unit_files(desired: Desired) -> tuple[Need, ...]:  # noqa: ARG001 every host has units
    return (FILES,)


def _read_unit_files(facts: Facts, need: Need, desired: Desired) -> Words | None:  # noqa: ARG001
    """Not those that are declared, nor those with the fleet's names, which QT202 judges."""
    found = facts.read(UnitFiles, FILES.subject)
    if found is None:
        return None
    ours = desired.unit_names()
    return tuple(sorted(
        f"{name} {state}" for name, state in found.files.items()
        if name not in ours and state not in _MADE_AT_RUN_TIME and not name.startswith(_OF_QTCTL)
        and not any(fnmatchcase(name, pattern) for pattern in desired.unit_patterns)
    ))  # fmt: skip


def _prove_unit_file(about: str, word: str, words: Words) -> tuple[str, str]:  # noqa: ARG001
    name = word.partition(" ")[0]
    state = next((each.partition(" ")[2] for each in words if each.partition(" ")[0] == name), "absent")
    again = f"systemctl list-unit-files --no-legend -- {quote(name)} | awk '{{ print $2 }}' {_ABSENT}"
    return again, state


def _find_venvs(desired: Desired) -> tuple[Need, ...]:
    return tuple(Need(VenvCheck.FACT, path) for path in _list_venvs(desired))


def _list_venvs(desired: Desired) -> Iterable[str]:
    """What a deploy builds is the same everywhere, or QT413."""
    built = {each.path for each in desired.installs}
    return (venv.path for venv in desired.venvs if venv.path not in built)


def _read_python(facts: Facts, need: Need, desired: Desired) -> Words | None:  # noqa: ARG001
    found = facts.read(VenvCheck, need.subject)
    return (found.made_for,) if found and found.made_for else None


def _prove_python(about: str, word: str, words: Words) -> tuple[str, str]:
    config = quote(f"{about}/pyvenv.cfg")
    return _prove_value(about, word, words, again=f"grep -E '^version' {config} | grep -oE '[0-9][0-9.]*[0-9]'")


def _find_packages(desired: Desired) -> tuple[Need, ...]:
    """QT409 judges venvs with a lock file."""
    unlocked = {venv.path for venv in desired.venvs if venv.packages is None}
    return tuple(Need(VenvPackages.FACT, path) for path in _list_venvs(desired) if path in unlocked)


def _read_packages(facts: Facts, need: Need, desired: Desired) -> Words | None:  # noqa: ARG001
    found = facts.read(VenvPackages, need.subject)
    return tuple(sorted(found.records)) if found else None


def _prove_package(about: str, word: str, words: Words) -> tuple[str, str]:
    name = word.partition("-")[0]
    record = next((each for each in words if each.partition("-")[0] == name), "")
    pattern = quote(f"{name}-*.dist-info")
    find = f"find {quote(f'{about}/lib')} -mindepth 3 -maxdepth 3 -name {pattern} -printf '%f\\n'"
    return f"{find} {_ABSENT}", f"{record}.dist-info" if record else "absent"


def _find_checkouts(desired: Desired) -> tuple[Need, ...]:
    """A declared commit is judged by QT407."""
    installed = {each.path for each in desired.installs}
    free = (code.path for code in desired.code if not code.commit and code.path not in installed)
    return tuple(Need(Checkout.FACT, path) for path in free)


def _read_commit(facts: Facts, need: Need, desired: Desired) -> Words | None:  # noqa: ARG001
    found = facts.read(Checkout, need.subject)
    return (found.head,) if found and found.head else None


def _prove_commit(about: str, word: str, words: Words) -> tuple[str, str]:
    """Where HEAD leads, from the files: git is not run in a folder that someone else owns."""
    again = f"git={quote(f'{about}/.git')} awk {quote(_HEAD)}"
    return _prove_value(about, word, words, again=again)


def _make_baseline_trait(
    name: str, field: str, again: str, remedy: str, severity: Severity = Severity.WARNING
) -> Trait:
    read, prove = partial(_read_value, name=field), partial(_prove_value, again=again)
    return Trait(name, _find_baseline, read, prove, remedy, severity=severity)


_OS = '. /etc/os-release && echo "$PRETTY_NAME"'
_SYSTEMD = "systemctl --version | head -n 1 | cut -d ' ' -f 2-"
_ZONE = "{ readlink /etc/localtime || cat /etc/timezone || echo UTC; } | sed 's,.*zoneinfo/,,'"
TRAITS = (
    _make_baseline_trait("operating system", "os", _OS, "upgrade the others to what most have"),
    _make_baseline_trait("systemd", "systemd", _SYSTEMD, "install the same packages on all of them"),
    _make_baseline_trait(
        "kernel", "kernel", "uname -r", "reboot the others into the kernel that most run", Severity.INFO
    ),
    Trait("time zone", _find_baseline, _read_zone, partial(_prove_value, again=_ZONE),
          "set the same time zone on all of them: timedatectl set-timezone"),
    Trait("settings", _find_settings, _read_settings, _prove_setting,
          "put the same files into /etc/systemd on all of them, then systemctl daemon-reexec", single=False,
          label=lambda need: f"{need.subject}.conf"),
    Trait("unit files", _find_unit_files, _read_unit_files, _prove_unit_file,
          "install or remove the packages that the others have or lack, or declare the unit", single=False),
    Trait("Python", _find_venvs, _read_python, _prove_python,
          "rebuild the venv of the others with the same Python"),
    Trait("packages", _find_packages, _read_packages, _prove_package,
          "declare a lock file in venvs.toml, and install what it says", single=False),
    Trait("commit", _find_checkouts, _read_commit, _prove_commit,
          "declare the commit in code.toml, and check it out"),
)  # fmt: skip
"""What is compared: everything else is set by the registry, judged on each host alone, or differs for good reasons."""

QT721 = FleetRule(
    "QT721",
    "hosts with the same tag differ",
    Severity.WARNING,
    several="things differ among hosts with the same tag",
    untidy=True,
    what="An audit of several hosts compares those with the same tag in what the registry does not set for each of "
    "them: operating system, versions of systemd and the kernel (information only), the time zone if `guessed` names "
    "it, settings in system.conf and journald.conf, unit files that qtctl did not write, the Python of each venv and "
    "its packages if it has no lock file, and the commit of each checkout that declares none. There is one check for "
    "each tag and thing; the subject names both (`@web kernel`). Expected is what most of the hosts have, observed is "
    "what the others have. If it is not known of one of the hosts, the check is unknown, unless the others differ "
    "already.",
    why="Hosts of one group take the same load and get the same deploys, so everybody expects them to behave alike. "
    "The one that missed an upgrade or got a package by hand fails alone, in a way that nobody can repeat on the "
    "host next to it.",
    fix="Bring the hosts that are named to what most of them have, or decide that they are right and change the rest. "
    "Hosts that must differ belong to groups of their own: give them another tag. A waiver may name the subject "
    "(`@web kernel`) while an upgrade is under way.",
    traits=TRAITS,
)
RULES = (QT721,)
