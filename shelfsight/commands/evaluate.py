"""``shelfsight evaluate``: judged queries asked of the live index, profiles side by side."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from learn.evaluate import Ask, Evaluation
    from learn.judgments import Question
    from query.engine import SearchEngine


def evaluate(
    queries: Annotated[
        Path,
        typer.Option(help='JSONL of {"qid": …, "text": …, "picture": path}: words, picture, both.'),
    ],
    qrels: Annotated[Path, typer.Option(help="TREC judgments: query id, 0, product id, grade.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(help="A profile's name; repeatable. The first is compared with the others."),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(help="nDCG@10, RR@10, P@5, R@100, AP, Judged@10 …; repeatable."),
    ] = None,
    depth: Annotated[int, typer.Option(help="Hits asked for, 1 to 100.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the intervals and tests.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Measure how well the live index answers judged queries, and which profile does better."""
    from learn.evaluate import evaluate as run
    from learn.judgments import read_judgments, read_questions
    from learn.measures import DEFAULT_MEASURES
    from mappings.errors import InputError
    from query.model.profiles import find_profile
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_engine, require_node

    if not 1 <= depth <= 100:
        raise InputError(f"--depth is {depth}; 1 to 100 are allowed.", "Ask for fewer hits.")
    questions, judgments = read_questions(queries), read_judgments(qrels)
    names = list(dict.fromkeys(profile or ["default"]))
    settings = read_settings()
    require_node(settings)
    engine = open_engine(settings)
    for name in names:
        find_profile(name, engine.profiles)
    found = run(
        {name: _ask(engine, name, depth) for name in names}, questions, judgments,
        measures=measure or list(DEFAULT_MEASURES), seed=seed,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    _print(found)


def _ask(engine: "SearchEngine", profile: str, depth: int) -> "Ask":
    """Return how one profile is asked."""
    from mappings.errors import InputError, StackError
    from query.model.request import SearchRequest

    def ask(question: "Question") -> list[str]:
        try:
            request = SearchRequest(
                question.text, pictures=_picture(question), size=depth, profile=profile
            )
            result = engine.search(request)
        except InputError as error:
            raise InputError(f"Query {question.id!r}: {error.problem}", error.cure) from None
        if result.degraded:
            left_out = ", ".join(result.degraded)
            raise StackError(
                f"Query {question.id!r} was answered without {left_out}, so it cannot be measured.",
                "Mend what failed (`shelfsight doctor`), then evaluate again.",
            )
        return [hit.id for hit in result.hits]

    return ask


def _picture(question: "Question") -> tuple[bytes, ...]:
    from mappings.errors import InputError

    if question.picture is None:
        return ()
    try:
        return (question.picture.read_bytes(),)
    except OSError as error:
        raise InputError(
            f"The picture {str(question.picture)!r} cannot be read: {error.strerror}.",
            "Give a file that may be read.",
        ) from None


def _print(found: "Evaluation") -> None:
    from rich.console import Console

    console = Console()
    console.print(_table(found))
    for name, systems in found.compared.items():
        first = next(iter(found.means[name]))
        for system, test in systems.items():
            gap = test.difference
            console.print(
                f"{name}: {system} less {first} {gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}],"
                f" p {test.p:.4f}; better in {test.wins}, worse in {test.losses} queries",
                highlight=False,
            )
    left = f"; {len(found.unjudged)} without a judged product left out" if found.unjudged else ""
    console.print(f"{len(found.queries)} queries{left}; 95 % intervals", highlight=False)


def _table(found: "Evaluation") -> "Table":
    from rich.table import Table

    table = Table("profile", *found.means)
    systems = next(iter(found.means.values()))
    for system in systems:
        cells = []
        for by_system in found.means.values():
            i = by_system[system]
            cells.append(f"{i.mean:.4f} [{i.low:.4f}, {i.high:.4f}]")
        table.add_row(system, *cells)
    return table
