"""Models that no family module knows, through Optimum's ONNX exporter: `build --convert`.

    source -- exporter.py (a program in its own environment) --> ONNX -- our rewriting --> bundle

Optimum writes plain float32 ONNX. From there on it is our graph: linear layers and tables are
stored by our quantizer, the cache is kept in place, and the bundle looks to the runtime like any
other. A family module of our own is faster and smaller; this is for everything else.
"""

from __future__ import annotations

from engine.builder.convert.convert import convert_model
from engine.builder.convert.environment import convert_python

__all__ = ["convert_model", "convert_python"]
