"""The SMPP protocol, without I/O (pure)."""
