"""The page about SSH settings: made of the table that decides."""

from itertools import groupby

from qtctl.adapters.ssh_options import TABLE, How, Option

BEGIN = """\
# SSH settings

qtctl connects as `ssh HOST` does: it asks `ssh -G` for the settings, so Include, Match, jump hosts and proxy commands
mean the same. It is never laxer than ssh: an option that would make ssh refuse a host makes qtctl refuse it too, and
an option that it cannot honour is an error that names the option and the file (exit code 3). Jump hosts are held to
their own settings.

**Host keys** must be known, whatever StrictHostKeyChecking says: from known_hosts (patterns, hashes, `@revoked`), or
by a host certificate that an authority of an `@cert-authority` line signed: in its time, for the host's name
(HostKeyAlias, else HostName; no wildcards), with an algorithm of CASignatureAlgorithms. RevokedHostKeys may be lists
of keys or KRLs; if one cannot be read, no key is trusted.

**Names** of hosts and accounts are those that ssh takes: no control characters, nothing that a shell would obey, none
that begins with `-`. Other names start no process. A ProxyCommand ends with qtctl, even where that is killed.
"""
TITLES = {
    How.HONOURED: "Honoured",
    How.REFUSED: "Refused, unless they are at their default",
    How.IGNORED: "Ignored, since that makes nothing laxer",
}


def ssh_markdown() -> str:
    """One table for each fate of an option."""
    return BEGIN + "".join(f"\n## {title}\n\n| option | |\n|---|---|\n{_rows(how)}" for how, title in TITLES.items())


def _rows(how: How) -> str:
    options = sorted((option for option in TABLE if option.how is how), key=lambda option: (option.why, option.name))
    return "".join(f"| {_names(list(given))} | {why} |\n" for why, given in groupby(options, lambda option: option.why))


def _names(options: list[Option]) -> str:
    return ", ".join(f"`{option.name}`" for option in options)
