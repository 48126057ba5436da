"""The page about SSH settings: made of the table that decides."""

from itertools import groupby

from qtctl.adapters.ssh_options import TABLE, How, Option

BEGIN = """\
# SSH settings

qtctl connects as `ssh HOST` does: it asks `ssh -G` for the settings, so Include, Match, jump hosts and proxy commands
work as usual. It is never laxer than ssh: an option that would make ssh refuse a host makes qtctl refuse it too, and
an option that it cannot honour is an error that names the option and the file (exit code 3). For each jump host, its
own settings apply.

**Host keys** must always be known, whatever StrictHostKeyChecking says: either from known_hosts (patterns, hashes,
`@revoked`), or by a host certificate from an authority in an `@cert-authority` line. The certificate must be valid now,
be issued for the host's name (HostKeyAlias, else HostName; no wildcards), and be signed with an algorithm in
CASignatureAlgorithms. RevokedHostKeys may be lists of keys or KRLs; if one cannot be read, no key is trusted.

**Names** of hosts and accounts are those that ssh accepts: no control characters, nothing that a shell would interpret,
no `-` at the beginning. For any other name, qtctl starts no process. A ProxyCommand ends with qtctl, even if qtctl is
killed.
"""
TITLES = {
    How.HONOURED: "Honoured",
    How.REFUSED: "Refused, unless set to the default",
    How.IGNORED: "Ignored, because that makes nothing laxer",
}


def ssh_markdown() -> str:
    """One table for each fate of an option."""
    return BEGIN + "".join(f"\n## {title}\n\n| option | |\n|---|---|\n{_rows(how)}" for how, title in TITLES.items())


def _rows(how: How) -> str:
    options = sorted((option for option in TABLE if option.how is how), key=lambda option: (option.why, option.name))
    return "".join(f"| {_names(list(given))} | {why} |\n" for why, given in groupby(options, lambda option: option.why))


def _names(options: list[Option]) -> str:
    return ", ".join(f"`{option.name}`" for option in options)
