"""Our columns in a shop's own index: added once, guarded, and told apart from the shop's."""

from typing import Any

from mappings.attach import Attachment, write_attachment
from mappings.attach_shop import ShopIndex, in_place_hindrances
from mappings.connection import address_of, node_errors
from mappings.errors import InputError


def add_columns(client: Any, shop: ShopIndex, attachment: Attachment) -> Attachment:  # noqa: ANN401
    """Add the reserved columns to the shop's mapping and say so in its ``_meta``.

    Args:
        client: The connection.
        shop: The shop's index, looked at once more: it must still allow it.
        attachment: What is written down.

    Raises:
        InputError: The index does not allow it; every reason is named.
        NodeUnreachable: The node does not answer.
    """
    from opensearchpy.exceptions import RequestError

    if hindrances := in_place_hindrances(shop):
        raise InputError(
            " ".join(h.problem for h in hindrances), " ".join(h.cure for h in hindrances[:1])
        )
    with node_errors(address_of(client)):
        try:
            columns = attachment.reserved.declare()
            client.indices.put_mapping(index=shop.name, body={"properties": columns})
        except RequestError as error:
            raise InputError(
                f"{shop.name!r} refuses our columns: {error.info}.",
                "Use the parallel index (the default).",
            ) from None
    return write_attachment(client, attachment)
