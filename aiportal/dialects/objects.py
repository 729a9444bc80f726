"""How many objects a conversation may be made of."""

from typing import Any

from aiportal.errors import InvalidRequest

__all__ = ["MAX_OBJECTS", "check_objects"]

MAX_OBJECTS = 20_000


def check_objects(messages: object, *, param: str, limit: int = MAX_OBJECTS) -> None:
    """Raises InvalidRequest for more messages, parts and other objects or lists than `limit`.

    Each is checked at some length, while nobody else is answered: a body's bytes are no bound on
    that. To be called before.
    """
    pending: list[dict[str, Any] | list[Any]] = [messages] if isinstance(messages, list) else []
    count = 0
    while pending:
        value = pending.pop()
        inside = value.values() if isinstance(value, dict) else value
        found = [each for each in inside if isinstance(each, dict | list)]
        count += len(found)
        if count > limit:
            raise InvalidRequest(
                f"`{param}` holds more than {limit} messages, parts and other objects. Send fewer.",
                param=param,
            )
        pending += found
