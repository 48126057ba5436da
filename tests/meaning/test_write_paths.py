"""What services write to, as systemd takes the lists of paths apart."""

from qtctl.meaning.write_paths import WritePath, list_write_paths
from tests.builders.desired import build_service


def test_lists_of_paths_are_taken_apart_as_systemd_does() -> None:
    service = build_service(
        "a",
        sandbox=(("ReadWritePaths", '/a -/b "/c d" +/e -+/f /g\\ h /run/%i relative'), ("ReadOnlyPaths", "/x")),
        settings=(("StandardOutput", "append:/var/log/a/out.log"), ("StandardError", "journal")),
    )
    assert list(list_write_paths(service)) == [
        WritePath("/a", optional=False, by_user=True), WritePath("/b", optional=True, by_user=True),
        WritePath("/c d", optional=False, by_user=True), WritePath("/e", optional=False, by_user=True),
        WritePath("/f", optional=True, by_user=True), WritePath("/g h", optional=False, by_user=True),
        WritePath("/var/log/a", optional=False, by_user=False),
    ]  # fmt: skip


def test_a_list_that_systemd_refuses_names_nothing() -> None:
    assert list(list_write_paths(build_service("a", sandbox=(("ReadWritePaths", '"/a'),)))) == []
