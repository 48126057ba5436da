"""Which snapshot of a host a word means: `latest`, a number, a day or month, the beginning of a digest."""

import re
from collections.abc import Sequence

from qtctl.errors import InputError
from qtctl.history.chain import Link

LATEST = "latest"
_NUMBER, _TIME, _DIGEST = (
    re.compile("[0-9]{1,6}"),
    re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9T:.Z-]*)?"),
    re.compile("[0-9a-f]{7,64}"),
)


def choose(links: Sequence[Link], word: str, host: str) -> Link:
    """The newest of those that `word` matches. InputError if none does, or several by digest."""
    found = [each for each in links if _is_meant(each, word)]
    if not found:
        said = ", ".join(each.snapshot.head.taken_at[:10] for each in links[-3:]) or "none at all"
        hint = f"latest, a number, a month or the beginning of a digest; the newest are {said}"
        raise InputError(f"{host} has no snapshot {word!r}", hint=hint)
    return found[-1] if word != LATEST else links[-1]


def choose_name(names: Sequence[str], word: str) -> str | None:
    """The newest file name (`index.make_file_name`) that `word` may mean, of names in order; None if there is none."""
    if word == LATEST:
        return names[-1] if names else None
    compact = word.replace("-", "").replace(":", "").partition(".")[0]
    found = []
    for name in names:
        number, _, rest = name.partition("-")
        taken, _, digest = rest.partition("-")
        said = (_NUMBER.fullmatch(word) and number.isdigit() and int(number) == int(word)) or (
            is_time(word) and taken.startswith(compact)
        )
        found += [name] if said or (_DIGEST.fullmatch(word) and digest.startswith(word)) else []
    return found[-1] if found else None


def is_time(word: str) -> bool:
    """Whether it is a month, a day or a time: then its colons do not end a host's name."""
    return bool(_TIME.fullmatch(word))


def _is_meant(link: Link, word: str) -> bool:
    if word == LATEST:
        return True
    if _NUMBER.fullmatch(word):
        return link.number == int(word)
    if is_time(word):
        return link.snapshot.head.taken_at.startswith(word)
    return bool(_DIGEST.fullmatch(word)) and link.snapshot.digest.startswith(word)
