"""Telling the customer."""
