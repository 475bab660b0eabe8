"""The same request as a search template and a stored script, for shops that are not in Python.

A site that keeps its query builder in PHP, Ruby, Java or JavaScript sends its own query and a
vector to ``_search/template``; weights, scales, legs and the formula are in the cluster, under
names that say their version.
"""

import json
from collections.abc import Mapping
from typing import Any

from mappings.attach import Attachment
from mappings.attached_columns import RESERVED
from mappings.connection import node_errors
from query.augmenting.legs import ABOVE, Reach
from query.augmenting.scoring import NAMES, SCRIPT_ID, SIGNALS, SOURCE, VERSION, parameters
from query.model.profiles import DEFAULT, Profile

REACH = Reach()
SIDES = ("text", "seen", "picture")
_QUERY = "{{#toJson}}query{{/toJson}}"


def template_id(attachment: Attachment) -> str:
    """Return the template's name: its version and whose it is."""
    return f"{RESERVED}-{attachment.target.removesuffix(f'-{RESERVED}')}-v{VERSION}"


def template_source(attachment: Attachment, profile: Profile = DEFAULT) -> str:
    """Return the template's text.

    Parameters: ``query``, the shop's; ``text``, ``seen`` and ``picture``, each
    ``{"vector": […]}`` (without ``seen``, what the words look like, pictures are asked with
    ``text``); and ``sections``, a list of ``{"name", "value"}`` of everything else in the body.
    With ``narrow`` neighbours are held to ``filter`` instead of the query, with ``said`` the
    lexical score is that of ``lexical``, with ``given`` the weights are ``weights``;
    ``POST /augment`` fills them in.

    Args:
        attachment: Whose scales and columns.
        profile: The weights where none are given.
    """
    weights = {name: float(profile.weights.get(name, 0.0)) for name in NAMES}
    params = parameters(weights, attachment.calibration, {}, calibrated=profile.calibrated)
    fixed = {k: v for k, v in params.items() if k not in ("w", "c")}
    sides = {side: [c for _, v, c in SIGNALS if v == f"q_{side}"] for side in SIDES}
    legs = "".join(
        _of_side(side, "".join(f", {_leg(column)}" for column in columns))
        for side, columns in sides.items()
    )
    vectors = "".join(
        _of_side(side, f', "q_{side}": {{{{#toJson}}}}vector{{{{/toJson}}}}') for side in sides
    )
    own = f'"w": {_choice("given", "weights", json.dumps(weights))}'
    scale = (
        f'"c": {{{{#scale}}}}{{{{scale}}}}{{{{/scale}}}}{{{{^scale}}}}{params["c"]}{{{{/scale}}}}'
    )
    script = f'{{"id": "{SCRIPT_ID}", "params": {{{own}, {scale}, {_members(fixed)}{vectors}}}}}'
    lexical = _choice("said", "lexical", _QUERY)
    return (
        '{ {{#sections}}"{{name}}": {{#toJson}}value{{/toJson}}, {{/sections}}'
        f'"query": {{"bool": {{"must": [{_QUERY}],'
        f' "should": [{{"match_none": {{}}}}{legs}]}} }},'
        f' "rescore": {{"window_size": {_window(sides)}, "query": {{"query_weight": 0.0,'
        ' "rescore_query_weight": 1.0, "rescore_query": {"script_score":'
        f' {{"query": {lexical}, "script": {script}}} }} }} }} }}'
    )


def template_params(
    body: Mapping[str, Any],
    query: Mapping[str, Any],
    restriction: Mapping[str, Any],
    lexical: Mapping[str, Any],
    script: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the parameters that make the template ask for what an augmented body asks.

    Args:
        body: The augmented body.
        query: The shop's query in it.
        restriction: What neighbours must satisfy.
        lexical: The clause whose score is the shop's.
        script: The formula's parameters.
    """
    sections = {k: v for k, v in body.items() if k not in ("query", "rescore")}
    found: dict[str, Any] = {
        "query": query, "narrow": True, "filter": restriction, "said": True, "lexical": lexical,
        "given": True, "weights": script["w"], "scale": script["c"],
        "sections": [{"name": name, "value": value} for name, value in sections.items()],
    }  # fmt: skip
    for side in SIDES:
        if f"q_{side}" in script:
            found[side] = {"vector": script[f"q_{side}"]}
    return found


def install(client: Any, attachment: Attachment, profile: Profile = DEFAULT) -> tuple[str, str]:  # noqa: ANN401
    """Store the script and the template in the cluster and return their names.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    name = template_id(attachment)
    source = template_source(attachment, profile)
    with node_errors("the node"):
        client.put_script(id=SCRIPT_ID, body={"script": {"lang": "painless", "source": SOURCE}})
        client.put_script(id=name, body={"script": {"lang": "mustache", "source": source}})
    return SCRIPT_ID, name


def uninstall(client: Any, attachment: Attachment, *, last: bool) -> tuple[str, ...]:  # noqa: ANN401
    """Take the template out of the cluster, and the script with the last attachment.

    Args:
        client: The connection.
        attachment: Whose template.
        last: Whether no other attachment uses the script.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    names = (template_id(attachment), *((SCRIPT_ID,) if last else ()))
    with node_errors("the node"):
        found = [n for n in names if client.get_script(id=n, ignore=404).get("found")]
        for name in found:
            client.delete_script(id=name)
    return tuple(found)


def _of_side(side: str, text: str) -> str:
    """Return what stands where a side's vector is given; the words' own will do as ``seen``."""
    given = f"{{{{#{side}}}}}{text}{{{{/{side}}}}}"
    if side != "seen":
        return given
    return f"{given}{{{{^{side}}}}}{_of_side('text', text)}{{{{/{side}}}}}"


def _window(sides: Mapping[str, list[str]]) -> str:
    """Return the window: that of the sides that are asked with."""
    count = {side: len(columns) * REACH.k for side, columns in sides.items()}
    text, picture = count["text"] + count["seen"], count["picture"]
    both, only = text + picture + REACH.lexical, text + REACH.lexical
    alone = picture + REACH.lexical
    return (
        f"{{{{#text}}}}{{{{#picture}}}}{both}{{{{/picture}}}}{{{{^picture}}}}{only}{{{{/picture}}}}"
        f"{{{{/text}}}}{{{{^text}}}}{alone}{{{{/text}}}}"
    )


def _leg(column: str) -> str:
    narrow = _choice("narrow", "filter", _QUERY)
    return (
        f'{{"constant_score": {{"boost": {ABOVE:.0f}, "filter": {{"knn": {{"{column}":'
        f' {{"vector": {{{{#toJson}}}}vector{{{{/toJson}}}}, "k": {REACH.k}, "filter": {narrow},'
        f' "method_parameters": {{"ef_search": {REACH.explored}}} }} }} }} }} }}'
    )


def _choice(flag: str, name: str, otherwise: str) -> str:
    """Return a parameter as JSON where its flag is set, something else where it is not."""
    given = f"{{{{#toJson}}}}{name}{{{{/toJson}}}}"
    return f"{{{{#{flag}}}}}{given}{{{{/{flag}}}}}{{{{^{flag}}}}}{otherwise}{{{{/{flag}}}}}"


def _members(values: Mapping[str, Any]) -> str:
    """Return an object's members as JSON whose closing braces are no mustache's."""
    return json.dumps(values).removeprefix("{").removesuffix("}").replace("}}", "} }")
