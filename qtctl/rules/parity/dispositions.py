"""QT801, QT809, QT810: every compose service has a disposition, and what a disposition names exists."""

from collections.abc import Collection, Iterator

from qtctl.dialects.compose.types import ComposeService
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.registry import Disposition, DispositionKind
from qtctl.rules.compose_service import Service
from qtctl.rules.parity.ports import is_unusable, list_keys

CARRIED = (DispositionKind.MAPPED, DispositionKind.MIGRATED)


def judge_missing(service: Service) -> Finding:
    return service.make_broken(
        QT801,
        service.subject,
        "mapped, migrated, absorbed or deprecated, and why",
        "no disposition",
        f"say in registry/legacy what became of {service.name}",
    )


def judge_stray(service: Service) -> Finding:
    """A disposition for a service that the compose file does not have."""
    return service.make_broken(
        QT809,
        service.subject,
        f"a service of {service.file}",
        "the file has none of this name",
        "remove the disposition, or correct its name",
    )


def judge_names(service: Service, disposition: Disposition, known: Collection[str]) -> Iterator[Finding]:
    """Whether a disposition names new places where it must, and whether they are declared."""
    if disposition.is_ in CARRIED and not disposition.to:
        yield service.make_broken(
            QT809,
            service.subject,
            f"{disposition.is_.value}: the services or externals it went to",
            "`to` is empty",
            f"name where {service.name} went, or call it absorbed or deprecated",
        )
    for name in disposition.to:
        if name not in known:
            yield service.make_broken(
                QT809,
                f"{service.subject} to {name}",
                "a unit, instance or external of the registry",
                "the registry has none of this name",
                f"declare {name}, or correct the disposition of {service.name}",
            )


def judge_ports(service: Service, disposition: Disposition, compose: ComposeService) -> Iterator[Finding]:
    """Whether the ports that a disposition names are published, and each has a new port or a reason."""
    published = {key for port in compose.ports for key in list_keys(port)}
    for key in sorted(disposition.ports):
        if key not in published:
            yield service.make_broken(
                QT809,
                f"{service.subject} port {key}",
                f"a port that {service.name} publishes",
                "it publishes no such port",
                f"remove the port from the disposition of {service.name}, or correct it",
            )
    for key, word in sorted(disposition.ports.items()):
        if key in published and is_unusable(word):
            yield service.make_broken(
                QT809,
                f"{service.subject} port {key}",
                'a port ("8001") or "gone: reason"',
                word or "nothing",
                f"say where port {key} is now, or why it is gone",
            )


def judge_unused(service: Service, rule: str) -> Finding:
    """A rule of the legacy record that has no effect."""
    return service.make_broken(
        QT809,
        f"{service.file} {rule}",
        "a setting that is gone or different, which the rule settles",
        "no such setting: the file has none of this name, or it is as it was",
        f"remove {rule} from the legacy record, or correct it",
    )


def judge_unknown_claim(service: Service, name: str) -> Finding:
    return service.make_broken(
        QT809,
        f"{service.file} new.{name}",
        "a service of the registry",
        "the registry has none of this name",
        f"remove {name} from `new`, or correct it",
    )


def judge_claim(service: Service, name: str, place: str) -> Finding:
    """A service that is declared new, but is in a compose file."""
    return service.make_broken(
        QT810,
        f"new.{name}",
        "a service that no compose file has",
        f"it was in {place} all along",
        f"remove {name} from `new`",
    )


QT801 = Meaning(
    "QT801",
    "compose service with no disposition",
    Severity.ERROR,
    what="A service of the compose file has no entry in `legacy/*.toml` that says whether it was mapped, migrated, "
    "absorbed or deprecated, where it went, and why.",
    why='"Nothing was lost" can be said only of a complete list. Ten services of the file that really ran were in no '
    "row of the hand-written audit.",
    fix="Add `[services.NAME]` to the legacy file of this compose file.",
)
QT809 = Meaning(
    "QT809",
    "disposition that names what does not exist",
    Severity.ERROR,
    what="A disposition names a unit or external that the registry does not declare, or a compose service or port "
    "that the file does not have; or a rule of the legacy record (`accepted`, `replaced`, `renamed`, `address`, "
    "`new`) applies to nothing.",
    why="It looks like an answer but is not one: a misspelt name hides a service that was lost.",
    fix="Correct the name in `legacy/*.toml`.",
)
QT810 = Meaning(
    "QT810",
    '"new" service that was in a compose file all along',
    Severity.ERROR,
    what="The legacy record says in `new` that a service came after the compose files, and one of the compared files "
    "has it, or a service that became it.",
    why="Of 13 services that the hand-written audit called new, 11 were in the file that really ran. Whoever believes "
    "the list does not look for the settings that those services lost.",
    fix="Remove it from `new`, and give the compose service a disposition.",
)
RULES = (QT801, QT809, QT810)
