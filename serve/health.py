"""Health: whether a search can be answered now, and what stands in the way."""

import logging

from mappings.connection import node_errors
from mappings.errors import ShelfsightError
from query.engine import SearchEngine
from serve.engine_slot import EngineSlot
from serve.problems import is_hidden, problem_of
from serve.schemas import Health

NODE_SECONDS = 2.0
_log = logging.getLogger("shelfsight.serve")


def health_of(slot: EngineSlot) -> Health:
    """Return the health of the service; asks the node, so it may take two seconds."""
    try:
        engine = slot.engine()
    except ShelfsightError as error:
        said = problem_of(error)
        return Health(
            status="starting" if slot.opening else "unavailable",
            node=False,
            alias="",
            index="",
            identity="",
            models_loaded=False,
            problem=said.problem,
            cure=said.cure,
        )
    return _of_engine(engine, slot)


def _of_engine(engine: SearchEngine, slot: EngineSlot) -> Health:
    node, index, problem, cure = False, "", "", ""
    try:
        with node_errors("the node"):
            engine.client.info(request_timeout=NODE_SECONDS)
        node = True
        index = slot.ready()[1].name
    except ShelfsightError as error:
        said = problem_of(error)
        if is_hidden(error):
            _log.warning("not healthy: %s", error)
        problem, cure = said.problem, said.cure
    return Health(
        status="ok" if index else "unavailable",
        node=node,
        alias=engine.alias,
        index=index,
        identity=engine.identity.digest,
        models_loaded=True,
        problem=problem,
        cure=cure,
    )
