"""The last lines of journals: five of a unit, and what its program said where systemd had the last word."""

from qtctl.probes.journal import read_journals


def row(number: int, who: str = "systemd[1]") -> str:
    return f"2026-11-28T00:00:0{number}+0000 h1 {who}: line {number}"


def test_what_a_program_said_is_kept_where_systemd_said_the_rest() -> None:
    rows = [row(0, "a[7]"), row(1, "a[8]"), *map(row, range(2, 8))]
    out = "unit a.service\n" + "".join(f" {each}\n" for each in rows) + "unit b.service\nunit c.service\n x\n"
    assert read_journals(out.encode()) == {
        "a.service": (row(1, "a[8]"), *map(row, range(3, 8))),
        "b.service": (),
        "c.service": ("x",),
    }


def test_five_lines_and_no_more_where_the_program_is_among_them() -> None:
    rows = [row(number, "a[7]") for number in range(9)]
    out = "unit a.service\n" + "".join(f" {each}\n" for each in rows)
    assert read_journals(out.encode()) == {"a.service": tuple(rows[-5:])}


def test_no_line_of_a_program_is_taken_for_a_unit() -> None:
    assert read_journals(b"unit a.service\n unit b.service\n \xff\n") == {"a.service": ("unit b.service", "\ufffd")}
