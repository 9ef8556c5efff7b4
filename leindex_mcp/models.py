"""The models of one root: one that can answer at once, and a transformer that is made ready behind it."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from leindex_mcp.embed import hub, model_folder
from leindex_mcp.embed.encoder import Encoder, load_encoder
from leindex_mcp.embed.vector_cache import VectorCache
from leindex_mcp.embed.worker_encoder import WorkerEncoder
from leindex_mcp.errors import EncoderError
from leindex_mcp.settings import EmbeddingsSettings

logger = logging.getLogger("leindex.embed")


class _Loaded(NamedTuple):
    """What could be had."""

    ready: Encoder
    behind: WorkerEncoder | None


class Models:
    """What the settings name, as far as it can be had, loaded when it is first needed. Thread-safe.

    A model that cannot be had is no error here: the built-in one takes its place.

    Args:
        settings: Which model, and where it runs.
        home: Directory of all indexes; the vectors of transformers are kept beside them.
    """

    def __init__(self, settings: EmbeddingsSettings, home: Path) -> None:
        self.settings = settings
        self.cache = VectorCache(home / "vectors")
        self.problem = ""  #: why the model that the settings name cannot be used, and what to do about it
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def ready(self) -> Encoder:
        """The model that can answer at once."""
        return self._load().ready

    @property
    def behind(self) -> WorkerEncoder | None:
        """The transformer, if the settings name one that can be had; it answers once all vectors are made."""
        return self._load().behind

    def of(self, fingerprint: str | None) -> Encoder:
        """Return the model that made an index, if it is one of these, else the one that makes one at once."""
        loaded = self._load()
        if loaded.behind is not None and fingerprint == loaded.behind.fingerprint:
            return loaded.behind
        return loaded.ready

    def wait(self, encoder: Encoder) -> None:
        """Wait until the model that is to answer is loaded: where nobody is left to ask again."""
        if isinstance(encoder, WorkerEncoder):
            with suppress(EncoderError):  # the answer says what is wrong
                encoder.worker.start()

    def fetched(self) -> WorkerEncoder | None:
        """Return the transformer, after a download if it is not here and `allow_download` is set."""
        name = self.settings.model
        if self.behind is None and self.settings.allow_download and model_folder.is_hub_id(name):
            try:
                hub.fetch(name)
            except EncoderError as error:
                self.fail(error)
            else:
                self.change(self.settings)
        return self.behind

    def change(self, settings: EmbeddingsSettings) -> None:
        """Go on with what these settings name."""
        self.close()
        with self._loading:
            self.settings, self._loaded, self.problem = settings, None, ""

    def fail(self, error: Exception) -> None:
        """Remember why the transformer is not made ready."""
        if str(error) != self.problem:
            logger.warning("%s; the built-in model answers", error)
        self.problem = str(error)

    def close(self) -> None:
        """Give back what the models hold: the worker and the cache."""
        if self._loaded is not None and self._loaded.behind is not None:
            self._loaded.behind.close()
        self.cache.close()

    def _load(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load_now()
            return self._loaded

    def _load_now(self) -> _Loaded:
        try:
            named = load_encoder(self.settings, self.cache)
        except EncoderError as error:
            self.fail(error)
        else:
            if not isinstance(named, WorkerEncoder):
                return _Loaded(named, None)
            return _Loaded(load_encoder(EmbeddingsSettings()), named)
        return _Loaded(load_encoder(EmbeddingsSettings()), None)
