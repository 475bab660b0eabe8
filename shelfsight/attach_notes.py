"""What is said of pictures that were left out, and of those whose vectors were kept unseen."""

from attach.pictures import NO_FOLDER, NO_MODEL, ShopPictures

_AGAIN = "correct them, then: `shelfsight attach reconcile --index {index}`"
_CURES = {
    NO_FOLDER: "name the folder that their paths start from once: --pictures FOLDER",
    NO_MODEL: "the models were fitted without pictures; name their folder:"
    " `shelfsight attach --index {index} --pictures FOLDER --yes`",
    "remote": "these are addresses, and only files are read: copy them and name the files, or"
    " leave the field out of the columns (--columns)",
    "missing": "bring them back, then: `shelfsight attach reconcile --index {index}`",
}


def picture_notes(pictures: ShopPictures, index: str) -> tuple[str, ...]:
    """Return a sentence with its cure for each kind of picture that was left out or kept.

    Args:
        pictures: What a run read.
        index: The name that the shop's index is asked for by.
    """
    notes = [
        f"{count:,} pictures were left out ({reason}): {_CURES.get(reason, _AGAIN)}.".format(
            index=index
        )
        for reason, count in pictures.unread.items()
    ]
    if pictures.retained:
        lost = max(pictures.lost, pictures.retained)
        place = f"below {str(pictures.root)!r}" if pictures.root else "without their folder"
        notes.append(
            f"{lost:,} of the {pictures.known:,} pictures that have vectors cannot be read {place}:"
            " their vectors were kept. Bring the folder back, or name it with --pictures FOLDER."
            f" Where they are gone for good, `shelfsight attach reconcile --index {index} --yes`"
            " drops the vectors."
        )
    return tuple(notes)
