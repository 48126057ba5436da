"""What values of a registry file look like: the checked types of its keys, and the table that refuses unknown ones."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from qtctl.dialects.systemd.size import bytes_of
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.errors import InputError

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=200)]
UnitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.\\@-]+\.(service|timer|target|socket|path|slice)$")]
AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/", max_length=4095)]


def _read_by(read: Callable[[str], int]) -> AfterValidator:
    def check(text: str) -> str:
        try:
            read(text)
        except InputError as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(check)


Span = Annotated[str, _read_by(microseconds)]
"""A systemd time span: "5s", "2min 30s"."""
Size = Annotated[str, _read_by(bytes_of)]
"""A systemd size: "512M", "1.5G", "infinity"."""
Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?%$")]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Listen = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[0-9.]+|\*):[0-9]{1,5}$")]
Mode = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$")]


class Node(BaseModel):
    """A table of a registry file. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)
