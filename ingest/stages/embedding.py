"""Embedding into the spool: only what it lacks, each text and picture once."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from encoders.attributes import attribute_key, attribute_terms, encode_terms
from encoders.cache import content_key
from encoders.pictures import PictureRefused, PictureSize, Pixels
from encoders.projection import ProjectedImageEncoder
from encoders.protocol import ImageEncoder, TextEncoder, Vectors
from encoders.space import Space
from encoders.texts import product_text
from ingest.ledger.acceptance import TRANSIENT
from ingest.ledger.changes import AcceptedPicture, Entry, Refusal
from ingest.readers.picture_files import PictureUnavailable, picture_bytes
from ingest.sender import chunks
from ingest.stages.context import StageContext
from ingest.stages.enrich_pictures import spool_pictures
from mappings.product import Product

BATCH = 32
Wanted = tuple[Entry, AcceptedPicture]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a picture has no pixels."""

    reason: str
    problem: str


def text_keys(product: Product) -> tuple[str, ...]:
    """Return the spool's keys of everything of a product that is embedded as text."""
    own = content_key(product_text(product))
    return (own, *(attribute_key(term) for term in attribute_terms(product)))


def picture_encoder(space: Space) -> ImageEncoder | None:
    """Return the encoder whose vectors are spooled: the one before a projection.

    A projection that is fitted anew then costs a product of matrices and no model.
    """
    image = space.image
    return image.encoder if isinstance(image, ProjectedImageEncoder) else image


def embed_texts(context: StageContext, entries: Sequence[Entry]) -> None:
    """Put the vectors of the products' texts and attribute values into the spool."""
    encoder = context.space().text
    texts = {content_key(t): t for t in (product_text(e.product) for e in entries)}
    terms = {attribute_key(t): t for e in entries for t in attribute_terms(e.product)}
    _spool_vectors(context, entries, encoder, texts, encoder.encode_products)
    _spool_vectors(context, entries, encoder, terms, partial(encode_terms, encoder))


def _spool_vectors(
    context: StageContext,
    entries: Sequence[Entry],
    encoder: TextEncoder,
    items: Mapping[str, str],
    encode: Callable[[Sequence[str]], Vectors],
) -> None:
    digest = encoder.card.digest
    known = context.spool.get_many(list(items), digest)
    lacking = [key for key in items if key not in known]
    for part in chunks(lacking, BATCH):
        started = time.perf_counter()
        rows = encode([items[key] for key in part])
        context.spool.put_many(dict(zip(part, rows, strict=True)), digest)
        _add_timing(context, entries, "text_vectors", started, len(part))


def embed_pictures(context: StageContext, entries: Sequence[Entry]) -> set[str]:
    """Put the vectors of the products' pictures into the spool; refuse what cannot be read.

    Returns:
        The products that have a picture which was there at acceptance and is away now; after a
        few looks in vain it is refused as any other, and the next feed looks for it again.

    The next batch is read and decoded, by the decoder's own process, while the model works on
    this one.
    """
    encoder = picture_encoder(context.space())
    if encoder is None:
        return set()
    digest = encoder.card.digest
    wanted = _wanted(context, entries)
    known = context.spool.get_many(list(wanted), digest)
    batches = list(chunks([key for key in wanted if key not in known], BATCH))
    away: set[str] = set()
    with ThreadPoolExecutor(1) as ahead:

        def decode(n: int) -> "Future[list[Pixels | Refused]]":
            return ahead.submit(_decode, context, encoder.size, wanted, batches[n])

        decoded = decode(0) if batches else None
        for n, keys in enumerate(batches):
            assert decoded is not None
            answers = dict(zip(keys, decoded.result(), strict=True))
            decoded = decode(n + 1) if n + 1 < len(batches) else None
            pixels = {k: a for k, a in answers.items() if not isinstance(a, Refused)}
            if pixels:
                started = time.perf_counter()
                spool_pictures(context.spool, encoder, pixels)
                _add_timing(context, entries, "picture_vectors", started, len(pixels))
            away |= _refuse(context, wanted, answers)
    return away


def _add_timing(
    context: StageContext, entries: Sequence[Entry], what: str, started: float, items: int
) -> None:
    """Count what a model has really made, as against what was found in the spool."""
    context.ledger.add_timing(entries[0].run, what, time.perf_counter() - started, items)


def _wanted(context: StageContext, entries: Sequence[Entry]) -> dict[str, list[Wanted]]:
    """Return the pictures by the hash of their bytes, without those refused before."""
    refused = {(r.id, r.path) for r in context.ledger.refusals_of([e.id for e in entries])}
    wanted: dict[str, list[Wanted]] = {}
    for entry in entries:
        for picture in entry.pictures:
            if picture.sha and (entry.id, picture.path) not in refused:
                wanted.setdefault(picture.sha, []).append((entry, picture))
    return wanted


def _decode(
    context: StageContext, size: PictureSize, wanted: dict[str, list[Wanted]], keys: Sequence[str]
) -> list[Pixels | Refused]:
    """Return pixels, or why there are none, for each key."""
    answers: dict[str, Pixels | Refused] = {}
    contents: dict[str, bytes] = {}
    for key in keys:
        for entry, picture in wanted[key]:  # several products may have it, one of them its file
            try:
                contents[key] = _accepted_bytes(entry, picture)
                break
            except PictureUnavailable as error:
                answers[key] = Refused(error.reason, error.problem)
    decoded = context.decoder.decode_many(list(contents.values()), size)
    for key, answer in zip(contents, decoded, strict=True):
        if isinstance(answer, PictureRefused):
            answers[key] = Refused(answer.reason, answer.problem)
        else:
            answers[key] = answer
    return [answers[key] for key in keys]


def _accepted_bytes(entry: Entry, picture: AcceptedPicture) -> bytes:
    """Return the bytes that were accepted, and not others that came in their place since."""
    content = picture_bytes(Path(entry.root), picture.path)
    if hashlib.sha256(content).hexdigest() != picture.sha:
        raise PictureUnavailable(
            f"{picture.path[:120]!r} has changed since it was accepted; ingest again.", "changed"
        )
    return content


def _refuse(
    context: StageContext, wanted: dict[str, list[Wanted]], answers: dict[str, Pixels | Refused]
) -> set[str]:
    """Record why pictures have no pixels; return the products to look at again instead."""
    refusals = [
        Refusal(entry.id, picture.path, key, answer.reason, answer.problem[:200])
        for key, answer in answers.items()
        if isinstance(answer, Refused)
        for entry, picture in wanted[key]
    ]
    absent = [(r.id, r.path) for r in refusals if r.reason in TRANSIENT]
    tries = context.ledger.absences(absent) if absent else {}
    away = {place for place, count in tries.items() if count < context.options.limits.runs}
    final = [r for r in refusals if (r.id, r.path) not in away]
    if final:
        context.ledger.refuse(final)
    return {product_id for product_id, _ in away}
