"""The shop's picture files: read by their hash; what cannot be read now counts as what it was.

A picture that was embedded and cannot be read any more was deleted, or the folder is away (not
mounted, moved, half copied). More than a tenth lost at once means that it is away: then vectors
stay as they are until somebody says otherwise.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from attach.picture_records import PictureRecord, PictureRecords
from attach.reading import count_vectors, living
from ingest.ledger.changes import AcceptedPicture, Entry, Refusal
from ingest.readers.picture_files import PictureUnavailable, picture_bytes
from mappings.attach import Attachment
from mappings.attached_columns import IMAGE
from mappings.errors import InputError
from mappings.product import Picture

_Key = tuple[str, str]
NO_FOLDER = "no_folder"
"""Why a picture is left out: the folder that its path starts from was never named."""
NO_MODEL = "no_model"
"""Why a picture is left out: the models were fitted without pictures."""
MOST_LOST = 0.1
"""Share of the known pictures that may be lost at once as deleted ones."""
_NEVER_LOCAL = ("remote", "outside")
"""Why a path can never have been read."""
_PASSING = ("changed", "missing", "unreadable")
"""Refusals that say nothing of the picture's bytes: it is tried again."""


@dataclass(slots=True)
class ShopPictures:
    """Reads the shop's pictures, page by page of documents, and knows which were read before.

    Args:
        root: The folder that the shop's picture paths start from; without one none is read.
        records: What was embedded before.
        living: Returns which of some documents the shop still has.
        drop_lost: Drop the vectors of lost pictures, however many they are.
        lost: Of the known pictures, how many cannot be read; counted when the first is missed.
        known: How many pictures were known then.
    """

    root: Path | None
    records: PictureRecords
    living: Callable[[Sequence[str]], set[str]]
    drop_lost: bool = False
    lost: int = 0
    known: int = 0
    _away: bool | None = None
    _dropped: int = 0
    _left_out: dict[_Key, str] = field(default_factory=dict)
    _held: set[_Key] = field(default_factory=set)
    _before: dict[str, dict[str, PictureRecord]] = field(default_factory=dict)
    _refused: dict[_Key, str] = field(default_factory=dict)

    @property
    def unread(self) -> dict[str, int]:
        """How many pictures were left out, by reason."""
        return dict(Counter(self._left_out.values()))

    @property
    def retained(self) -> int:
        """How many pictures cannot be read and count as what they were."""
        return len(self._held)

    @property
    def is_away(self) -> bool:
        """Whether so many known pictures have been missed that the folder counts as away."""
        return bool(self._away)

    def start_page(self, documents: Sequence[str]) -> None:
        """Look up what is on record of a page of documents."""
        self._before = self.records.of(documents)
        self._refused.clear()

    def accept(self, document: str, pictures: Sequence[Picture]) -> tuple[AcceptedPicture, ...]:
        """Return the pictures of a document of the page, each with the hash of its bytes.

        Raises:
            InputError: One cannot be read, and whether it has a vector is not known.
        """
        return tuple(AcceptedPicture(p.path, p.role, self._sha(document, p.path)) for p in pictures)

    def leave_out(self, document: str, pictures: Sequence[Picture]) -> tuple[AcceptedPicture, ...]:
        """Count the pictures of a document that no model can read."""
        for picture in pictures:
            is_address = "://" in picture.path[:12]
            self._left_out[document, picture.path] = "remote" if is_address else NO_MODEL
        return ()

    def must_be_embedded(self, entry: Entry) -> bool:
        """Tell whether a picture was refused before for a reason that may have passed."""
        records = [self._record(entry.id, p.path) for p in entry.pictures]
        return any(r is not None and r.refused in _PASSING for r in records)

    def settle(self, refusals: Sequence[Refusal]) -> None:
        """Take note of the pictures that were refused as they were embedded.

        Raises:
            InputError: One was to keep its vector, which is not in the spool any more.
        """
        for refusal in refusals:
            key = refusal.id, refusal.path
            if key in self._held:
                raise InputError(
                    f"The vector of {refusal.path[:120]!r} can be made no more: the pictures'"
                    f" folder {str(self.root or '')!r} is away, and so is the vectors' spool."
                    " Nothing was erased.",
                    "Bring the folder back, or name it with --pictures FOLDER, and start again.",
                )
            self._left_out[key] = self._refused[key] = refusal.reason

    def put_down(self, entries: Sequence[Entry], embedded: Collection[str]) -> None:
        """Put a page on record, before the index is written: no vector there lacks its record.

        Args:
            entries: All products of the page.
            embedded: Ids of those that were embedded now.
        """
        found: dict[str, list[PictureRecord]] = {document: [] for document in self._before}
        for entry in entries:
            fresh = entry.id in embedded
            found[entry.id] = [
                PictureRecord(path, sha, self._reason(entry.id, path, sha, fresh))
                for path, sha in {p.path: p.sha for p in entry.pictures if p.sha}.items()
            ]
        self.records.replace(found)

    def _reason(self, document: str, path: str, sha: str, fresh: bool) -> str:
        if fresh:
            return self._refused.get((document, path), "")
        record = self._record(document, path)
        return record.refused if record is not None and record.sha == sha else ""

    def _record(self, document: str, path: str) -> PictureRecord | None:
        return self._before.get(document, {}).get(path)

    def _sha(self, document: str, path: str) -> str:
        """Return the hash of a picture's bytes, of those on record, or nothing."""
        key, record = (document, path), self._record(document, path)
        self._left_out.pop(key, None)
        try:
            sha = self._read(path)
        except PictureUnavailable as error:
            return self._missing(key, record, error.reason if self.root else NO_FOLDER)
        if record is not None and record.sha == sha and record.refused not in ("", *_PASSING):
            self._left_out[key] = record.refused
        return sha

    def _read(self, path: str) -> str:
        content = picture_bytes(self.root, path) if self.root else b""
        if not content:  # a torn copy
            raise PictureUnavailable(f"{path[:120]!r} is empty.", "unreadable")
        return hashlib.sha256(content).hexdigest()

    def _missing(self, key: _Key, record: PictureRecord | None, reason: str) -> str:
        if record is not None and not record.refused:
            if self._folder_is_away():
                self._held.add(key)
                return record.sha
            self._dropped += 1
        elif not self.drop_lost and reason not in _NEVER_LOCAL:
            self._require_records(key[1])
        self._left_out[key] = reason
        return ""

    def _folder_is_away(self) -> bool:
        if self.drop_lost:
            return False
        if self._away is None:
            self.lost, self.known = self.records.count_lost(self._is_there, self.living)
        # It may also go while it is read: no run drops more than may be lost at once.
        self._away = max(self.lost, self._dropped + 1) > MOST_LOST * self.known or bool(self._away)
        return self._away

    def _is_there(self, path: str) -> bool:
        try:
            place = self.root / path.replace("\\", "/") if self.root else None
            return place is not None and os.access(place, os.R_OK) and place.stat().st_size > 0
        except (OSError, ValueError):
            return False

    def _require_records(self, path: str) -> None:
        if self.records.is_complete:
            return
        raise InputError(
            f"The picture {path[:120]!r} cannot be read below"
            f" {str(self.root or 'a folder that is not known')!r}, and this machine does not know"
            " whether it has a vector; nothing was erased.",
            "Name the folder: `shelfsight attach reconcile --index NAME --pictures FOLDER`; with"
            " --yes the vectors of pictures that cannot be read there are dropped.",
        )


def open_pictures(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    attachment: Attachment,
    root: Path | None,
    path: Path,
    *,
    drop_lost: bool = False,
) -> ShopPictures:
    """Return the pictures of an attached shop.

    Args:
        client: The connection.
        attachment: What they are embedded for.
        root: The folder that the shop's picture paths start from.
        path: File of the records.
        drop_lost: Drop the vectors of lost pictures, however many they are.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    records = PictureRecords(path)
    if not records.is_complete and not count_vectors(client, attachment.index, IMAGE):
        records.complete()  # there is no vector yet whose picture it could lack
    return ShopPictures(root, records, partial(living, client, attachment.source), drop_lost)
