"""Users, folders and host names of a registry: what is wrong with them, each with its file and line."""

import pytest

from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.builders.registry import changed, edited

HOST = 'memory = "4G"\n'


def hosts(text: str) -> dict[str, bytes]:
    return edited("hosts.toml", HOST, HOST + f"hosts_file = {{ aliases = {{ {text} }} }}\n")


BROKEN = {
    "a name that is none": (
        changed(users='["a.b"]\nsummary = "x"\n'),
        ["users.toml:1: 'a.b' is not a valid user name (a letter or _, then letters, digits, _ and -, at most 31)"],
    ),
    "one uid twice": (
        changed(users='[a]\nsummary = "x"\nuid = 500\n[b]\nsummary = "x"\nuid = 500\n'),
        ["users.toml:6: uid 500 is a's too (give one of them another)"],
    ),
    "one gid for two groups": (
        changed(users='[a]\nsummary = "x"\ngid = 500\n[b]\nsummary = "x"\ngid = 500\n'),
        ["users.toml:6: gid 500 is that of a too (give one of them another)"],
    ),
    "two gids for one group": (
        changed(users='[a]\nsummary = "x"\ngid = 500\n[b]\nsummary = "x"\ngroup = "a"\ngid = 501\n'),
        ["users.toml:7: the group a has gid 500 in a (give both one gid)"],
    ),
    "a number that is none": (
        changed(users='[a]\nsummary = "x"\nuid = 65535\n'),
        ["users.toml:3: a.uid is 65535, which means no account to the kernel"],
    ),
    "root's number": (
        changed(users='[a]\nsummary = "x"\nuid = 0\n'),
        ["users.toml:3: a.uid is 0, should be a whole number from 1 to 4294967295"],
    ),
    "a folder that is relative": (
        changed(folders='["srv"]\nsummary = "x"\n'),
        ["folders.toml:1: path: not an absolute path (begin it with /)"],
    ),
    "a folder with a slash at its end": (
        changed(folders='["/srv/"]\nsummary = "x"\n'),
        ["folders.toml:1: '/srv/' is not the plain path of a folder (write /srv)"],
    ),
    "a mode that is none": (
        changed(folders='["/srv"]\nsummary = "x"\nmode = "rwx"\n'),
        ['folders.toml:3: "/srv".mode is "rwx", should be a file mode, such as "0755"'],
    ),
    "one user's folder in another's": (
        changed(folders='["/a"]\nsummary = "x"\nuser = "u"\n["/a/b/c"]\nsummary = "x"\nuser = "w"\n'),
        [
            (
                "folders.toml:6: /a/b/c is w's inside /a, which is u's "
                "(systemd-tmpfiles refuses to go there: give both one user, or the outer one root)"
            )
        ],
    ),
    "an unknown host": (
        changed(users='[a]\nsummary = "x"\nhosts = ["bax"]\n', folders='["/a"]\nsummary = "x"\nhosts = ["bax"]\n'),
        [
            "folders.toml:3: QT102 host bax is not declared (did you mean box?)",
            "users.toml:3: QT102 host bax is not declared (did you mean box?)",
        ],
    ),
    "a name with two addresses": (
        hosts('"10.0.0.1" = ["db", "x"], "10.0.0.2" = ["DB"]'),
        ["hosts.toml:6: DB has two addresses, 10.0.0.1 too (keep one of them)"],
    ),
    "one address twice": (
        hosts('"::1" = ["db"], "0:0::1" = ["db"]'),
        ["hosts.toml:6: 0:0::1 is ::1 written otherwise (put the names together)"],
    ),
    "no address": (
        hosts('"10.0.0" = ["db"]'),
        ['hosts.toml:6: box.hosts_file.aliases has the key "10.0.0", which should be an IP address'],
    ),
    "no name": (
        hosts('"10.0.0.1" = ["-db"]'),
        [
            (
                'hosts.toml:6: box.hosts_file.aliases."10.0.0.1"[0] is "-db", '
                'should be the name of a host, such as "db" or "db.example.org"'
            )
        ],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken(case: str) -> None:
    files, expected = BROKEN[case]
    with pytest.raises(InputErrors) as caught:
        load(files)
    assert [str(error) for error in caught.value.errors] == expected


SOUND = {
    "one number on two hosts": changed(
        hosts='[a]\naddress = "a"\naudit_user = "x"\ndeploy_user = "y"\nmemory = "1G"\ncpus = 1\n'
        '[b]\naddress = "b"\naudit_user = "x"\ndeploy_user = "y"\nmemory = "1G"\ncpus = 1\n',
        users='[u]\nsummary = "x"\nuid = 500\nhosts = ["a"]\n[w]\nsummary = "x"\nuid = 500\nhosts = ["b"]\n',
    ),
    "a retired one says nothing": changed(
        users='[u]\nsummary = "x"\nuid = 500\nstate = "retired"\n[w]\nsummary = "x"\nuid = 500\n',
        folders='["/a"]\nsummary = "x"\nuser = "u"\nstate = "retired"\n["/a/b"]\nsummary = "x"\nuser = "w"\n',
    ),
    "a group that two share": changed(users='[u]\nsummary = "x"\ngid = 5\n[w]\nsummary = "x"\ngroup = "u"\ngid = 5\n'),
    "a folder of root's in a user's": changed(folders='["/a"]\nsummary = "x"\n["/a/b"]\nsummary = "x"\nuser = "w"\n'),
    "a name in both families": hosts('"127.0.0.1" = ["db"], "::1" = ["db"]'),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound(case: str) -> None:
    load(SOUND[case])
