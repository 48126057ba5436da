"""Findings that no audit makes: of the registry itself (qtctl lint), and of a compose file (qtctl parity)."""

from dataclasses import dataclass

from qtctl.findings.finding import Severity


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding is, why it matters and how to fix it. The same fields as a rule has, without its judgment."""

    id: str
    title: str
    severity: Severity
    what: str
    why: str
    fix: str


MEANINGS = (
    Meaning(
        id="QT101",
        title="two claim one address and port",
        severity=Severity.ERROR,
        what="Two services or externals of one host declare the same port on the same address; an address such as "
        "0.0.0.0 claims the port on all of them. Retired ones claim nothing.",
        why="Only the first that starts gets the port. Which one that is changes from boot to boot, and the other ends "
        "in a restart loop, or its callers talk to the wrong program: 8005 was risk-safety's in one document and "
        "position-monitor's in another.",
        fix="Give one of them another port in its `[ports]`, and tell its callers; or retire the one that is gone.",
    ),
    Meaning(
        id="QT102",
        title="reference to something that is not declared",
        severity=Severity.ERROR,
        what="A name in the registry leads nowhere: a host, target, venv, stream, store, service, timer, or a unit "
        "that matches the fleet's patterns. A retired one counts as gone, and the hint says what took its place.",
        why="systemd accepts a Wants= or After= of a unit that does not exist and says nothing, so the order or the "
        "dependency that somebody relied on is simply not there.",
        fix="Declare what is named, mend the spelling, or name what took its place.",
    ),
    Meaning(
        id="QT103",
        title="order that cannot be kept",
        severity=Severity.ERROR,
        what="Units that wait for each other in a circle, counting what targets and timers imply; or `requires` and "
        "`binds_to` without `after` (a warning): both are then started at the same moment.",
        why="systemd breaks a circle by dropping one of the jobs, and not always the same one: a service is simply not "
        "started at some boots. Without an order, what is required may not be ready yet, and the first start fails.",
        fix="Take one of the named units out of the order. Add what is required to `order.after`; `qtctl lint --fix` "
        "does so.",
    ),
    Meaning(
        id="QT104",
        title="stream with one end only",
        severity=Severity.WARNING,
        what="A stream is consumed that no running service publishes, anywhere in the fleet; or (information) "
        "published and neither consumed nor read.",
        why="A consumer without a publisher waits for ever and looks healthy: the flow that is drawn through it does "
        "not exist. In the fleet's flow chart sizing.final was such a link, in no list of streams.",
        fix="Declare who publishes it (`streams.publishes`), or name the stream that is really written.",
    ),
    Meaning(
        id="QT105",
        title="more memory promised than there is",
        severity=Severity.WARNING,
        what="The MemoryMax= of all that runs on a host, now or on a timer, adds up to more than the memory that "
        "`hosts.toml` declares for it.",
        why="Each service stays within its cap, and the host runs out all the same: then the kernel chooses what to "
        "end, and it need not be the one that grew.",
        fix="Lower caps that are never reached, move services, or mend the declared memory.",
    ),
    Meaning(
        id="QT106",
        title="names that differ by hyphens only",
        severity=Severity.WARNING,
        what="Two services, externals, targets, timers, venvs, keys or hosts have names that are the same but for - "
        "and _. A retired one that says in `replaced_by` (or, where there is none, in `why`) what "
        "became of it is fine.",
        why="Whoever mistypes one acts on the other, and reports count one program twice: exposure_balancer ran while "
        "documents spoke of exposure-balancer.",
        fix="Rename one, or retire it with `replaced_by`.",
    ),
    Meaning(
        id="QT107",
        title="sandbox against the service itself",
        severity=Severity.ERROR,
        what="ProtectHome= hides the working directory, program, code, venv or a writable path of the service; or "
        "(a warning) ProtectSystem= makes read-only what a setting names to be written, with no ReadWritePaths=, "
        "StateDirectory= or the like above it.",
        why="It ends at once with 200/CHDIR or 203/EXEC, or hours later with the first line that it cannot log.",
        fix="Move code and venv out of the homes, choose another profile, or add the directory to "
        "`sandbox.read_write_paths`.",
    ),
    Meaning(
        id="QT108",
        title="left over from containers",
        severity=Severity.WARNING,
        what="A setting or argument names a container as its host (`redis`, `quantum_redis`), a path below /app, a "
        "container network, or the container engine. The key is shown, never the value.",
        why="The name resolved on the compose network and resolves nowhere on the host: the service restarts for ever, "
        "or somebody mends it with a line in /etc/hosts that the next host lacks.",
        fix="Name the address or path that the host has.",
    ),
    Meaning(
        id="QT109",
        title="secret written as a literal",
        severity=Severity.ERROR,
        what="A value whose key says that it is a secret, a URL with a password, a private key, a token of a known "
        "form; or (a warning) text as random as a key. Only where it stands is shown.",
        why="The registry is in git: the secret is in every clone and stays in the history.",
        fix="Put it into the host-only file of `[secrets]`, list its name in `keys`, and change it: it is known.",
    ),
    Meaning(
        id="QT110",
        title="value that systemd would misread",
        severity=Severity.ERROR,
        what="A value that no unit or env file can say; or, in what a template of your own gives: a # after a value, "
        "a value that is not of the directive's kind, a word of Environment= without =, `export` in an env file, and "
        "as warnings a % that is a specifier, a variable that nothing sets, carriage returns.",
        why="systemd logs a line that nobody reads and goes on without the setting: `MemoryMax=16G # 50%` is no cap.",
        fix="Put comments on lines of their own, double % and $, quote words with spaces.",
    ),
    Meaning(
        id="QT111",
        title="directive that the host's systemd ignores",
        severity=Severity.ERROR,
        what="A directive or section that the `systemd` of `hosts.toml` does not know there, by what that version "
        "itself lists; an old spelling that it still honours is a warning, and so is one that came or went between two "
        "versions that were asked.",
        why="What was ignored is missing where it was counted on: StartLimitIntervalSec= in [Service] limits nothing.",
        fix="The finding says where it belongs, what it is called now, or which versions know it.",
    ),
    Meaning(
        id="QT112",
        title="timer that does not do what it says",
        severity=Severity.ERROR,
        what="`persistent` without `on_calendar`; a calendar expression that systemd refuses; RemainAfterExit= in what "
        "a timer starts; and as warnings a oneshot that both a timer and a target start, and a timer that counts only "
        "from the last run of something that nothing else starts.",
        why="systemd keeps the time of the last run for calendar timers only, drops an expression that it cannot read, "
        "and does not start again what is still active: the timer looks armed and never runs anything.",
        fix="Remove `persistent` (`qtctl lint --fix` does so) or add an `on_calendar`; mend the expression "
        '(`systemd-analyze calendar`); say `state = "on-timer"`; add `on_boot`.',
    ),
    Meaning(
        id="QT113",
        title="module that is not importable",
        severity=Severity.WARNING,
        what="A service runs `python -m package.module` (or an ASGI application), and neither its working directory "
        "nor PYTHONPATH is the directory that the registry calls its code.",
        why='It ends with "No module named microservices", as it did for the fleet\'s first units.',
        fix="Leave `run.cwd` out, or add the code's directory to PYTHONPATH. If the package is installed in the venv, "
        "set the severity of QT113 in `policy.toml` to info.",
    ),
    Meaning(
        id="QT114",
        title="limit that limits nothing",
        severity=Severity.WARNING,
        what="No memory cap; a MemoryHigh= above MemoryMax=; or a start limit that is never hit, since so many "
        "restarts, with RestartSec= between them, do not fit into StartLimitIntervalSec=.",
        why="A leak takes the whole host. A service that cannot start restarts for ever, and is never reported failed.",
        fix="Set `limits.memory_max` (in `[defaults.limits]` for all), `memory_high` below it, and a "
        "`start_limit_interval` longer than `start_limit_burst` times `restart_sec`.",
    ),
    Meaning(
        id="QT115",
        title="account that audits and can do more",
        severity=Severity.ERROR,
        what="One account is both `audit_user` and `deploy_user` of a host, or audits log in as root. As a warning: a "
        "service runs as the account that audits.",
        why="An audit reads what service accounts wrote, and needs no rights. Where its account may use sudo, whatever "
        "fools it or takes over its session is root; where a service runs as it, that service can answer for the "
        "host.",
        fix="Make an account of its own on the host (`users.toml` can declare it), without sudo and with `/bin/sh`, "
        "put the auditors' SSH keys there, and name it as `audit_user`.",
    ),
    Meaning(
        id="QT116",
        title="folder of root's work that others can change",
        severity=Severity.ERROR,
        what="`env_dir`, or another folder that a deploy writes to, is in a folder that someone but root can change: "
        "one that folders.toml gives to an account or lets a group or everyone write, a home, what StateDirectory= "
        "and its like give to a service's account, or /tmp and its like. As warnings: an env file, credential, mount "
        "point, socket or file of an output there, and a folder of one account in that of another. As information: an "
        "env file that only the service's own account can change.",
        why="Root follows what that account puts in the place of a file or folder: a link makes root write to, give "
        "away or read any other file of the host. A deploy refuses to write there (docs/deploy.md). systemd reads env "
        "files and credentials as root, and hands what a link leads to to the service; it opens the files of "
        "StandardOutput= as root, so that a service writes to whatever its link leads to.",
        fix="Declare a place whose folders are root's all the way, such as `/etc/FLEET`; data of programs stays in "
        "folders of their account.",
    ),
    Meaning(
        id="QT801",
        title="compose service with no disposition",
        severity=Severity.ERROR,
        what="A service of the compose file has no entry in `legacy/*.toml` that says whether it was mapped, migrated, "
        "absorbed or deprecated, where it went, and why.",
        why='"Nothing was lost" can be said only of a list that is whole. Ten services of the file that really ran '
        "were in no row of the hand-written audit.",
        fix="Add `[services.NAME]` to the legacy file of this compose file.",
    ),
    Meaning(
        id="QT802",
        title="mapped, and its unit is absent or not running",
        severity=Severity.ERROR,
        what="A compose service was mapped or migrated to a unit that is not on the host, or does not run there.",
        why="The migration moved it on paper. What it did is done by nobody.",
        fix="`qtctl audit` says what is wrong with the unit; deploy it, start it, or mend the disposition.",
    ),
    Meaning(
        id="QT803",
        title="published port lost or moved",
        severity=Severity.ERROR,
        what="A port that the compose file published is not listened on by the units the service went to, and its "
        "disposition does not say where it went.",
        why="Whoever called it there calls into nothing, or reaches another program that has taken the port since.",
        fix="Let the unit listen there, or say in the disposition's `ports` where it moved, or why it is gone.",
    ),
    Meaning(
        id="QT809",
        title="disposition that names what does not exist",
        severity=Severity.ERROR,
        what="A disposition leads to a service or external that the registry does not declare, or speaks of a compose "
        "service or port that the file does not have.",
        why="It looks like an answer and is none: a misspelt name hides a service that was lost.",
        fix="Mend the name in `legacy/*.toml`.",
    ),
)
