"""Calls with arguments that are not all strings, written by jeepney."""

from jeepney import DBusAddress, new_method_call

from qtctl.interfaces.host import BusCall


def encode(call: BusCall, serial: int) -> bytes:
    """The bytes of a method call."""
    address = DBusAddress(call.path, call.destination, call.interface)
    message = new_method_call(address, call.member, call.signature or None, call.body)
    return bytes(message.serialise(serial))
