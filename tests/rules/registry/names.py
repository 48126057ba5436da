"""QT106: what is found, and what is not."""

from tests.lint.case import JOB, Case, W

CASES: tuple[Case, ...] = (
    Case(
        "twins",
        (("QT106", W, "services/fe_ed.toml:1", "fe_ed", "differs from fe-ed only in - and _"),),
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": JOB.replace("on-timer", "stopped"),
        },
    ),
    Case(
        "a retired twin that says what took its place",
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": 'summary = "Gone"\nstate = "retired"\nreplaced_by = ["fe-ed"]\n',
        },
    ),
    Case(
        "a retired twin that does not",
        (("QT106", W, "services/fe_ed.toml:1", "fe_ed", "differs from fe-ed"),),
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": 'summary = "Gone"\nstate = "retired"\n',
        },
    ),
    Case(
        "twins among venvs",
        (("QT106", W, "venvs.toml:4", "ma_in", "differs from ma-in"),),
        files={"venvs.toml": '[ma-in]\npath = "/opt/1"\n\n[ma_in]\npath = "/opt/2"\n[main]\npath = "/opt/3"\n'},
    ),
)
