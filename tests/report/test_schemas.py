import json

import pytest
from jsonschema import Draft202012Validator

from qtctl.report import audit, parity, registry, verify
from qtctl.report.schemas import schemas

from .checks import CHECKS
from .fleet import desired, evidence
from .test_parity import reports
from .test_verify import VERIFIED

WRITTEN = {
    "audit": lambda: audit.to_json(audit.build(desired(), evidence(), CHECKS, every=True)),
    "parity": lambda: parity.to_json(reports(evidence())),
    "registry": lambda: registry.to_json(registry.build(desired(), evidence(), CHECKS)),
    "verify": lambda: verify.to_json(verify.build(VERIFIED)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_what_its_schema_says(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(WRITTEN[name]()))
    with pytest.raises(Exception, match="Additional properties"):
        Draft202012Validator(schema).validate(json.loads(WRITTEN[name]()) | {"more": 1})


def test_every_document_has_a_schema() -> None:
    assert schemas().keys() == WRITTEN.keys()
