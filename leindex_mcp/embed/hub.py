"""Fetching a model from the hub: the only thing here that uses the network, and only when it is asked to."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from leindex_mcp.embed import model_folder
from leindex_mcp.errors import EncoderError

_HUB = "https://huggingface.co"
_ANSWER_SECONDS = 1.5  # the hub is there within this time, or the user hears that it is not
_WANTED = ("*.json", "*.txt", "*.safetensors", "*.model")  # no code, and no weights that can hold code


def fetch(model: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Download a model and return its folder; what is there already is not downloaded again.

    Raises:
        EncoderError: It is no hub id, the hub does not answer, or the model there cannot be used.
    """
    if not model_folder.is_hub_id(model):
        raise EncoderError(f"{model!r} is no model of the hub: pass ORGANISATION/NAME")
    _require_hub(environment.get("HF_ENDPOINT", _HUB), model)
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  # part of the extra, and slow to import
        from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError  # noqa: PLC0415  # as above
    except ImportError as error:
        raise EncoderError(f"fetching {model} needs the extra: {INSTALL}") from error
    try:
        folder = Path(snapshot_download(model, allow_patterns=list(_WANTED), etag_timeout=_ANSWER_SECONDS))
    except RepositoryNotFoundError as error:
        raise EncoderError(f"the hub has no model {model}, or it needs a login: check the name") from error
    except (HfHubHTTPError, OSError) as error:
        raise EncoderError(f"fetching {model} failed ({error}): run the command again, it goes on") from error
    if (problem := model_folder.problem(folder)) is not None:
        raise EncoderError(f"the model {model} cannot be used: {problem}")
    return folder


INSTALL = "pip install 'leindex-mcp[transformers]'"


def _require_hub(endpoint: str, model: str) -> None:
    """Ask the hub for a sign of life, in a thread: looking up its name may hang longer than any time limit.

    Raises:
        EncoderError: There is none.
    """
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        thread.submit(_touch, f"{endpoint}/api/models/{model}").result(_ANSWER_SECONDS)
    except urllib.error.HTTPError:
        return  # it answers, and says what is wrong when it is asked for the files
    except (OSError, TimeoutError, ValueError) as error:
        reason = str(error) or f"no answer within {_ANSWER_SECONDS:g} s"
        raise EncoderError(
            f"the hub {endpoint} cannot be reached ({reason}): connect to the network, or copy the model's "
            "folder to this machine and set performance.embeddings.model to its path"
        ) from error
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _touch(url: str) -> None:
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  # the endpoint is the user's own
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310  # as above
        pass
