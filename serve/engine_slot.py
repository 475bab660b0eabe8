"""Where the engine is while it loads, when it is there, and when it could not be opened."""

import logging
import threading
import time
from collections.abc import Callable

from mappings.errors import IdentityMismatch, InputError, ShelfsightError
from mappings.index import CatalogueIndex
from query.engine import SearchEngine
from serve.problems import INGEST, NO_CATALOGUE, NotReady

_log = logging.getLogger("shelfsight.serve")


class EngineSlot:
    """Opens the engine in a thread of its own, so that the service answers while models load.

    An engine that could not be opened (no index yet, node away) is tried again when somebody
    asks, at most every few seconds; so is one whose models are no longer those of the live index
    (a new index was swapped in), at most every minute.

    Args:
        source: Opens the engine: loads the models, reaches the node. May take minutes.
        reopen: Seconds between two attempts.
        reload: Seconds that an open engine is kept at least.
    """

    def __init__(self, source: Callable[[], SearchEngine], reopen: float, reload: float) -> None:
        self._source, self._reopen, self._reload = source, reopen, reload
        self._lock = threading.Lock()
        self._opening = False
        self._engine: SearchEngine | None = None
        self._error: Exception | None = None
        self._tried = -reopen

    def open(self) -> None:
        """Begin to open the engine, unless it is open, being opened, or just failed to open."""
        with self._lock:
            waited = time.monotonic() - self._tried >= self._reopen
            if self._engine is not None or self._opening or not waited:
                return
            self._opening = True
        # A daemon: an interrupted service does not wait for models to load.
        threading.Thread(target=self._open, name="open-engine", daemon=True).start()

    def _open(self) -> None:
        engine, error = None, None
        try:
            engine = self._source()
        except Exception as caught:  # a thread's error would be lost: it is told to who asks
            error = caught
            expected = isinstance(caught, ShelfsightError)
            _log.warning("the engine cannot be opened: %s", caught, exc_info=not expected)
        with self._lock:
            self._engine, self._error = engine, error
            self._opening, self._tried = False, time.monotonic()
        if engine is not None:
            self._warm(engine)

    def _warm(self, engine: SearchEngine) -> None:
        try:
            engine.warm()
        except Exception as caught:  # whoever needs it meets the error, and is told
            _log.warning("the engine cannot be warmed: %s", caught, exc_info=True)

    @property
    def opening(self) -> bool:
        """Whether the engine is being opened now and no attempt has failed before."""
        with self._lock:
            return self._opening and self._error is None

    @property
    def loaded(self) -> bool:
        """Whether the engine is open, its models loaded."""
        with self._lock:
            return self._engine is not None

    def engine(self) -> SearchEngine:
        """Return the open engine.

        Raises:
            NotReady: It is being opened, or there is nothing to open yet; says what to do.
            ShelfsightError: It could not be opened, for this reason.
        """
        with self._lock:
            engine, error = self._engine, self._error
        if engine is not None:
            return engine
        self.open()
        if isinstance(error, InputError):  # the operator's input, not this client's
            raise NotReady(NO_CATALOGUE, INGEST)
        if isinstance(error, ShelfsightError):
            raise error
        if error is not None:
            raise NotReady("The search engine cannot be opened.", "Its log has the cause.")
        raise NotReady("The models are being loaded.", "Try again in a few seconds.")

    def ready(self) -> tuple[SearchEngine, CatalogueIndex]:
        """Return the open engine and the live index that it can search.

        Raises:
            NotReady: The engine is being opened, or there is nothing to open yet.
            CatalogueUnavailable: There is no index yet, or it cannot be used.
            IdentityMismatch: The live index holds vectors of other models.
            NodeUnreachable: The node does not answer.
        """
        engine = self.engine()
        try:
            return engine, engine.live()
        except IdentityMismatch as error:
            self._forget(engine, error)
            raise

    def _forget(self, engine: SearchEngine, why: ShelfsightError) -> None:
        """Let go of an engine that was opened long enough ago; who asks next opens another."""
        with self._lock:
            if engine is self._engine and time.monotonic() - self._tried >= self._reload:
                # Not closed: other threads may still be searching with it.
                self._engine, self._error = None, why

    def close(self) -> None:
        """Close the engine's connections."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
