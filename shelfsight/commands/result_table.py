"""A search result as a table that people like to read."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from query.model.facet_results import Bucket, FacetCount
    from query.model.result import Contribution, Hit, SearchResult
    from query.model.understood import Understood

BAR = 10
_NAMES = {
    "lexical": "words",
    "text": "text",
    "image": "pictures",
    "attribute": "attributes",
    "coherence": "picture shows attributes",
    "agreement": "in common with the best",
    "picture_image": "your picture ~ pictures",
    "picture_attribute": "your picture ~ attributes",
}


def result_table(
    result: "SearchResult", *, explain: bool = False, first: int = 1, most: int | None = None
) -> Any:  # noqa: ANN401
    """Return a rich renderable: a line a hit, and with ``explain`` where its points come from.

    Args:
        result: What the engine answered.
        explain: Show every signal's raw value, calibrated value, weight and points.
        first: Rank of the first hit.
        most: Explain only so many hits, the best ones.
    """
    from rich.console import Group

    top = max((hit.score for hit in result.hits), default=0.0)
    parts: list[RenderableType] = [_hits(result, top, first)] if result.hits else []
    if explain:
        parts += [_explained(rank, hit) for rank, hit in enumerate(result.hits[:most], first)]
    return Group(*parts, *_foot(result))


def sentence(hit: "Hit") -> str:
    """Return in one plain sentence why a hit is where it is."""
    from query.explain.wording import EN_REASONS

    gave = sorted((c for c in hit.contributions if c.points > 0), key=lambda c: -c.points)
    lacks = [_name(c) for c in hit.contributions if c.missing]
    if not gave:
        return "Nothing speaks for it but that it is among the nearest."
    total = sum(c.points for c in gave)
    reasons = [
        f"{EN_REASONS.get(c.signal, c.signal)} ({c.points / total:.0%} of its points)"
        for c in gave[:2]
    ]
    found = "Found because " + " and ".join(reasons)
    if hit.matched_picture and hit.matched_picture.path:
        found += f"; the picture that matched is {hit.matched_picture.path}"
    if lacks:
        found += f"; it has nothing for: {', '.join(lacks)}"
    return found + "."


def _hits(result: "SearchResult", top: float, first: int) -> Any:  # noqa: ANN401
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("score", no_wrap=True)
    table.add_column("title", ratio=1, overflow="fold")
    table.add_column("brand", overflow="ellipsis", no_wrap=True)
    table.add_column("price", justify="right", no_wrap=True)
    for rank, hit in enumerate(result.hits, first):
        full = round(BAR * max(0.0, hit.score) / top) if top > 0 else 0
        score = Text(f"{hit.score:.3f} ")
        score.append("█" * full, style="green").append("░" * (BAR - full), style="dim")
        # Text, not markup: a title may hold [brackets].
        title, brand = Text(hit.title or hit.id), Text(str(hit.source.get("brand", "")))
        title.append(f"  +{len(hit.variants)}" if hit.variants else "", style="dim")
        title.append(f"  {hit.placed}" if hit.placed else "", style="dim")
        table.add_row(str(rank), score, title, brand, _price(hit))
    return table


def _price(hit: "Hit") -> str:
    price = hit.source.get("price")
    return "" if price is None else f"{price:,.2f} {hit.source.get('currency', '')}".strip()


def _explained(rank: int, hit: "Hit") -> Any:  # noqa: ANN401
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in ("signal", "raw", "calibrated", "weight", "points"):
        table.add_column(name, justify="left" if name == "signal" else "right", no_wrap=True)
    for c in hit.contributions:
        table.add_row(*_cells(c), style="dim" if c.points <= 0 else "")
    table.add_row("score", "", "", "", f"{hit.score:.4f}", style="bold")
    head = Text(f"{rank}  ", style="dim").append(hit.title or hit.id, style="bold")
    return Group(
        head.append(f"  {hit.id}", style="dim"), *map(Text, _sentences(hit)), table, Text("")
    )


def _name(c: "Contribution") -> str:
    return _NAMES.get(c.signal, c.signal)


def _sentences(hit: "Hit") -> list[str]:
    """Return the explanation in both languages, or one sentence where none was asked for."""
    return [hit.explanation.zh, hit.explanation.en] if hit.explanation else [sentence(hit)]


def _cells(c: "Contribution") -> tuple[str, ...]:
    if c.missing:
        return (_name(c), "missing", "0", f"× {c.weight:.3f}", "0.0000")
    return (
        _name(c),
        f"{c.raw:.4f}",
        f"→ {c.calibrated:.3f}",
        f"× {c.weight:.3f}",
        f"{c.points:.4f}",
    )


def understood_lines(found: "Understood") -> list[str]:
    """Return in plain sentences what a query's words changed: limits, wordings, rules, rescue."""
    price = [c.text for c in found.hard if c.kind == "price"]
    must = [f"{c.kind} {c.text}" for c in found.hard if c.kind != "price"]
    read = [f"looking for {found.head}"] if found.head else []
    read += [f"its price {p}" for p in price] + [f"must have {m}" for m in must]
    # Two columns may hold one property: it is said once.
    read += dict.fromkeys(f"better with {c.kind} {c.text}" for c in found.soft if c.values)
    lines = [f"Understood: {'; '.join(read)}."] if price or must or len(read) > 1 else []
    if found.looks_like:
        kinds = ", ".join(f"{k.en} {k.share:.0%}" for k in found.looks_like)
        lines.append(f"Pictures asked for: {kinds}.")
    lines += [f"Searched as well: {v.text} ({v.why})." for v in found.variants]
    lines += [f"Rule applied: {rule.id}." for rule in found.rules]
    for r in found.relaxed:
        lines.append(
            f"Nothing had it, so relaxed: {r.step} {r.given}{f' -> {r.used}' * bool(r.used)}."
        )
    return lines


def facet_line(facet: "FacetCount") -> str:
    """Return a facet in one line: its values or ranges, each with its count, chosen ones starred.

    Args:
        facet: What was counted.
    """
    of = "" if facet.counted == "match_set" else " (window)"
    parts = [f"{'*' * b.chosen}{_bucket_name(b)} {b.count}" for b in facet.buckets]
    parts += [f"others {facet.other}"] if facet.other else []
    return f"{facet.name}{of}: {' · '.join(parts) or 'nothing to count'}"


def _bucket_name(bucket: "Bucket") -> str:
    if bucket.value is not None:
        return bucket.value
    ends = ["" if end is None else f"{end:g}" if isinstance(end, float) else str(end)[:10]
            for end in (bucket.low, bucket.high)]  # fmt: skip
    return "..".join(ends)


def _foot(result: "SearchResult") -> list[Any]:
    from rich.text import Text

    more = "" if result.total_relation == "eq" else "more than "
    lines = [
        Text(
            f"{more}{result.total:,} found, {result.reachable} can be paged to;"
            f" engine {result.took_ms} ms, encoding {result.encode_ms:.0f} ms;"
            f" profile {result.profile}",
            style="dim",
        )
    ]
    lines += [Text(line, style="dim") for line in understood_lines(result.understood)]
    lines += [Text(facet_line(facet)) for facet in result.facets]
    if not result.hits:
        lines.insert(0, Text("No product was found. Try other words or fewer filters."))
    if result.degraded:
        lines.append(Text(f"Left out, as it failed: {', '.join(result.degraded)}.", style="yellow"))
    return lines
