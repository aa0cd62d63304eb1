"""From an SMSC of the configuration to the one that the links know."""

from __future__ import annotations

from heliograph.config import SmscConfig
from heliograph.smpp.session import Timing
from heliograph.smsc.pool import Smsc


def smsc_of(config: SmscConfig) -> Smsc:
    """An SMSC as the links need it. Raises ConfigError where its password is not in the environment."""
    return Smsc(
        name=config.name,
        host=config.host,
        port=config.port,
        system_id=config.system_id,
        password=config.secret(),
        system_type=config.system_type,
        pair=config.bind == "pair",
        links=config.links,
        window=config.window,
        submits_per_second=config.submits_per_second,
        default_sender=config.default_sender,
        on_no_response=config.on_no_response,
        timing=Timing(
            enquire_after=config.enquire_link_seconds,
            submit_response=config.response_seconds,
            inactivity=config.inactivity_seconds,
        ),
        dialect=config.dialect,
    )
