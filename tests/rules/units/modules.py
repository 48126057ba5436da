"""QT113: what is found, and what is not."""

from tests.lint.case import API, FEED, JOB, JOBS, Case, W, after

CASES: tuple[Case, ...] = (
    Case(
        "a module that is not importable",
        (("QT113", W, "services/feed.toml:5", "feed", "runs the module small.feed"),),
        {FEED: after('venv = "main"\n', 'cwd = "/var/lib/small"')},
    ),
    Case(
        "an application that is not importable",
        (("QT113", W, "services/api.toml:5", "api", "runs the module small.api"),),
        {API: after('venv = "main"\n', 'cwd = "/var/lib/small"')},
    ),
    Case(
        "a module found through PYTHONPATH",
        edits={FEED: after('venv = "main"\n', 'cwd = "/var/lib/small"', "[env]", "PYTHONPATH = '/opt/x:/srv/small/'")},
    ),
    Case(
        "a module of Python's own",
        edits={FEED: ('module = "small.feed"', 'module = "http.server"\ncwd = "/var/lib/small"')},
    ),
    Case(
        "a working directory that Python leaves out",
        (("QT113", W, "services/job.toml:5", "job", "runs the module small.job"),),
        files={
            **JOBS,
            "services/job.toml": JOB.replace('["/usr/bin/job"]', '["/usr/bin/python3", "-I", "-m", "small.job"]'),
        },
    ),
)
