"""Examples for the help of each command: lines as they are typed, held to the command line by a test."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("qtctl demo", "qtctl demo --keep", "qtctl demo --out /tmp/reports"),
    "init": ("qtctl init shop --name shop --host web-1 --address 192.0.2.10", "qtctl lint --registry shop"),
    "adopt units": (
        "qtctl adopt units /srv/units --out registry",
        "qtctl adopt units units --out registry --force",
    ),
    "adopt host": ("qtctl adopt host web-1 --out registry", "qtctl adopt host web-1 --unit 'shop-*' --out registry"),
    "adopt compose": (
        "qtctl adopt compose docker-compose.yml --out registry",
        "qtctl adopt compose base.yml metrics.yml --out registry",
    ),
    "lint": ("qtctl lint", "qtctl lint --fix", "qtctl lint --format sarif > lint.sarif"),
    "list": (
        "qtctl list",
        "qtctl list --kind hosts",
        "qtctl list --state retired",
        "qtctl list --kind ports --format json",
    ),
    "show": ("qtctl show ai-engine", "qtctl show quantum:mode", "qtctl show ai-engine --format json"),
    "graph": (
        "qtctl graph",
        "qtctl graph --what order --focus ai-engine",
        "qtctl graph --format svg --out a.svg",
    ),
    "schema": ("qtctl schema", "qtctl schema service", "qtctl schema audit > audit.schema.json"),
    "render": ("qtctl render --out rendered", "qtctl render --as web-2 --out rendered"),
    "verify": ("qtctl verify", "qtctl verify --threshold 8"),
    "lab up": ("qtctl lab up", "qtctl lab up --hosts 3", "qtctl lab up --suite trixie", "qtctl lab up --install"),
    "lab list": ("qtctl lab list", "qtctl lab list --format json"),
    "lab exec": ("qtctl lab exec lab1 bash", "qtctl lab exec lab1 systemctl --failed"),
    "lab reboot": ("qtctl lab reboot lab1",),
    "lab down": ("qtctl lab down", "qtctl lab down lab2 lab3"),
    "deploy": ("qtctl deploy --host lab1", "qtctl deploy --host web-1 --yes", "qtctl deploy --host web-1 --verbose"),
    "audit": (
        "qtctl audit --host lab1",
        "qtctl audit --all-hosts",
        "qtctl audit --host 'web-*' --format json",
        "qtctl audit --host lab1 --save evidence.json",
        "qtctl audit --from evidence.json",
    ),
    "explain": ("qtctl explain QT505", "qtctl explain"),
    "report registry": (
        "qtctl report registry --host lab1",
        "qtctl report registry --from evidence.json --format md --out modules.md",
    ),
    "parity": (
        "qtctl parity --compose docker-compose.yml",
        "qtctl parity --compose docker-compose.yml --host lab1",
    ),
}
"""Command by its words → lines."""


def with_examples(help_text: str, name: str) -> str:
    return "\n".join((help_text.rstrip(), "", "Examples:", *EXAMPLES[name]))
