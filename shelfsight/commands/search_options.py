"""The options of ``shelfsight search`` that make a query of more than words, and how they read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mappings.errors import InputError

if TYPE_CHECKING:
    from encoders.speech.transcript import Transcript
    from query.engine import SearchEngine
    from query.model.mixture import Mixture

Pictures = Annotated[
    list[str] | None, typer.Option("--image", "--picture", help="A picture file; repeatable.")
]
Boxes = Annotated[
    list[str] | None,
    typer.Option(
        "--box", help="What counts in each --image: LEFT,TOP,RIGHT,BOTTOM from 0 to 1, or `all`."
    ),
]
Subject = Annotated[
    bool, typer.Option("--subject", help="Cut each --image without a box to what it is of.")
]
Shares = Annotated[
    list[float] | None,
    typer.Option("--share", help="Weight of each --image, then of each --like; repeatable."),
]
Like = Annotated[list[str] | None, typer.Option(help="A product's id: more like it; repeatable.")]
Also = Annotated[list[str] | None, typer.Option(help="A further text; repeatable.")]
But = Annotated[str, typer.Option(help="Move the pictures to these words: 'in red'.")]
Without = Annotated[str, typer.Option("--minus", "--without", help="Move away from these words.")]
Strength = Annotated[float, typer.Option(help="How far --but and --minus move, 0 to 4.")]
Fusion = Annotated[str, typer.Option(help="exact, rrf, min-max or hybrid-min-max; docs/fusion.md.")]
Weights = Annotated[
    list[str] | None,
    typer.Option("--weight", help="SIGNAL=NUMBER, such as image=0.5; repeatable."),
]
BestPicture = Annotated[
    bool, typer.Option("--best-picture", help="Score each product by its best picture.")
]
Treat = Annotated[
    list[str] | None,
    typer.Option(
        help="KIND=hard, soft or off: whether a price, brand, colour, size, material, gender or"
        " category in your words must be met; repeatable."
    ),
]
AsWritten = Annotated[
    bool, typer.Option("--as-written", help="Take the words as they are; understand nothing.")
]
Voice = Annotated[Path | None, typer.Option(help="A WAV file with the spoken words.")]
Language = Annotated[str, typer.Option(help="What is spoken in --voice.")]


def read_mixture(
    *,
    boxes: Sequence[str],
    shares: Sequence[float],
    like: Sequence[str],
    also: Sequence[str],
    but: str,
    without: str,
    strength: float,
    subject: bool,
) -> "Mixture":
    """Return the mixture that the options describe.

    Args:
        boxes: As written; ``all`` for a whole picture.
        shares: Weights of the pictures and products.
        like: Product ids.
        also: Further texts.
        but: Words to move towards.
        without: Words to move away from.
        strength: How far.
        subject: Whether pictures without a box are cut to their subject.

    Raises:
        InputError: A box cannot be read, or a limit is passed.
    """
    from encoders.crop import Box
    from query.model.mixture import Mixture

    return Mixture(
        like=tuple(like),
        also=tuple(also),
        but=but,
        without=without,
        strength=strength,
        picture_weights=tuple(shares),
        boxes=tuple(None if box == "all" else Box.parse(box) for box in boxes),
        subject=subject,
    )


def read_picture(given: str) -> bytes:
    """Return a picture file's bytes.

    Raises:
        InputError: It is an address, or cannot be read.
    """
    if "://" in given[:10]:
        raise InputError(
            f"{given[:80]!r} is an address; only uploads and stored pictures are taken so far.",
            "Give a file's path, or a product of the catalogue with --like ID.",
        )
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise InputError(
            f"The picture {given!r} cannot be read: {error.strerror}.",
            "Give the path of a JPEG, PNG, WEBP, GIF or AVIF file.",
        ) from None


def hear(voice: Path, language: str, name: str, engine: "SearchEngine") -> "Transcript":
    """Return what is said in a recording, chosen by the catalogue's own words.

    Args:
        voice: A WAV file.
        language: What is spoken.
        name: The transcriber.
        engine: Whose catalogue is asked.

    Raises:
        InputError: The recording cannot be read or holds no words, the transcriber is not to be
            had or does not know the language.
        NodeUnreachable: The node does not answer.
    """
    from encoders.speech.registry import listen, load_transcriber
    from query.execute.transcript_choice import choose_transcript

    try:
        content = voice.read_bytes()
    except OSError as error:
        raise InputError(
            f"The recording {str(voice)!r} cannot be read: {error.strerror}.",
            "Give the path of a WAV file.",
        ) from None
    heard = listen(load_transcriber(name), content, language)
    if not heard.text:
        raise InputError("No words were heard in the recording.", "Speak again, or type them.")
    return choose_transcript(engine.client, engine.live().name, heard)
