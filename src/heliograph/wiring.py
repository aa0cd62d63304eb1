"""What parts are built of: the values of the configuration, as each part has them."""

from __future__ import annotations

from collections.abc import Callable

from heliograph.config import Config, SmscConfig
from heliograph.flows.notify import PushPolicy
from heliograph.smpp.session import Timing
from heliograph.smsc.pool import Smsc
from heliograph.web.limits import Limits
from heliograph.web.throttle import Quota, Rate, Throttle


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


def policy_of(config: Config) -> PushPolicy:
    """How customers are told."""
    webhooks = config.webhooks
    return PushPolicy(
        batch=webhooks.batch, in_flight=webhooks.in_flight, retries=webhooks.retries, currency=config.currency
    )


def limits_of(config: Config) -> Limits:
    """What one request may cost."""
    return Limits(
        body=config.http.body_limit,
        destinations=config.http.destinations_limit,
        nesting=config.http.nesting_limit,
        header_seconds=config.http.header_seconds,
        body_seconds=config.http.body_seconds,
        allow_private_networks=config.webhooks.allow_private_networks,
    )


def throttle_of(config: Config, monotonic: Callable[[], float]) -> Throttle:
    """How often somebody may ask."""
    rates = {
        Quota.LOGS: Rate(config.limits.logs_per_minute, 60.0),
        Quota.LOGINS: Rate(config.limits.logins_per_second, 1.0),
    }
    return Throttle(monotonic, rates)
