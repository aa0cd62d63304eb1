"""Sends whose message stands behind the question mark: each name has its place in the request that a body would be."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from heliograph.api.content import LANGUAGES, SCRIPTS
from heliograph.api.reading import Reading
from heliograph.api.requests import MessageShape, SendRequest
from heliograph.api.submissions import to_single
from heliograph.flows.submission import Submission
from heliograph.web.query import CREDENTIALS, Parameter

_MESSAGE: Final = (
    Parameter(name="to", text="Recipients: repeated, or separated by commas", many=True, required=True),
    Parameter(name="text", text="The text of the message"),
    Parameter(name="from", text="The sender"),
    Parameter(name="flash", text="Shown at once, and not kept", kind="boolean"),
    Parameter(
        name="transliteration",
        text="How letters outside the alphabet are written",
        one_of=SCRIPTS,
    ),
    Parameter(name="languageCode", text="Whose national table the text may use", one_of=LANGUAGES),
    Parameter(name="intermediateReport", text="Intermediate reports are pushed too", kind="boolean"),
    Parameter(name="notifyUrl", text="Where reports are pushed to"),
    Parameter(name="notifyContentType", text="How reports are written: application/json or application/xml"),
    Parameter(name="callbackData", text="What the report is to echo"),
    Parameter(name="validityPeriod", text="Minutes that the message is worth sending", kind="integer"),
    Parameter(name="sendAt", text="When to send it: 2026-08-25T16:00:00.000+0000", kind="date"),
    Parameter(name="indiaDltPrincipalEntityId", text="For Indian operators"),
    Parameter(name="indiaDltContentTemplateId", text="For Indian operators"),
    Parameter(name="indiaDltTelemarketerId", text="For Indian operators"),
    Parameter(name="turkeyIysRecipientType", text="For Turkish operators: BIREYSEL or TACIR"),
    Parameter(name="turkeyIysBrandCode", text="For Turkish operators", kind="integer"),
    Parameter(name="southKoreaResellerCode", text="For South Korean operators", kind="integer"),
)
_BULK: Final = Parameter(name="bulkId", text="Your name for the request, at most 100 characters")
FIRST_QUERY: Final = (
    *CREDENTIALS,
    *_MESSAGE,
    _BULK,
    Parameter(name="track", text="SMS: you will tell what the message led to; URL: links are shortened"),
    Parameter(name="processKey", text="Your key for what is tracked"),
    Parameter(name="trackingType", text="Your name for what is tracked"),
)
THIRD_QUERY: Final = (
    *_MESSAGE,
    _BULK,
    Parameter(name="includeSmsCountInResponse", text="The answer says how many segments there are", kind="boolean"),
    Parameter(name="trackingUrl", text="Links are shortened, and clicks are told here"),
    Parameter(name="southKoreaTitle", text="For South Korean operators"),
)
# Where a name's value stands in a body, when it is not under the same name in the message.
_IN_MESSAGE: Final = {
    "languageCode": "language",
    "indiaDltPrincipalEntityId": "regional.indiaDlt.principalEntityId",
    "indiaDltContentTemplateId": "regional.indiaDlt.contentTemplateId",
    "indiaDltTelemarketerId": "regional.indiaDlt.telemarketerId",
    "turkeyIysRecipientType": "regional.turkeyIys.recipientType",
    "turkeyIysBrandCode": "regional.turkeyIys.brandCode",
    "southKoreaResellerCode": "regional.southKorea.resellerCode",
    "southKoreaTitle": "regional.southKorea.title",
}
_AROUND: Final = {
    "bulkId": "bulkId",
    "track": "tracking.track",
    "processKey": "tracking.processKey",
    "trackingType": "tracking.type",
    "includeSmsCountInResponse": "includeSmsCountInResponse",
    "trackingUrl": "urlOptions.trackingUrl",
}
_NAMES: Final = {path: name for name, path in (_IN_MESSAGE | _AROUND).items()}


def from_query(values: dict[str, Any], reading: Reading) -> Submission:
    """The submission that the values of a query ask for; what is wrong is told by the names of the query."""
    message: dict[str, Any] = {}
    around: dict[str, Any] = {}
    for name, value in values.items():
        if name in _AROUND:
            _put(around, _AROUND[name], value)
        else:
            _put(message, _IN_MESSAGE.get(name, name), value)
    errors = reading.findings.errors
    submission = to_single(msgspec.convert(message, MessageShape), reading, msgspec.convert(around, SendRequest))
    for path in [path for path in errors if path in _NAMES]:
        for sentence in errors.pop(path):
            reading.findings.add(_NAMES[path], sentence)
    return submission


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    if value is None:
        return
    *branches, leaf = path.split(".")
    for branch in branches:
        tree = tree.setdefault(branch, {})
    tree[leaf] = value
