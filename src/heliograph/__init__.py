"""A self-hosted SMS gateway: HTTP in, SMPP out, and the truth about every message."""
