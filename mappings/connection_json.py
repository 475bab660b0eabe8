"""JSON between us and the node, written and read faster than the client does by itself."""

from typing import Any

import orjson
from opensearchpy.serializer import JSONSerializer


class QuickJSON(JSONSerializer):
    """The client's serializer, by orjson: a search holds query vectors as text three times.

    What orjson refuses and the client's own can write, such as broken surrogates or dates, the
    client's own writes.
    """

    def dumps(self, data: Any) -> Any:  # noqa: ANN401 - as the client has it
        """Return the text of a body; text as it is.

        Raises:
            SerializationError: The body holds what JSON has no word for.
        """
        if isinstance(data, str):
            return data
        try:
            return orjson.dumps(data).decode()
        except TypeError:  # orjson.JSONEncodeError is one
            return super().dumps(data)

    def loads(self, s: str) -> Any:  # noqa: ANN401 - as the client has it
        """Return what a reply's text says.

        Raises:
            SerializationError: It is no JSON.
        """
        try:
            return orjson.loads(s)
        except ValueError:
            return super().loads(s)
