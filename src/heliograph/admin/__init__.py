"""The API behind the console: accounts, their keys, settings, balances and blocklists, and how the gateway is."""
