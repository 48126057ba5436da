"""Convert plain Python values to GLib's GVariant and back, with the same values as jeepney gives."""

from typing import Any

from gi.repository import GLib


def pack(kind: str, value: Any) -> Any:  # noqa: ANN401 - of any type that D-Bus has
    """A GVariant of type `kind`. Variants inside are given as for jeepney: (signature, value)."""
    if kind == "v":
        return GLib.Variant.new_variant(pack(*value))
    if kind == "ay":
        return GLib.Variant(kind, value)
    if kind.startswith("a{"):
        entry = kind[1:]
        key, item = entry[1], entry[2:-1]
        entries = [GLib.Variant.new_dict_entry(pack(key, one), pack(item, two)) for one, two in value.items()]
        return GLib.Variant.new_array(GLib.VariantType.new(entry), entries)
    if kind.startswith("a"):
        return GLib.Variant.new_array(GLib.VariantType.new(kind[1:]), [pack(kind[1:], item) for item in value])
    if kind.startswith("("):
        fields = GLib.Variant.split_signature(kind)
        return GLib.Variant.new_tuple(*(pack(one, two) for one, two in zip(fields, value, strict=True)))
    if isinstance(value, str) and "\0" in value:
        # GLib would end the text there.
        raise ValueError("a string with a NUL, which D-Bus cannot carry")
    return GLib.Variant(kind, value)


def unpack(value: Any) -> Any:  # noqa: ANN401 - whatever was answered
    """The Python value of a GVariant, with every variant in it replaced by its value."""
    kind = value.get_type_string()
    if kind == "v":
        return unpack(value.get_variant())
    if kind == "ay":
        return bytes(value.unpack())
    if kind[0] not in "a(":
        return value.unpack()
    items = [value.get_child_value(index) for index in range(value.n_children())]
    if kind.startswith("a{"):
        return {unpack(entry.get_child_value(0)): unpack(entry.get_child_value(1)) for entry in items}
    values = [unpack(item) for item in items]
    return tuple(values) if kind[0] == "(" else values
