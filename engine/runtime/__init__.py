"""Runs a bundle on ONNX Runtime."""
