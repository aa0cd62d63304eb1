"""A customer's program on infobip-api-python-sdk 5.0.1: its own calls, its own models."""

import json

import visit
from infobip_channels.sms.channel import SMSChannel
from infobip_channels.sms.models.body.preview_message import PreviewSMSMessage
from infobip_channels.sms.models.body.reschedule_sms_messages import RescheduleSMSMessagesMessageBody
from infobip_channels.sms.models.body.send_binary_message import BinarySMSMessageBody
from infobip_channels.sms.models.body.send_message import SMSMessageBody
from infobip_channels.sms.models.query_parameters.get_outbound_logs import GetOutboundSMSLogsQueryParameters
from infobip_channels.sms.models.query_parameters.send_message import SendSMSMessageQueryParameters

ASKED = visit.read()


def with_key(key):
    return SMSChannel.from_auth_params({"base_url": ASKED["url"], "api_key": key})


API = with_key(ASKED["key"])


def shown(model):
    """What the client read. What its models cannot read it gives as the answer came, which has no such method."""
    return json.loads(model.json(by_alias=True, exclude={"raw_response", "status_code"}, exclude_none=True))


def refused(answer):
    return {"kind": type(answer).__name__, "status": int(answer.status_code), "told": shown(answer)}


def send_texts():
    messages = [
        {
            "from": "Heliograph",
            "text": "Hello",
            "destinations": [{"to": "41793000001", "messageId": "text-1"}, {"to": "41793000002"}],
            "callback_data": "order 7",
        },
        {
            "text": "Žluťoučký kůň 🛰",
            "destinations": [{"to": "41793000003", "messageId": "text-2"}],
            "flash": True,
            "validity_period": 720,
        },
        {"text": "Şimdi", "destinations": [{"to": "41793000004", "messageId": "text-3"}], "language": "TR"},
        {
            "text": "pushed",
            "destinations": [{"to": "41793000005", "messageId": "text-4"}],
            "notify_url": ASKED["notify_url"],
            "notify_content_type": "application/json",
            "callback_data": "order 8",
        },
        {
            "text": "tomorrow",
            "destinations": [{"to": "41793000006", "messageId": "text-5"}],
            "delivery_time_window": {
                "days": [ASKED["day"]],
                "from": {"hour": 6, "minute": 0},
                "to": {"hour": 15, "minute": 30},
            },
        },
    ]
    return shown(API.send_sms_message(SMSMessageBody(bulk_id="texts", messages=messages)))


def send_binaries():
    messages = [
        {
            "from": "Heliograph",
            "binary": {"hex": "00 48 00 65", "data_coding": 8},
            "destinations": [{"to": "41793000011", "messageId": "binary-1"}, {"to": "41793000012"}],
        },
        {
            "binary": {"hex": "06 05 04 15 8a 00 00 FF", "data_coding": 245, "esm_class": 64},
            "destinations": [{"to": "41793000013", "messageId": "binary-2"}],
        },
        {
            "binary": {"hex": ASKED["long"], "data_coding": 4, "esm_class": 0},
            "destinations": [{"to": "41793000014", "messageId": "binary-3"}],
            "flash": True,
        },
    ]
    return shown(API.send_binary_sms_message(BinarySMSMessageBody(bulk_id="binaries", messages=messages)))


def pull_reports(**query):
    return shown(API.get_outbound_sms_delivery_reports(query))["results"]


def follow():
    return {
        "binaries": visit.collect(lambda: pull_reports(bulk_id="binaries", limit=3), 4),
        "one": visit.collect(lambda: pull_reports(message_id="text-1"), 1),
        "texts": visit.collect(pull_reports, 3),
        "none": pull_reports(),
    }


def read_logs():
    def logs(**query):
        return shown(API.get_outbound_sms_message_logs(GetOutboundSMSLogsQueryParameters(**query)))["results"]

    return {
        "pushed": visit.collect(lambda: logs(message_id=["text-4"], general_status="DELIVERED"), 1),
        "bulks": logs(bulk_id=["texts", "binaries"], limit=100),
        "messages": logs(message_id=["text-1", "binary-1"]),
        "filtered": logs(
            **{"from": "Heliograph"},
            to="41793000001",
            general_status="DELIVERED",
            sent_since=ASKED["since"],
            sent_until=ASKED["until"],
        ),
        "pending": logs(general_status="PENDING"),
        "before": logs(sent_until=ASKED["since"]),
    }


def preview():
    asked = PreviewSMSMessage(text="Şimdi", language_code="TR", transliteration="TURKISH")
    return [shown(API.preview_sms_message(one)) for one in (PreviewSMSMessage(text="Hello"), asked)]


def reschedule():
    bulk = {"bulk_id": "later"}
    destinations = [{"to": "41793000031"}, {"to": "41793000032"}]
    one = {"text": "later", "destinations": destinations, "send_at": ASKED["send_at"]}

    def set_status(status):
        return shown(API.update_scheduled_sms_messages_status(bulk, {"status": status}))

    def status():
        # Its model of this answer expects results, which Infobip's own description does not have, so it gives the
        # answer as it came.
        return API.get_scheduled_sms_messages_status(bulk).json()

    later = RescheduleSMSMessagesMessageBody(send_at=ASKED["later"])
    return {
        "sent": shown(API.send_sms_message(SMSMessageBody(bulk_id="later", messages=[one]))),
        "scheduled": shown(API.get_scheduled_sms_messages(bulk)),
        "pending": status(),
        "rescheduled": shown(API.reschedule_sms_messages(bulk, later)),
        "scheduled_again": shown(API.get_scheduled_sms_messages(bulk)),
        "paused": [set_status("PAUSED"), status()],
        "resumed": [set_status("PENDING"), status()],
        "canceled": [set_status("CANCELED"), status()],
        "too_late": refused(API.reschedule_sms_messages(bulk, later)),
        "unknown": refused(API.get_scheduled_sms_messages({"bulk_id": "unknown"})),
        "reports": visit.collect(lambda: pull_reports(bulk_id="later"), 2),
    }


def send_by_query():
    query = SendSMSMessageQueryParameters(
        username=ASKED["name"],
        password=ASKED["password"],
        bulk_id="query",
        to=["41793000021", "41793000022"],
        text="by query",
        flash=True,
        send_at=ASKED["send_at"],
    )
    return shown(API.send_sms_message_over_query_parameters(query))


def be_refused():
    message = {"binary": {"hex": "4"}, "destinations": [{"to": "41793000041"}]}
    nobody = {"binary": {"hex": "41"}, "destinations": [{"to": "123"}, {"to": ""}]}
    return {
        "destinations": shown(API.send_binary_sms_message({"messages": [nobody]})),
        "hex": refused(API.send_binary_sms_message({"messages": [message]})),
        "key": refused(with_key("wrong").get_inbound_sms_messages()),
    }


visit.tell(
    {
        "texts": send_texts(),
        "binaries": send_binaries(),
        "reports": follow(),
        "logs": read_logs(),
        "previews": preview(),
        "bulk": reschedule(),
        "inbox": [shown(API.get_inbound_sms_messages({"limit": limit})) for limit in (1, 10)],
        "query": send_by_query(),
        "refused": be_refused(),
    }
)
