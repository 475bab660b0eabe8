"""The attached indices that bodies are augmented for, each opened in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from mappings.errors import IdentityMismatch, InputError, ShelfsightError
from query.augmenting.opened import Augmenter
from serve.problems import IN_THE_LOG, NotReady

AugmenterSource = Callable[[str], Augmenter]
_log = logging.getLogger("shelfsight.serve")


class AugmentSlots:
    """Opens an augmenter for each index by name; one that could not be opened is tried again.

    Args:
        source: Opens one: loads its models, reaches the node. May take minutes.
        names: The indices that may be asked for, and no others.
        reopen: Seconds between two attempts.
    """

    def __init__(self, source: AugmenterSource, names: Sequence[str], reopen: float) -> None:
        self._source, self._names, self._reopen = source, tuple(names), reopen
        self._lock = threading.Lock()
        self._open: dict[str, Augmenter] = {}
        self._error: dict[str, ShelfsightError] = {}
        self._tried: dict[str, float] = {}
        self._opening: set[str] = set()

    def start(self) -> None:
        """Begin to open all of them."""
        for name in self._names:
            self._start_opening(name)

    def ready(self, name: str) -> Augmenter:
        """Return the augmenter of an index; the only one's where no name is given.

        Raises:
            InputError: The name is none of those that are served.
            NotReady: It is being opened, or could not be opened yet; says why.
            IdentityMismatch: Other models have filled the index since; they are being loaded.
        """
        if not name and len(self._names) == 1:
            name = self._names[0]
        if name not in self._names:
            raise InputError(
                f"This service augments no bodies for {name[:80]!r}.",
                "Give `index`: an index that the service was started for."
                if self._names
                else "Start it with `shelfsight serve --attached INDEX`.",
            )
        with self._lock:
            augmenter, error = self._open.get(name), self._error.get(name)
        if augmenter is None:
            self._start_opening(name)
            if error is not None:
                raise NotReady("The index cannot be augmented yet.", IN_THE_LOG)
            raise NotReady("The models are being loaded.", "Try again in a few seconds.")
        try:
            augmenter.attachment  # noqa: B018 - reads it again now and then, and compares the models
        except IdentityMismatch:
            with self._lock:
                self._open.pop(name, None)
            self._start_opening(name)
            raise
        return augmenter

    def _start_opening(self, name: str) -> None:
        with self._lock:
            waited = time.monotonic() - self._tried.get(name, -self._reopen) >= self._reopen
            if name in self._open or name in self._opening or not waited:
                return
            self._opening.add(name)
        # A daemon: an interrupted service does not wait for models to load.
        threading.Thread(target=self._try, args=(name,), name="open-augmenter", daemon=True).start()

    def _try(self, name: str) -> None:
        augmenter: Augmenter | None = None
        error: ShelfsightError | None = None
        try:
            augmenter = self._source(name)
        except ShelfsightError as caught:
            error = caught
            _log.warning("bodies for %r cannot be augmented: %s", name, caught)
        except Exception:  # a thread's error would be lost: it is told to who asks
            error = InputError(f"Index {name!r} cannot be opened.", "The service's log says why.")
            _log.exception("bodies for %r cannot be augmented", name)
        with self._lock:
            self._opening.discard(name)
            self._tried[name] = time.monotonic()
            self._error.pop(name, None)
            if augmenter is not None:
                self._open[name] = augmenter
            elif error is not None:
                self._error[name] = error
