"""``query.augment``: a shop's body in, one request with vectors and the formula out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from encoders.protocol import ImageEncoder, TextEncoder
from encoders.query_expander import VisualQueryExpander
from mappings.attach import Attachment, read_attachment
from mappings.errors import CatalogueUnavailable, InputError
from mappings.identity import ModelIdentity
from query.augmenting.augmented import Augmented, Recall
from query.augmenting.compile import Sorted, Wishes, compile_body
from query.augmenting.foreign import require_body
from query.encode.encoder import PictureDecoder, QueryEncoder
from query.model.intent import understand
from query.model.profiles import BUILT_IN, Profile, find_profile
from query.model.request import SearchRequest

FRESH = 30.0


class Augmenter:
    """Augments the bodies of one shop's index; it sends none of them.

    Args:
        client: An ``opensearchpy.OpenSearch``, to read what is attached.
        index: The shop's index, as it was named to ``shelfsight attach``.
        identity: The loaded models'; an index of other models is refused.
        text: The text encoder, ending in the shared space.
        image: The image encoder, ending in the text's space.
        decoder: How uploads become pixels.
        sight: Knows what words look like; without it pictures are asked with what they mean.
        profiles: Profiles by name.

    Raises:
        CatalogueUnavailable: Shelfsight is not attached to the index.
        IdentityMismatch: Its vectors are of other models.
        NodeUnreachable: The node does not answer.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
        index: str,
        identity: ModelIdentity,
        *,
        text: TextEncoder | None = None,
        image: ImageEncoder | None = None,
        decoder: PictureDecoder | None = None,
        sight: VisualQueryExpander | None = None,
        profiles: Mapping[str, Profile] = BUILT_IN,
    ) -> None:
        self.client, self.index, self.identity = client, index, identity
        self.profiles = profiles
        self._encoder = QueryEncoder(text, image, decoder, identity.dim, sight=sight)
        self._read: tuple[float, Attachment] = (time.monotonic(), self._attachment())

    @property
    def attachment(self) -> Attachment:
        """What is attached, read again every half minute: it may be filled anew and swapped."""
        if time.monotonic() - self._read[0] > FRESH:
            self._read = (time.monotonic(), self._attachment())
        return self._read[1]

    def augment(
        self,
        body: Mapping[str, Any],
        *,
        text: str = "",
        image: bytes | Sequence[bytes] = (),
        recall: Recall = "keep",
        profile: str | Profile = "default",
        weights: Mapping[str, float] | None = None,
        scale: float | None = None,
        sorted: Sorted = "all",
        scripts: bool = True,
    ) -> Augmented:
        """Return the one request that answers a shop's body with vectors and the formula added.

        Args:
            body: The shop's request to ``_search``; it is not changed.
            text: What the person asks for, in plain words, at most 200 characters.
            image: A picture file as bytes, or several, at most 4.
            recall: ``keep``: the answer matches what the shop's matches. ``extend``: the nearest
                products by vectors are added, within the shop's filters.
            profile: Where the weights come from.
            weights: Weights by signal, over the profile's.
            scale: The shop's score that counts as half of full.
            sorted: Whether a sort by fields orders ``all`` matches or the ``best`` candidates.
            scripts: Whether the body may hold scripts.

        Raises:
            InputError: Something in the body cannot be kept; says what, why, and what would do.
            NodeUnreachable: The node does not answer.
        """
        wishes = Wishes(
            recall, find_profile(profile, self.profiles), weights or {}, scale, sorted, scripts
        )
        require_body(body, scripts=scripts)  # before anything is decoded or encoded for it
        pictures = (image,) if isinstance(image, bytes) else tuple(image)
        request = SearchRequest(text, pictures, weights=dict(weights or {}) or None)
        vectors, failed = self._encoder.encode(understand(request))
        made = compile_body(body, self.attachment, vectors, wishes)
        notes = tuple(f"The {side} could not be encoded and does not count." for side in failed)
        return replace(made, notes=(*made.notes, *notes), degraded=tuple(failed))

    def _attachment(self) -> Attachment:
        try:
            found = read_attachment(self.client, self.index)
        except InputError as error:
            raise CatalogueUnavailable(error.problem, error.cure) from None
        self.identity.require(found.identity, f"Index {found.index!r}")
        return found


def augment(
    body: Mapping[str, Any],
    *,
    on: Augmenter,
    text: str = "",
    image: bytes | Sequence[bytes] = (),
    recall: Recall = "keep",
    profile: str | Profile = "default",
    weights: Mapping[str, float] | None = None,
    scale: float | None = None,
) -> Augmented:
    """Return the one request that answers a shop's body with vectors and the formula added.

    Args:
        body: The shop's request to ``_search``; it is not changed.
        on: The shop's index with its models.
        text: What the person asks for, in plain words.
        image: A picture file as bytes, or several.
        recall: ``keep`` the shop's own match set, or ``extend`` it within the shop's filters.
        profile: Where the weights come from.
        weights: Weights by signal, over the profile's.
        scale: The shop's score that counts as half of full.

    Raises:
        InputError: Something in the body cannot be kept; says what, why, and what would do.
        NodeUnreachable: The node does not answer.
    """
    if not isinstance(on, Augmenter):
        raise InputError(
            f"`on` is {type(on).__name__}.", "Give an Augmenter: the shop's index and its models."
        )
    return on.augment(
        body, text=text, image=image, recall=recall, profile=profile, weights=weights, scale=scale
    )
