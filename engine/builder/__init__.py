"""Turns checkpoints into bundles."""

from __future__ import annotations

from engine.builder.build import build_model
from engine.builder.weights import BuildCancelled

__all__ = ["BuildCancelled", "build_model"]
