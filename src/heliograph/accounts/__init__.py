"""Who may send: accounts, keys and passwords."""
