"""Who may come in, and with what: accounts, keys, passwords, tokens, settings."""
