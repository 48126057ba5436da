"""Laws of what looks like a secret: where it stands, and that nothing around it hides it."""

from qtctl.dialects.arguments import find_argument_spans, mask_arguments, mask_lines
from qtctl.dialects.secrets import find_secret_kind, find_secret_spans, is_harmless, is_secret_name, looks_random
from tests.fuzz.target import Target

CANARY = "hunter2-c4n4ry"
KEY = "AKIAIOSFODNN7EXAMPLE"


def secrets(data: bytes) -> None:
    """Spans that are in the text, in order and apart; and a key between any two texts is in one of them."""
    text = data.decode("utf-8", "surrogateescape")
    is_secret_name(text)
    is_harmless(text)
    looks_random(text)
    _in_order(text)
    half = len(text) // 2
    hidden = f"{text[:half]} {KEY} {text[half:]}"
    at = half + 1
    assert any(start <= at and at + len(KEY) <= end for start, end, _ in _in_order(hidden))
    assert find_secret_kind(hidden)


def arguments(data: bytes) -> None:
    """Words stay as many as they are, and an option's value is hidden whatever comes before it."""
    text = data.decode("utf-8", "surrogateescape")
    words = ("/bin/app", *text.split(" "))
    assert len(find_argument_spans(words)) == len(words)
    mask_arguments(words)
    hidden = mask_lines(f"{text}\nExecStart=/bin/app --password={CANARY}\n")
    assert CANARY not in hidden
    assert CANARY not in " ".join(mask_arguments((*words, f"--password={CANARY}")))


def _in_order(text: str) -> list[tuple[int, int, str]]:
    spans = find_secret_spans(text)
    last = 0
    for start, end, _ in spans:
        assert last <= start < end <= len(text)
        last = end
    return spans


SEEDS = (
    "--db-password=hunter2 --port 80",
    "postgres://u:s3cr3t@h/d",
    "env PASSWORD='two words' TOKEN: ${TOKEN}",
    "Authorization: Bearer eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----",
    "Zx81kQ0vPf29LmT7cYb3WnR6",
    "https://hooks.slack.com/services/T0000/B0000/abcdefghijklmnop",
)
PARTS = (
    "pwd", "PASSWORD", "token", "_", "-", ".", "=", ":", "://", "@", "/", " ", "\n", '"', "'", ";", "&", "|", "<", ">",
    "*", "$", "${", "}", "a", "A", "1", "eyJabcdefgh", ".eyJabcdefgh.", "sk-", "ghp_", "xoxb-", "glpat-", "a" * 40,
    "0f" * 20, "-----BEGIN ", "PRIVATE KEY", "hooks.slack.com/services/T", "/B", KEY, "\u00e9", "\udc80",
)  # fmt: skip

ARGUMENTS = Target(
    "arguments", arguments, lambda: [text.encode() for text in SEEDS], (*PARTS, "--password", "-p", "sh", "-c")
)
SECRETS = Target("secrets", secrets, lambda: [text.encode() for text in SEEDS], PARTS)
