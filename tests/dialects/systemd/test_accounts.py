"""Lines of sysusers.d and tmpfiles.d: any value comes back or is refused, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd import sysusers, tmpfiles
from qtctl.dialects.systemd.sysusers import Kind
from qtctl.errors import InputError

ANY = st.one_of(
    st.text(alphabet=st.characters(), max_size=12),
    st.text(alphabet=st.sampled_from(" \t\n\x7f\"'\\%$#;:-/.ünx"), max_size=8),
)
PATHS = ANY.map(lambda text: f"/{text}")
NAMES = st.from_regex(sysusers.NAME, fullmatch=True)
IDS = st.one_of(st.just(""), st.integers(1, 60000).map(str))
USERS = st.builds(
    sysusers.Entry,
    st.just(Kind.USER),
    NAMES,
    st.one_of(IDS, st.tuples(st.sampled_from(("-", "501")), NAMES).map(":".join)),
    ANY,
    st.one_of(st.just(""), PATHS),
    st.one_of(st.just(""), PATHS),
)
GROUPS = st.builds(sysusers.Entry, st.just(Kind.GROUP), NAMES, IDS)
MEMBERS = st.builds(sysusers.Entry, st.just(Kind.MEMBER), NAMES, NAMES)
FOLDERS = st.builds(
    tmpfiles.Entry,
    PATHS,
    st.integers(0, 0o7777).map(lambda mode: f"{mode:04o}"),
    NAMES,
    NAMES,
    st.sampled_from(("", "30d", "2min 30s", "infinity")),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(USERS, GROUPS, MEMBERS), max_size=5))
def test_any_account_comes_back_or_is_refused(entries: list[sysusers.Entry]) -> None:
    try:
        lines = [sysusers.write(entry) for entry in entries]
    except InputError:
        return
    assert all("\n" not in line for line in lines)
    assert sysusers.parse("# mark\n" + "\n".join(lines), "x") == tuple(entries)


@settings(max_examples=400, deadline=None)
@given(st.lists(FOLDERS, max_size=5))
def test_any_folder_comes_back_or_is_refused(entries: list[tmpfiles.Entry]) -> None:
    try:
        lines = [tmpfiles.write(entry) for entry in entries]
    except InputError:
        return
    assert tmpfiles.parse("\n".join(lines) + "\n", "x") == tuple(entries)


TEXTS = st.text(alphabet=st.sampled_from("ugmd x/-\"'\\%:#\n0175"), max_size=40)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_of_accounts_is_read_or_refused(text: str) -> None:
    try:
        entries = sysusers.parse(text, "x")
    except InputError:
        return
    assert sysusers.parse("\n".join(map(sysusers.write, entries)), "x") == entries


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_of_folders_is_read_or_refused(text: str) -> None:
    try:
        entries = tmpfiles.parse(text, "x")
    except InputError:
        return
    assert tmpfiles.parse("\n".join(map(tmpfiles.write, entries)), "x") == entries


PLAIN = sysusers.Entry(Kind.USER, "qt", "", "Runs it", "/home/qt", "/bin/bash")
LINES = {
    "plain": (PLAIN, 'u qt - "Runs it" /home/qt /bin/bash'),
    "nothing but a name": (sysusers.Entry(Kind.USER, "qt"), "u qt"),
    "a shell without a home": (sysusers.Entry(Kind.USER, "qt", "", "", "", "/bin/sh"), "u qt - - - /bin/sh"),
    "a group of its own choice": (sysusers.Entry(Kind.USER, "rl", "-:qt"), "u rl -:qt"),
    "a specifier": (sysusers.Entry(Kind.USER, "qt", gecos='50% "of"'), 'u qt - "50%% \\"of\\""'),
    "a group": (sysusers.Entry(Kind.GROUP, "adm", "4"), "g adm 4"),
    "a membership": (sysusers.Entry(Kind.MEMBER, "qt", "adm"), "m qt adm"),
}


@pytest.mark.parametrize("case", LINES)
def test_how_a_line_is_written(case: str) -> None:
    entry, line = LINES[case]
    assert sysusers.write(entry) == line


REFUSED = {
    "a dot in a name": (sysusers.Entry(Kind.USER, "a.b"), "is not a valid name for a user or a group"),
    "too long a name": (sysusers.Entry(Kind.USER, "a" * 32), "is not a valid name for a user or a group"),
    "a number as a name": (sysusers.Entry(Kind.USER, "1000"), "is not a valid name for a user or a group"),
    "a colon": (sysusers.Entry(Kind.USER, "qt", gecos="a: b"), "qt: summary: holds a colon"),
    "a colon in the home": (sysusers.Entry(Kind.USER, "qt", home="/a:b"), "qt: home: holds a colon"),
    "two lines": (sysusers.Entry(Kind.USER, "qt", gecos="a\nb"), "line break"),
    "a dash alone": (sysusers.Entry(Kind.USER, "qt", gecos="-"), "means that there is none"),
    "a noncharacter": (sysusers.Entry(Kind.USER, "qt", gecos="\ufdd0"), "noncharacter"),
    "a relative home": (sysusers.Entry(Kind.USER, "qt", home="home"), "not an absolute path"),
    "a home with dots": (sysusers.Entry(Kind.USER, "qt", home="/a/../b"), "holds .."),
    "a slash at the end": (sysusers.Entry(Kind.USER, "qt", "", "", "", "/bin/sh/"), "not a plain path"),
    "a group with a home": (sysusers.Entry(Kind.GROUP, "adm", home="/x"), "only a user has"),
    "no id": (sysusers.Entry(Kind.USER, "qt", "many"), "is not an id"),
    "a group of a group": (sysusers.Entry(Kind.GROUP, "adm", "1:x"), "is not a group id"),
    "no group": (sysusers.Entry(Kind.MEMBER, "qt", ""), "cannot name a group"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_line_can_say(case: str) -> None:
    entry, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        sysusers.write(entry)


FOLDERS_REFUSED = {
    "relative": (tmpfiles.Entry("a", "0755", "root", "root"), "not an absolute path"),
    "not plain": (tmpfiles.Entry("/a//b", "0755", "root", "root"), "write /a/b"),
    "control characters": (tmpfiles.Entry("/a\tb", "0755", "root", "root"), "control character"),
    "three digits": (tmpfiles.Entry("/a", "755", "root", "root"), "four octal digits"),
    "no span": (tmpfiles.Entry("/a", "0755", "root", "root", "soon"), "not a time span"),
    "no user": (tmpfiles.Entry("/a", "0755", "", "root"), "means that there is none"),
}


@pytest.mark.parametrize("case", FOLDERS_REFUSED)
def test_a_folder_that_no_line_can_say(case: str) -> None:
    entry, message = FOLDERS_REFUSED[case]
    with pytest.raises(InputError, match=message):
        tmpfiles.write(entry)


BROKEN = {
    "an unknown type": ("u a\nr - 5-9\n", "x:2: a line of type 'r'"),
    "an open quote": ('u a - "b\n', "x:1: unbalanced quotes"),
    "a specifier": ("u a - %m\n", "x:1: a specifier"),
    "too many columns": ("u a - b /c /d e\n", "x:1: more than 6 columns"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file(case: str) -> None:
    text, message = BROKEN[case]
    with pytest.raises(InputError) as caught:
        sysusers.parse(text, "x")
    assert str(caught.value).startswith(message)
