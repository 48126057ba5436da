"""All cases of parity, by the file of their family below tests/rules/parity."""

from tests.parity.case import Case
from tests.rules.parity import dispositions, ports, units

CASES: dict[str, Case] = {**units.CASES, **ports.CASES, **dispositions.CASES}
