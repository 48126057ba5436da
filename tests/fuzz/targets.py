"""All that is fuzzed, by name."""

from tests.fuzz import (
    laws_compose,
    laws_evidence,
    laws_registry,
    laws_secrets,
    laws_ssh,
    laws_systemd,
    laws_terminal,
    laws_wire,
)
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        laws_registry.REGISTRY,
        laws_registry.POSITIONS,
        laws_registry.LINT,
        laws_registry.FIX,
        laws_registry.GRAPH,
        laws_systemd.UNIT,
        laws_systemd.ENV,
        laws_systemd.QUOTING,
        laws_systemd.VALUES,
        laws_systemd.PRINTED,
        laws_compose.COMPOSE_FILE,
        laws_compose.PARITY,
        laws_secrets.SECRETS,
        laws_secrets.ARGUMENTS,
        laws_evidence.EVIDENCE,
        laws_evidence.AUDIT,
        laws_ssh.SETTINGS,
        laws_ssh.KNOWN_HOSTS,
        laws_ssh.CERTIFICATES,
        laws_terminal.TERMINAL,
        laws_terminal.PASTED,
        laws_terminal.MARKDOWN,
        laws_wire.BUS,
        laws_wire.REPLIES,
        laws_wire.SHELL,
        laws_wire.REDIS,
    )
}
