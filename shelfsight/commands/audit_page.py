"""The audit as a page for the content team: self-contained, no script, both languages."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shelfsight.auditing import Audit, Suspect, Why

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #5f6670; --line: #dcdfe4; --card: #fff;
  --page: #f4f5f7; --bad: #b3261e; --bad-soft: #fbe9e7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --dim: #9aa0a8; --line: #3a3f46;
  --card: #22262b; --page: #17191c; --bad: #f2857c; --bad-soft: #3b2422; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans CJK SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0; }
.lead { color: var(--dim); margin: .4rem 0 2rem; max-width: 46rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.2rem 1.1rem; margin-bottom: 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h2 small { font-weight: normal; color: var(--dim); margin-left: .5rem; }
.share { color: var(--bad); background: var(--bad-soft); border-radius: 1rem; padding: .1rem .7rem;
  font-variant-numeric: tabular-nums; white-space: nowrap; font-size: .9rem; }
ul.why { margin: .6rem 0 .8rem; padding-left: 1.1rem; }
ul.why span { display: block; color: var(--dim); font-size: .92rem; }
.shots { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; padding: 0; list-style: none; }
figure { margin: 0; width: 8.2rem; }
.shot { height: 8.2rem; display: grid; place-items: center; border: 1px solid var(--line);
  border-radius: .4rem; background: #fff; color: #777; font-size: .8rem; overflow: hidden; }
.odd .shot { border: 3px solid var(--bad); }
img { width: 100%; height: 100%; object-fit: contain; display: block; }
figcaption { font-size: .72rem; color: var(--dim); overflow-wrap: anywhere; margin-top: .2rem; }
.near { margin: .8rem 0 0; font-size: .92rem; color: var(--dim); }
@media print { article { break-inside: avoid; } }
"""


def audit_page(found: Audit, pictures: Mapping[tuple[str, str], bytes], alias: str) -> str:
    """Return the page as HTML.

    Args:
        found: The audit.
        pictures: JPEGs by product and path; one that is absent is named instead of shown.
        alias: Whose catalogue it is.
    """
    cards = "".join(_card(s, pictures) for s in found.suspects)
    nothing = "<p>No product's pictures contradict its words. 没有发现图文不符的商品。</p>"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pictures and words: {escape(alias)}</title>
<style>{STYLE}</style>
<main>
<h1>Pictures that may not be the product's · <span lang="zh">图文可能不符的商品</span></h1>
<p class="lead">{found.checked:,} products of “{escape(alias)}” with {found.pictures:,} pictures
were checked against each other; {len(found.suspects):,} are listed, the least coherent first. The
number is how likely the pictures are the product's own if every second product had another's.
Pictures in a red frame are those meant. <span lang="zh">共检查 {found.checked:,} 个商品、
{found.pictures:,} 张图片；越靠前越可能不符，红框为可疑图片。</span></p>
{cards or nothing}
</main>
</html>
"""


def _card(suspect: Suspect, pictures: Mapping[tuple[str, str], bytes]) -> str:
    odd = {path for why in suspect.reasons for path in why.pictures}
    shots = "".join(
        _shot(path, pictures.get((suspect.id, path)), is_odd=path in odd)
        for path in suspect.pictures
    )
    near, title = suspect.resembles
    return f"""<article>
<header><h2>{escape(suspect.title)}<small>{escape(suspect.id)}</small></h2>
<span class="share">{suspect.probability:.0%}</span></header>
<ul class="why">{"".join(map(_why, suspect.reasons)) or _VAGUE}</ul>
<ul class="shots">{shots}</ul>
<p class="near">The nearest pictures are of <b>{escape(title)}</b> ({escape(near)}).
<span lang="zh">最相似的图片来自该商品。</span></p>
</article>
"""


_VAGUE = (
    "<li>No single attribute stands out; title and attributes together do not fit the pictures."
    '<span lang="zh">没有单项属性特别突出，但标题与属性整体与图片不符。</span></li>'
)


def _why(why: Why) -> str:
    return f'<li>{escape(why.english)}<span lang="zh">{escape(why.chinese)}</span></li>'


def _shot(path: str, content: bytes | None, *, is_odd: bool) -> str:
    kind = ' class="odd"' if is_odd else ""
    name = escape(path.rsplit("/", 1)[-1])
    inside = "cannot be read"
    if content is not None:
        coded = base64.b64encode(content).decode()
        inside = f'<img alt="{escape(path, quote=True)}" src="data:image/jpeg;base64,{coded}">'
    return (
        f'<li{kind}><figure><div class="shot">{inside}</div>'
        f"<figcaption>{name}</figcaption></figure></li>"
    )
