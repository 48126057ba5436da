"""The report of secrets: what is there, and what is wrong with it."""

import json

from qtctl.model.secret_place import SecretFound, SecretKind, SecretPlace, SecretState
from qtctl.reports import secrets, secrets_view

PLACE = SecretPlace("API_KEY", SecretKind.KEY, "/etc/shop/api.secret.env", ("api", "web"), ("shop-api.service",))
FOUND = SecretFound(PLACE, SecretState.PRESENT, "root", "root", "0644", ("mode 0644, should be 0600",))


def test_a_row_says_all_but_the_value() -> None:
    missing = SecretFound(PLACE, SecretState.MISSING)
    report = secrets.build_report((FOUND, missing), fleet="f", host="h1", address="lab1")
    first, second = json.loads(secrets.to_json(report))["secrets"]
    assert (first["state"], first["mode"], first["problems"]) == ("present", "0644", ["mode 0644, should be 0600"])
    assert (second["state"], second["owner"]) == ("missing", None)
    assert len(secrets_view.build_page(report)) == 2
    assert (FOUND.good, missing.good, SecretFound(PLACE, SecretState.PRESENT, "root", "root", "0600").good) == (
        False, False, True,
    )  # fmt: skip
