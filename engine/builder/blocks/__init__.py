"""Parts of decoders: each adds nodes to a graph and returns the name of the value it made."""
