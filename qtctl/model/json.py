"""The JSON values that evidence, checks and reports are made of."""

from typing import TypeAlias

from typing_extensions import TypeAliasType

Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | float | bool | None")
JsonObject: TypeAlias = dict[str, Json]
