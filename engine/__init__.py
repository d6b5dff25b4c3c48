"""The engine: builds ONNX graphs from checkpoints and runs them."""
