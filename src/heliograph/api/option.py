"""What messages carry along: where reports go, what they echo, what single countries and links need."""

from __future__ import annotations

import secrets
from typing import Any, Final

import msgspec

from heliograph.accounts.addresses import url_problem
from heliograph.api.reading import ABSENT, Reading
from heliograph.api.requests import IndiaShape, KoreaShape, RegionalShape, TrackingShape, TurkeyShape, UrlOptionsShape
from heliograph.sms.message import Tracking, UrlOptions
from heliograph.webhooks.formats import FORMATS, JSON

MAX_CAMPAIGN: Final = 255
_MAX_WORD: Final = 255  # of what is only carried: every message keeps its own copy
_MAX_TITLE: Final = 66
_TRACKS: Final = ("SMS", "URL")


def read_url(url: str | None, path: str, reading: Reading) -> str | None:
    """Where something is to be pushed to; None where nothing is."""
    if not url:
        return None
    problem = url_problem(url, reading.limits.allow_private_networks)
    if problem is not None:
        reading.findings.add(path, problem)
    return url


def read_content_type(text: str | None, path: str, reading: Reading) -> str:
    """How reports are to be written; JSON where nothing is said."""
    if not text:
        return JSON
    media = text.partition(";")[0].strip().lower()
    if (reading.era.reports, media) not in FORMATS:
        reading.findings.add(path, "must be application/json or application/xml")
    return media


def read_push(
    url: str | None, url_path: str, media: str | None, media_path: str, reading: Reading
) -> tuple[str | None, str]:
    """Where reports are pushed to, and how they are written: as the account says where the message names no URL."""
    account = reading.account
    if not url and account.notify_url is not None:
        return account.notify_url, read_content_type(media or account.notify_content_type, media_path, reading)
    return read_url(url, url_path, reading), read_content_type(media, media_path, reading)


def read_regional(shape: RegionalShape | None, at: str, reading: Reading) -> dict[str, Any] | None:
    """What single countries ask for, as it was given."""
    if shape is None:
        return None
    india, turkey, korea = shape.india_dlt, shape.turkey_iys, shape.south_korea
    if not (india or IndiaShape("-")).principal_entity_id:
        reading.findings.add(f"{at}regional.indiaDlt.principalEntityId", ABSENT)
    if (turkey or TurkeyShape("TACIR")).recipient_type not in ("BIREYSEL", "TACIR"):
        reading.findings.add(f"{at}regional.turkeyIys.recipientType", "must be BIREYSEL or TACIR")
    reading.measure(at, "regional.southKorea.title", (korea or KoreaShape()).title, _MAX_TITLE)
    reading.bound(f"{at}regional.turkeyIys.brandCode", (turkey or TurkeyShape()).brand_code)
    reading.bound(f"{at}regional.southKorea.resellerCode", (korea or KoreaShape()).reseller_code)
    carried: dict[str, Any] = msgspec.to_builtins(shape)
    for name, word in carried.get("indiaDlt", {}).items():
        reading.measure(f"{at}regional.indiaDlt.", name, word, _MAX_WORD)
    return carried


def read_tracking(shape: TrackingShape | None, at: str, reading: Reading) -> Tracking | None:
    """What is to be told of later; None where nothing is, and where links are meant."""
    if shape is None or not shape.track or not reading.choose(f"{at}track", shape.track, _TRACKS):
        return None
    for name, word in (("type", shape.type), ("processKey", shape.process_key), ("baseUrl", shape.base_url)):
        reading.measure(at, name, word, _MAX_WORD)
    return conversion(shape.process_key, shape.type) if shape.track == "SMS" else None


def conversion(process_key: str | None, kind: str | None) -> Tracking:
    """Tracking of one request, by a key that is made where none was given."""
    return Tracking(process_key or secrets.token_hex(16).upper(), kind or None)


def read_url_options(
    shape: UrlOptionsShape | None, at: str, reading: Reading, *, tracking: TrackingShape | None = None
) -> UrlOptions | None:
    """What to do with links; `tracking` is the older way to ask for it."""
    if shape is None:
        if tracking is None or tracking.track != "URL":
            return None
        return UrlOptions(custom_domain=tracking.base_url or None)
    reading.measure(at, "customDomain", shape.custom_domain, _MAX_WORD)
    return UrlOptions(
        shape.shorten_url is not False,
        shape.track_clicks is not False,
        read_url(shape.tracking_url, f"{at}trackingUrl", reading),
        bool(shape.remove_protocol),
        shape.custom_domain or None,
    )
