"""The coherence audit on one page: from the ledger and the spool to products and reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.cache import VectorSpool, content_key
from encoders.pooling import telling
from encoders.texts import product_text
from mappings.errors import InputError
from mappings.identity import ModelIdentity
from shelfsight.progress import Steps
from shelfsight.settings import Settings

if TYPE_CHECKING:
    from ingest.ledger.changes import AcceptedPicture, Entry
    from learn.coherence.audit import Finding
    from learn.coherence.audit_dataset import AuditDataset
    from learn.coherence.reasons import Reason

BATCH = 64


@dataclass(frozen=True, slots=True)
class Why:
    """One reason in words.

    Args:
        attribute: Its name.
        says: What the record claims.
        shows: What the pictures look like, empty where a claim is merely on none of them.
        strength: How much likelier that is, in [0, 1].
        pictures: Paths of the pictures meant; empty for all.
    """

    attribute: str
    says: tuple[str, ...]
    shows: str
    strength: float
    pictures: tuple[str, ...]

    @property
    def english(self) -> str:
        """The reason as a sentence."""
        said = ", ".join(self.says)
        name = "colour" if self.attribute == "color" else self.attribute.replace("_", " ")
        if not self.shows:
            return f"The record says {name} {said}; no picture shows it."
        count = len(self.pictures)
        meant = "the pictures look" if not count else f"{count} pictures look"
        meant = "one picture looks" if count == 1 else meant
        return f"The record says {name} {said}; {meant} like {self.shows}."

    @property
    def chinese(self) -> str:
        """The reason as a sentence."""
        said = "、".join(self.says)
        name = {"color": "颜色", "category": "类目"}.get(self.attribute, self.attribute)
        if not self.shows:
            return f"资料中的{name}是“{said}”，但没有一张图片符合。"
        meant = f"有 {len(self.pictures)} 张" if self.pictures else "整体"
        return f"资料中的{name}是“{said}”，而图片{meant}看起来像“{self.shows}”。"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A product whose pictures may not be its own.

    Args:
        id: The product's.
        title: Its title.
        probability: How likely the pictures are its own, at even odds, in [0, 1].
        pictures: Their paths.
        reasons: The strongest first.
        resembles: Id and title of the other product whose pictures are the nearest to these.
        root: The catalogue's folder.
    """

    id: str
    title: str
    probability: float
    pictures: tuple[str, ...]
    reasons: tuple[Why, ...]
    resembles: tuple[str, str]
    root: str

    def to_json(self) -> dict[str, Any]:
        """Return the suspect as JSON values."""
        found = asdict(self) | {
            "resembles": {"id": self.resembles[0], "title": self.resembles[1]},
            "reasons": [asdict(w) | {"en": w.english, "zh": w.chinese} for w in self.reasons],
        }
        del found["root"]
        return found


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Args:
        checked: Products with pictures and a text, all of which were looked at.
        pictures: Pictures looked at.
        suspects: The least coherent first.
    """

    checked: int
    pictures: int
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The products as the check takes them, and where each came from."""

    dataset: AuditDataset
    entries: tuple[Entry, ...]
    shown: tuple[AcceptedPicture, ...]

    @property
    def contents(self) -> list[list[str]]:
        """The hashes of each product's pictures."""
        found: list[list[str]] = [[] for _ in self.entries]
        for owner, picture in zip(self.dataset.owners.tolist(), self.shown, strict=True):
            found[owner].append(picture.sha)
        return found


def audit_coherence(settings: Settings, *, limit: int, below: float, steps: Steps) -> Audit:
    """Return the products whose pictures agree least with their words.

    Everything comes from what ingestion left: words from the ledger, vectors from the spool; only
    the pictures' colours are looked at anew, once. No model is loaded.

    Args:
        settings: Whose alias.
        limit: How many products at most.
        below: Only those whose probability is below this, in (0, 1].
        steps: Shows the progress.

    Raises:
        InputError: Nothing was ingested, the catalogue is too small to learn from, or says
            nothing that pictures could show.
    """
    from learn.coherence.audit import audit

    gathered = gather(settings, steps)
    advance = steps.step("checking products against the others", "parts")
    findings = audit(
        gathered.dataset, gathered.contents, limit=limit, seed=settings.seed, on_fold=advance
    )
    suspects = tuple(_suspect(f, gathered) for f in findings if f.probability < below)
    checked = len(np.unique(gathered.dataset.owners))
    return Audit(checked, len(gathered.shown), suspects)


def gather(settings: Settings, steps: Steps) -> Gathered:
    """Return the alias's products with their texts' and pictures' vectors.

    Raises:
        InputError: Nothing was ingested, or the spool holds no vectors of it any more.
    """
    from learn.coherence.audit_dataset import AuditDataset, claims_of
    from shelfsight.wiring import open_ledger, spool_path

    identity = _identity(settings)
    ledger, spool = open_ledger(settings), VectorSpool(spool_path(settings))
    try:
        refused = {(r.id, r.path) for r in ledger.refusals()}
        entries = list(ledger.living())
    finally:
        ledger.close()
    keys = [content_key(product_text(e.product)) for e in entries]
    texts = spool.get_many(keys, identity.text)
    kept = [(e, texts[k]) for e, k in zip(entries, keys, strict=True) if k in texts]
    wanted = [
        (n, e, p)
        for n, (e, _) in enumerate(kept)
        for p in telling([p for p in e.pictures if p.sha and (e.id, p.path) not in refused])
    ]
    vectors = spool.get_many([p.sha for _, _, p in wanted], identity.image)
    colours = _colours(spool, [(e, p) for _, e, p in wanted if p.sha in vectors], steps)
    shown = [(n, p) for n, _, p in wanted if p.sha in vectors and p.sha in colours]
    if not shown:
        raise InputError(
            f"No product of the alias {settings.alias!r} has both a text and a picture that were"
            " embedded.",
            "Ingest a catalogue with pictures: `shelfsight ingest PATH`.",
        )
    dataset = AuditDataset(
        np.stack([vectors[p.sha] for _, p in shown]),
        np.array([n for n, _ in shown], dtype=np.int64),
        tuple(claims_of(e.product) for e, _ in kept),
        np.stack([text for _, text in kept]),
        np.stack([colours[p.sha] for _, p in shown]),
    )
    return Gathered(dataset, tuple(e for e, _ in kept), tuple(p for _, p in shown))


def _identity(settings: Settings) -> ModelIdentity:
    import json

    from shelfsight.spaces import require_prepared

    record = json.loads((require_prepared(settings) / "space.json").read_text(encoding="utf-8"))
    identity = ModelIdentity.from_meta(record)
    if not identity.image:
        raise InputError(
            f"The index of the alias {settings.alias!r} was made without pictures.",
            "Correct the pictures' paths, then `shelfsight index create CATALOGUE` and `swap`.",
        )
    return identity


def _colours(
    spool: VectorSpool, wanted: Sequence[tuple[Entry, AcceptedPicture]], steps: Steps
) -> dict[str, Any]:
    """Return each picture's colours by its hash, looking at those that the spool lacks."""
    from encoders.pictures import PictureDecoder, PictureRefused
    from learn.coherence.colours import DIGEST, SIZE, picture_colours

    places = {p.sha: (e.root, p.path) for e, p in wanted}
    known = spool.get_many(list(places), DIGEST)
    lacking = [sha for sha in places if sha not in known]
    advance = steps.step("looking at the pictures' colours", "pictures")
    with PictureDecoder() as decoder:
        for start in range(0, len(lacking), BATCH):
            part = lacking[start : start + BATCH]
            contents = [(sha, content) for sha in part if (content := _content(*places[sha], sha))]
            answers = decoder.decode_many([c for _, c in contents], SIZE)
            fresh = {
                sha: picture_colours(answer)
                for (sha, _), answer in zip(contents, answers, strict=True)
                if not isinstance(answer, PictureRefused)
            }
            spool.put_many(fresh, DIGEST)
            known |= fresh
            advance(min(start + BATCH, len(lacking)), len(lacking))
    return known


def _content(root: str, path: str, sha: str) -> bytes:
    """Return a picture's bytes as they were accepted, nothing where they are gone or others."""
    import hashlib

    from ingest.readers.picture_files import PictureUnavailable, picture_bytes

    try:
        content = picture_bytes(Path(root), path)
    except PictureUnavailable:
        return b""
    return content if hashlib.sha256(content).hexdigest() == sha else b""


def _suspect(finding: Finding, gathered: Gathered) -> Suspect:
    entry = gathered.entries[finding.product]
    rows = gathered.dataset.pictures_of(np.array([finding.product]))
    other = gathered.entries[finding.resembles]
    return Suspect(
        entry.id,
        entry.product.title,
        round(finding.probability, 4),
        tuple(gathered.shown[row].path for row in rows),
        tuple(_why(reason, gathered) for reason in finding.reasons),
        (other.id, other.product.title),
        entry.root,
    )


def _why(reason: Reason, gathered: Gathered) -> Why:
    paths = tuple(gathered.shown[row].path for row in reason.pictures)
    return Why(reason.attribute, reason.says, reason.shows, round(reason.strength, 4), paths)


def thumbnails(
    suspects: Sequence[Suspect], on_done: Callable[[int, int], None]
) -> dict[tuple[str, str], bytes]:
    """Return small JPEGs of the suspects' pictures, by product and path; decoded in a capped child.

    Args:
        suspects: Whose pictures.
        on_done: Told how many suspects of how many are done.
    """
    import io

    from PIL import Image

    from encoders.picture_size import PictureSize
    from encoders.pictures import PictureDecoder, PictureRefused
    from ingest.readers.picture_files import PictureUnavailable, picture_bytes

    edge = 200
    size = PictureSize(edge, views=(0.0,))  # the whole picture lies below the central square
    found: dict[tuple[str, str], bytes] = {}
    with PictureDecoder() as decoder:
        for done, suspect in enumerate(suspects, 1):
            for path in suspect.pictures:
                try:
                    (pixels,) = decoder.decode_many([picture_bytes(Path(suspect.root), path)], size)
                except PictureUnavailable:
                    continue
                if not isinstance(pixels, PictureRefused):
                    stream = io.BytesIO()
                    Image.fromarray(pixels[edge:]).save(stream, "JPEG", quality=80)
                    found[suspect.id, path] = stream.getvalue()
            on_done(done, len(suspects))
    return found
