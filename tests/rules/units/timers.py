"""QT112: what is found, and what is not."""

from tests.lint.case import FEED, JOB, JOBS, TIMER, Case, E, W, after, service

CASES: tuple[Case, ...] = (
    Case(
        "an expression that systemd refuses",
        (("QT112", E, "timers.toml:4", "job", "'every hour' is not a calendar expression"),),
        files={**JOBS, "timers.toml": TIMER.replace("hourly", "every hour")},
    ),
    *(
        Case(
            f"no date to come: {expression}",
            (("QT112", W, "timers.toml:4", "job", f"{expression!r} never elapses"),),
            files={**JOBS, "timers.toml": TIMER.replace("hourly", expression)},
        )
        for expression in ("2025-01-01 03:00:00", "*-02-30", "2020..2025-*-01")
    ),
    Case(
        "a date that is over beside one to come",
        (("QT112", W, "timers.toml:4", "job", "'2025-01-01' never elapses"),),
        files={**JOBS, "timers.toml": TIMER.replace('"hourly"', '"2190-01-01", "2025-01-01"')},
    ),
    Case(
        "a oneshot with two starters",
        (("QT112", W, "services/job.toml:2", "job", "both small-job.timer and multi-user.target start"),),
        files={**JOBS, "services/job.toml": JOB.replace("on-timer", "running")},
    ),
    Case(
        "a timer and RemainAfterExit",
        (("QT112", E, "services/job.toml:1", "job", "has RemainAfterExit= and is started by small-job.timer"),),
        files=JOBS,
        template=service("RemainAfterExit=yes"),
    ),
    Case(
        "a service that remains, and a timer",
        (("QT112", E, "services/job.toml:4", "job", "has RemainAfterExit= and is started by small-job.timer"),),
        files={**JOBS, "services/job.toml": JOB.replace("\n\n[run]", "\nremain_after_exit = true\n[run]")},
    ),
    Case(
        "secrets and leftovers in other commands",
        (
            ("QT108", W, "services/feed.toml:10", "feed", "commands.start_pre[0][0] leads into /app"),
            ("QT109", E, "services/feed.toml:10", "feed", "commands.start_pre[0][1] (--token) is a secret"),
        ),
        {FEED: after('venv = "main"\n', "[commands]", 'start_pre = [["/app/check", "--token=hunter2"]]')},
    ),
    Case(
        "a command in a home that is hidden",
        (("QT107", E, "services/feed.toml:12", "feed", "ExecStartPre= program (/home/svc/check)"),),
        {
            FEED: after(
                'venv = "main"\n',
                "[sandbox]",
                'profile = "strict"',
                "[commands]",
                'start_pre = [["/home/svc/check"], ["+/home/svc/other"]]',
            )
        },
    ),
    Case(
        "a timer that waits for itself",
        (("QT112", W, "timers.toml:1", "job", "it never elapses"),),
        files={**JOBS, "timers.toml": TIMER.replace('on_calendar = ["hourly"]', 'on_unit_active = "5min"')},
    ),
    *(
        Case(
            f"run once, and RemainAfterExit: {times}",
            files={
                **JOBS,
                "services/job.toml": JOB.replace("\n\n[run]", "\nremain_after_exit = true\n[run]"),
                "timers.toml": TIMER.replace('on_calendar = ["hourly"]', times),
            },
        )
        for times in (
            'on_boot = "5min"',
            'on_boot = "5min"\non_unit_active = "0s"',
            'on_startup = "5min"',
            'on_calendar = ["2190-01-31 03:00:00 UTC"]',
        )
    ),
    *(
        Case(
            f"run again, and RemainAfterExit: {times}",
            (("QT112", E, "services/job.toml:4", "job", "has RemainAfterExit= and is started by small-job.timer"),),
            files={
                **JOBS,
                "services/job.toml": JOB.replace("\n\n[run]", "\nremain_after_exit = true\n[run]"),
                "timers.toml": TIMER.replace('on_calendar = ["hourly"]', times),
            },
        )
        for times in (
            'on_boot = "5min"\non_unit_inactive = "1h"',
            'on_boot = "5min"\non_unit_active = "1h"',
            'on_calendar = ["2190-*-01"]',
        )
    ),
    Case(
        "an on-timer service with [Install] is not enabled",
        files={**JOBS, "services/job.toml": JOB + '[install]\nwanted_by = ["multi-user.target"]\n'},
    ),
    Case(
        "a timer that counts from the last run of what another unit starts",
        edits={FEED: after('writes = ["s:mode"]\n', "[order]", 'wants = ["job"]', 'after = ["job"]')},
        files={**JOBS, "timers.toml": TIMER.replace('on_calendar = ["hourly"]', 'on_unit_active = "5min"')},
    ),
)
