"""The program in which llama.cpp runs: `python llama_process.py`, a process of its own.

Why not in ours: xllamacpp holds Python's lock while it loads and while it ends a model, for seconds,
in which nobody's answer would move; llama.cpp answers a fault of its own by aborting the process;
and what a process has taken goes back to the system when it ends.

The first line of standard input is the order, as JSON; the first line of standard output says
`address` or `error`. It ends when its standard input does, so it never outlives the portal.
"""

import json
import os
import signal
import sys
from typing import Any

__all__ = ["main"]

ERRORS_ONLY = 1
HTTP_THREADS = 64  # each holds one request, most of them waiting for a slot


def main() -> None:
    """Serve one model until standard input ends."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # A signal to the whole group is the portal's to handle: it lets running answers end first.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    try:
        server = _serve(order)
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        reply.write(json.dumps({"error": str(error)}) + "\n")
        reply.flush()
        os._exit(1)
    reply.write(json.dumps({"address": server.listening_address}) + "\n")
    reply.flush()
    sys.stdin.read()
    os._exit(0)


def _serve(order: dict[str, Any]) -> Any:
    """llama.cpp's HTTP server, listening and with the model loaded."""
    import xllamacpp

    # The cache of attention keys and values takes half the memory in 8 bits; models whose heads
    # do not divide into its blocks need 16.
    eight_bits = xllamacpp.ggml_type.GGML_TYPE_Q8_0
    params = _parameters(xllamacpp, order)
    params.cache_type_k = params.cache_type_v = eight_bits
    try:
        return xllamacpp.Server(params)
    except RuntimeError:
        return xllamacpp.Server(_parameters(xllamacpp, order))


def _parameters(xllamacpp: Any, order: dict[str, Any]) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = order["path"]
    params.model_alias = {order["alias"]}
    params.n_parallel = order["parallel"]
    params.n_ctx = order["context_window"] * order["parallel"]
    if order["is_embedding"]:
        params.embedding = True
        params.n_batch = params.n_ubatch = params.n_ctx  # each text has to fit in whole
    params.cpuparams.n_threads = order["threads"]
    params.cpuparams_batch.n_threads = order["threads"]
    params.n_threads_http = HTTP_THREADS
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["api_key"]]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = False
    params.endpoint_props = False
    params.verbosity = ERRORS_ONLY
    # Fitting layers to a graphics card costs a dry run of the load; without a card it is for nothing.
    cpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    params.fit_params = any(device["type"] != cpu for device in xllamacpp.get_device_info())
    # Up to 8 GB of old conversations by default; the slots keep the newest themselves.
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.n_ctx_checkpoints = 4
    return params


if __name__ == "__main__":
    main()
