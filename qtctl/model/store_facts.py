"""The facts of a Redis server, as typed values; see facts.py."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class StoreServer:
    """Subject: the store's name. From INFO. Memory in bytes."""

    FACT: ClassVar[str] = "store"
    version: str
    uptime_s: int
    used_memory: int
    loading: bool = False


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Subject: the store's name. From INFO: whether it accepts writes, and can save them.

    Memory in bytes; `not_evicted` of it does not count towards `max_memory`, which is 0 for no limit. `expiring`:
    number of keys with a time to live. `persistence`: fields of INFO, unchanged. `errors`: error code → how often a
    write was refused with it. `paused`: `write` or `all` under CLIENT PAUSE, if the server reports it (Valkey 8.1 and
    later). `good_replicas`: those that count for min-replicas-to-write, None if that is not set.
    """

    FACT: ClassVar[str] = "store.health"
    role: str
    read_only: bool
    used_memory: int
    max_memory: int
    max_memory_policy: str
    not_evicted: int
    expiring: int
    persistence: dict[str, str]
    errors: dict[str, int]
    paused: str = ""
    good_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class StoreClock:
    """Subject: the store's name. The server's own clock (TIME), read after its streams: microseconds since the epoch.

    `age_us` of an entry is measured with it, and never with the caller's clock."""

    FACT: ClassVar[str] = "store.clock"
    now_us: int


@dataclass(frozen=True, slots=True)
class KeyFact:
    """Subject: a key. What TYPE answers; for `none` the item is absent."""

    FACT: ClassVar[str] = "key"
    type: str


@dataclass(frozen=True, slots=True)
class KeyExpiry:
    """Subject: a key. `expires`: whether Redis will remove it by itself. A key that does not exist is absent."""

    FACT: ClassVar[str] = "key.expiry"
    expires: bool


@dataclass(frozen=True, slots=True)
class StoreRight:
    """Subject: `COMMAND KEY`. Whether the default user may run it on the key, as ACL DRYRUN says, which runs nothing.

    For those of `OF_MANY_KEYS` any number of keys, each after a space. `refused`: what Redis says against it, '' if
    nothing. Redis before 7 cannot tell: absent.
    """

    FACT: ClassVar[str] = "store.right"
    refused: str = ""


@dataclass(frozen=True, slots=True)
class StoreClients:
    """Subject: the store's name. From CLIENT LIST: whom Redis keeps waiting.

    `held`: command → number of clients that wait in it although it never waits by itself. Absent if the account may
    not list clients.
    """

    FACT: ClassVar[str] = "store.clients"
    held: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stream:
    """Subject: a stream key. `last_ms`: the time part of the newest entry's id, 0 if the stream never had an entry.

    `first_id`: of the oldest entry that is left (0-0: none). `added`: number of entries ever added. `deleted_id`: the
    newest entry that XDEL removed (0-0: none). Redis before 7 does not report these three: '' and None.
    """

    FACT: ClassVar[str] = "stream"
    length: int
    last_id: str
    last_ms: int
    groups: int
    first_id: str = ""
    added: int | None = None
    deleted_id: str = ""


@dataclass(frozen=True, slots=True)
class StreamGroup:
    """Subject: `KEY/GROUP`, as `group_subject` writes it.

    `lag` is None if Redis answers NULL (or less than 0): unknown, not 0. The same goes for `entries_read`.
    """

    FACT: ClassVar[str] = "stream.group"
    lag: int | None
    pending: int
    consumers: int
    last_delivered_id: str
    entries_read: int | None = None


@dataclass(frozen=True, slots=True)
class StreamGroups:
    """Subject: a stream key. The names of its groups, sorted; `count`: of all groups, even if not all are named."""

    FACT: ClassVar[str] = "stream.groups"
    names: list[str]
    count: int


@dataclass(frozen=True, slots=True)
class StreamConsumers:
    """Subject: as for `StreamGroup`. `idle_ms`: consumer → milliseconds since it last read, by the clock of Redis.

    Redis 7.2 and later distinguish a read that returned entries (`inactive`) from one that only asked (`idle`): for a
    consumer that has ever received an entry, the former counts. Of more than `MOST_CONSUMERS`, those that read last;
    `count` is the number of all.
    """

    FACT: ClassVar[str] = "stream.consumers"
    idle_ms: dict[str, int]
    count: int


@dataclass(frozen=True, slots=True)
class StreamPending:
    """Subject: as for `StreamGroup`. The oldest entries that were delivered and not acknowledged, by id.

    Each is [id, consumer, milliseconds since it was last delivered, number of deliveries]; at most `MOST_PENDING`.
    """

    FACT: ClassVar[str] = "stream.pending"
    entries: list[list[str | int]]


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """Subject: the store's name. The keys that match its `key_patterns`, as SCAN finds them.

    `names`: sorted, with those first that were not asked for by name; only the first `MOST_KEYS_NAMED`. `count`: of all
    that were found. `complete`: whether SCAN reached its end within its bounds.
    """

    FACT: ClassVar[str] = "store.keys"
    names: list[str]
    count: int
    complete: bool = True


MOST_CONSUMERS = 50
MOST_GROUPS_NAMED = 1000
"""Of the groups of one stream."""
MOST_PENDING = 20
MOST_KEYS_NAMED = 2000


def group_subject(key: str, group: str) -> str:
    """`KEY/GROUP`. A slash of the group's own name is written %2F, so that the last slash is what divides the two."""
    return f"{key}/{group.replace('%', '%25').replace('/', '%2F')}"


def split_group_subject(subject: str) -> tuple[str, str]:
    """What `group_subject` was made from."""
    key, _, group = subject.rpartition("/")
    return key, group.replace("%2F", "/").replace("%25", "%")


READ_WITH, WRITE_WITH = "XREADGROUP", "UNLINK"
OF_MANY_KEYS = (READ_WITH, WRITE_WITH)
DEFAULT_USER = "default"
"""Whom programs are that log in without a name."""
TRIED = {
    "XADD": ("XADD", "{}", "*", "field", "value"), "HSET": ("HSET", "{}", "field", "value"),
    "SET": ("SET", "{}", "value"), "LPUSH": ("LPUSH", "{}", "value"), "SADD": ("SADD", "{}", "value"),
    "ZADD": ("ZADD", "{}", "0", "value"), "UNLINK": ("UNLINK", "{}"),
    "XREADGROUP": ("XREADGROUP", "GROUP", "group", "consumer", "STREAMS", "{}", ">"),
}  # fmt: skip
"""Commands that ACL DRYRUN is asked about, `{}` for the key: it checks the rights, and runs nothing."""


def make_trial(subject: str) -> tuple[str, ...]:
    """The command that answers a `StoreRight`. KeyError for a command that is not in `TRIED`."""
    word, _, rest = subject.partition(" ")
    keys = rest.split(" ") if word in OF_MANY_KEYS else [rest]
    several = {"{}": keys, ">": [">"] * len(keys)}
    return ("ACL", "DRYRUN", DEFAULT_USER, *(part for each in TRIED[word] for part in several.get(each, [each])))
