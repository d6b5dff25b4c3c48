"""Entry point of the worker process: `python -m engine.worker`."""

from __future__ import annotations

import logging
import os
import sys


def main() -> None:
    """Serve the protocol on stdin and stdout until stdin ends."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything can load ONNX Runtime
    from engine.worker.guards import claim_standard_streams, protect_the_window  # noqa: PLC0415

    read_fd, write_fd = claim_standard_streams()
    protect_the_window()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="worker: %(message)s")
    from engine.worker.server import Server  # noqa: PLC0415

    Server(read_fd, write_fd).serve()


if __name__ == "__main__":
    main()
