"""Keys say directives that systemd has, each once, in the section of their kind."""

import pytest

from qtctl.dialects.systemd.table.lookup import find_first_version, list_unit_sections
from qtctl.model.vocabulary import KINDS, Form, list_fields

SUFFIX = {kind: f"x.{kind.removesuffix('s')}" for kind in KINDS} | {"dropins": "x.service"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_directive_is_one_of_systemd(kind: str) -> None:
    for (section, directive), key in list_fields(kind).items():
        assert section in list_unit_sections(SUFFIX[kind]), key
        assert find_first_version(section, directive), key


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_keys_say_one_directive(kind: str) -> None:
    paths = [key.path for key in list_fields(kind).values() if key.form is not Form.MARKED]
    assert len(set(paths)) == len(paths)


FORMS = (
    ("services", "Unit", "Description", ("summary",), Form.TEXT),
    ("services", "Unit", "After", ("order", "after"), Form.UNITS),
    ("services", "Unit", "StartLimitBurst", ("restart", "start_limit_burst"), Form.NUMBER),
    ("services", "Unit", "ConditionPathExists", ("conditions", "path_exists"), Form.LINES),
    ("services", "Service", "ExecStart", ("run", "lines"), Form.LINES),
    ("services", "Service", "MemoryMax", ("limits", "memory_max"), Form.SETTING),
    ("services", "Service", "NoNewPrivileges", ("sandbox", "no_new_privileges"), Form.SWITCH),
    ("services", "Service", "ProtectSystem", ("sandbox", "protect_system"), Form.SWITCH),
    ("services", "Service", "ReadWritePaths", ("sandbox", "read_write_paths"), Form.PATHS),
    ("services", "Service", "Environment", ("unit_env",), Form.TABLE),
    ("services", "Service", "LoadCredential", ("secrets", "credentials"), Form.TABLE),
    ("services", "Install", "WantedBy", ("install", "wanted_by"), Form.UNITS),
    ("sockets", "Socket", "ListenFIFO", ("listen",), Form.MARKED),
    ("slices", "Slice", "MemoryMax", ("limits", "memory_max"), Form.SETTING),
    ("timers", "Timer", "Persistent", ("persistent",), Form.SWITCH),
    ("timers", "Unit", "StartLimitBurst", ("manager", "start_limit_burst"), Form.NUMBER),
    ("targets", "Unit", "Wants", ("order", "wants"), Form.UNITS),
)


@pytest.mark.parametrize(("kind", "section", "directive", "path", "form"), FORMS)
def test_where_a_directive_is_said(kind: str, section: str, directive: str, path: tuple[str, ...], form: Form) -> None:
    key = list_fields(kind)[section, directive]
    assert (key.path, key.form) == (path, form)
