"""Turn text into vectors: an encoder is a protocol, and the default one ships with the package."""
