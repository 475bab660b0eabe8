"""Changes: what a feed says of a product, as the ledger keeps it and hands it to the stages."""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from mappings.identity import ModelIdentity
from mappings.product import Product

Verdict = Literal["send", "unchanged", "superseded", "dead"]
State = Literal["pending", "indexed", "superseded", "dead"]


@dataclass(frozen=True, slots=True)
class AcceptedPicture:
    """A picture as it was at acceptance.

    Args:
        path: Relative to the catalogue's root.
        role: As in ``Picture``.
        sha: SHA-256 of its bytes, hexadecimal; empty where they could not be had.
    """

    path: str
    role: str
    sha: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A picture that a product is indexed without, and why.

    Args:
        id: The product.
        path: The picture.
        sha: As in ``AcceptedPicture``.
        reason: One word that programs can count.
        problem: One sentence.
    """

    id: str
    path: str
    sha: str
    reason: str
    problem: str


@dataclass(frozen=True, slots=True)
class Change:
    """One product of a feed, about to be accepted.

    Args:
        product: The record.
        content: Hash of everything its document is made from.
        pictures: Its pictures with the hash of their bytes.
        refusals: Pictures whose bytes could not be had.
    """

    product: Product
    content: str
    pictures: tuple[AcceptedPicture, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the ledger made of a change: ``send`` means that the stages have work to do.

    Args:
        id: The product.
        verdict: What is to be done.
        amended: Superseded although the feed's version is the one that is known: the product was
            changed or deleted since without a version.
        same_version: Taken although the feed's version is the one that is known: its content is
            another one.
        older: Superseded because a higher version is known.
        takes_out: Taken, and it deletes a product that was known and not deleted.
    """

    id: str
    verdict: Verdict
    amended: bool = False
    same_version: bool = False
    older: bool = False
    takes_out: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A pending change as the stages read it.

    Args:
        id: The product's id, and the document's.
        order: The external version that the document is written under: the ledger's sequence,
            microseconds, greater than that of every change accepted before.
        run: The run that accepted it.
        root: The catalogue's folder.
        product: The record, with the feed's version where it has one.
        pictures: Its pictures with the hash of their bytes.
        content: Hash of everything its document is made from.
        crashes: How many runs of a stage it has not survived.
    """

    id: str
    order: int
    run: int
    root: str
    product: Product
    pictures: tuple[AcceptedPicture, ...]
    content: str
    crashes: int


def content_hash(
    product: Product, pictures: tuple[AcceptedPicture, ...], identity: ModelIdentity
) -> str:
    """Return the hash of everything a product's document is made from, 32 hexadecimal characters.

    The version is left out: a new version of the same content changes nothing in the index.
    """
    parts = {
        "product": product.model_dump(mode="json", exclude={"version", "pictures"}),
        "pictures": [[p.path, p.role, p.sha] for p in pictures],
        "identity": identity.digest,
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
