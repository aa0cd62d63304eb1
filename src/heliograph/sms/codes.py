"""The statuses and errors that customers read in answers and reports, by id.

The names and numbers are the public contract's, and programs compare them: a row is never renamed. The error of
group 0 is "OK" in capitals, since clients read groups as an enumeration of exactly these words.
"""

from typing import Final

import msgspec


class Status(msgspec.Struct, frozen=True):
    """Where a message stands; `action` is what the customer can do about it, if anything."""

    group_id: int
    group: str
    id: int
    name: str
    description: str
    action: str | None = None


class Error(msgspec.Struct, frozen=True):
    """What an operator or a phone said; `permanent` when trying again is of no use."""

    group_id: int
    group: str
    id: int
    name: str
    description: str
    permanent: bool


_STATUS_GROUPS: Final = {1: "PENDING", 2: "UNDELIVERABLE", 3: "DELIVERED", 4: "EXPIRED", 5: "REJECTED"}
_ERROR_GROUPS: Final = {0: "OK", 1: "HANDSET_ERRORS", 2: "USER_ERRORS", 3: "OPERATOR_ERRORS"}

_TOP_UP: Final = "Top-Up your account to extend the validity period"

# group, id, name, description, action. 1, 16 and 22 are retired: never given, only understood.
# 87 is published in group 4, where it is charged for, and in group 5; a block is a refusal, so here it is 5.
_STATUS: Final[tuple[tuple[int, int, str, str] | tuple[int, int, str, str, str], ...]] = (
    (1, 1, "PENDING_TIME_VIOLATION", "Time window violation"),
    (1, 3, "PENDING_WAITING_DELIVERY", "Message sent, waiting for delivery report"),
    (1, 7, "PENDING_ENROUTE", "Message sent to next instance"),
    (1, 26, "PENDING_ACCEPTED", "Pending Accepted"),
    (2, 4, "UNDELIVERABLE_REJECTED_OPERATOR", "Message rejected by operator"),
    (2, 9, "UNDELIVERABLE_NOT_DELIVERED", "Message sent not delivered"),
    (2, 31, "UNDELIVERABLE_NOT_SENT", "Undeliverable not sent"),
    (2, 96, "NO_ANSWER", "No answer"),
    (2, 97, "BUSY", "Busy"),
    (2, 98, "CANCELLED", "Cancelled"),
    (3, 2, "DELIVERED_TO_OPERATOR", "Message delivered to operator"),
    (3, 5, "DELIVERED_TO_HANDSET", "Message delivered to handset"),
    (4, 15, "EXPIRED_EXPIRED", "Message expired"),
    (4, 22, "EXPIRED_UNKNOWN", "Unknown Reason"),
    (4, 29, "EXPIRED_DLR_UNKNOWN", "Expired dlr unknown"),
    (5, 6, "REJECTED_NETWORK", "Network is forbidden", "Contact account manager"),
    (5, 8, "REJECTED_PREFIX_MISSING", "Number prefix missing"),
    (5, 10, "REJECTED_DND", "Destination on DND list"),
    (5, 11, "REJECTED_SOURCE", "Invalid Source address"),
    (5, 12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
    (5, 13, "REJECTED_SENDER", "By Sender", "Remove sender from blacklist"),
    (5, 14, "REJECTED_DESTINATION_BLOCKLISTED", "By Destination", "Remove destination from blacklist"),
    (5, 16, "REJECTED_NOT_REACHABLE", "Network not reachable"),
    (5, 17, "REJECTED_PREPAID_PACKAGE_EXPIRED", "Prepaid package expired", _TOP_UP),
    (5, 18, "REJECTED_DESTINATION_NOT_REGISTERED", "Destination not registered"),
    (5, 19, "REJECTED_ROUTE_NOT_AVAILABLE", "Route not available", "Contact account manager"),
    (5, 20, "REJECTED_FLOODING_FILTER", "Rejected flooding"),
    (5, 21, "REJECTED_SYSTEM_ERROR", "System error"),
    (5, 23, "REJECTED_DUPLICATE_MESSAGE_ID", "Rejected duplicate message ID"),
    (5, 24, "REJECTED_INVALID_UDH", "Rejected invalid UDH"),
    (5, 25, "REJECTED_MESSAGE_TOO_LONG", "Rejected message too long"),
    (5, 51, "MISSING_TO", "Missing destination.", "Check to parameter."),
    (5, 52, "REJECTED_DESTINATION", "Rejected destination"),
    (5, 87, "SIGNALS_BLOCKED", "Signals blocked"),
    (5, 99, "REJECTED", "Rejected"),
    (5, 100, "UNDELIVERABLE_REJECTED_PLATFORM", "Undeliverable rejected platform"),
)

# group, id, name, permanent. 72 and 511 are retired.
# 4102 is published in groups 2 and 3; here it stands beside 4097, the same failure towards another channel.
_ERRORS: Final[tuple[tuple[int, int, str, bool], ...]] = (
    (0, 0, "NO_ERROR", False),
    (1, 1, "EC_UNKNOWN_SUBSCRIBER", True),
    (1, 2, "EC_UNKNOWN_BASE_STATION", False),
    (1, 5, "EC_UNIDENTIFIED_SUBSCRIBER", False),
    (1, 6, "EC_ABSENT_SUBSCRIBER_SM", False),
    (1, 7, "EC_UNKNOWN_EQUIPMENT", False),
    (1, 8, "EC_ROAMING_NOT_ALLOWED", False),
    (1, 9, "EC_ILLEGAL_SUBSCRIBER", True),
    (1, 11, "EC_TELESERVICE_NOT_PROVISIONED", True),
    (1, 12, "EC_ILLEGAL_EQUIPMENT", True),
    (1, 13, "EC_CALL_BARRED", False),
    (1, 21, "EC_FACILITY_NOT_SUPPORTED", False),
    (1, 27, "EC_ABSENT_SUBSCRIBER", False),
    (1, 31, "EC_SUBSCRIBER_BUSY_FOR_MT_SMS", False),
    (1, 32, "EC_SM_DELIVERY_FAILURE", False),
    (1, 33, "EC_MESSAGE_WAITING_LIST_FULL", False),
    (1, 34, "EC_SYSTEM_FAILURE", False),
    (1, 35, "EC_DATA_MISSING", False),
    (1, 36, "EC_UNEXPECTED_DATA_VALUE", False),
    (1, 255, "EC_UNKNOWN_ERROR", False),
    (1, 256, "EC_SM_DF_MEMORYCAPACITYEXCEEDED", False),
    (1, 257, "EC_SM_DF_EQUIPMENTPROTOCOLERROR", False),
    (1, 258, "EC_SM_DF_EQUIPMENTNOTSM_EQUIPPED", False),
    (1, 259, "EC_SM_DF_UNKNOWNSERVICECENTRE", False),
    (1, 260, "EC_SM_DF_SC_CONGESTION", False),
    (1, 261, "EC_SM_DF_INVALIDSME_ADDRESS", False),
    (1, 262, "EC_SM_DF_SUBSCRIBERNOTSC_SUBSCRIBER", False),
    (1, 500, "EC_PROVIDER_GENERAL_ERROR", False),
    (1, 502, "EC_NO_RESPONSE", False),
    (1, 503, "EC_SERVICE_COMPLETION_FAILURE", False),
    (1, 504, "EC_UNEXPECTED_RESPONSE_FROM_PEER", False),
    (1, 507, "EC_MISTYPED_PARAMETER", False),
    (1, 508, "EC_NOT_SUPPORTED_SERVICE", False),
    (1, 509, "EC_DUPLICATED_INVOKE_ID", False),
    (1, 511, "EC_INITIATING_RELEASE", False),
    (1, 565, "EC_CANNOT_RECEIVE_SC", True),
    (1, 573, "EC_SC_BLOCKED_BY_END_USER", True),
    (1, 581, "EC_USER_OUT_OF_CREDIT", False),
    (1, 628, "EC_TEMPORARY_HANDSET_FAILURE", True),
    (1, 629, "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS", True),
    (1, 1024, "EC_OR_APPCONTEXTNOTSUPPORTED", False),
    (1, 1025, "EC_OR_INVALIDDESTINATIONREFERENCE", False),
    (1, 1026, "EC_OR_INVALIDORIGINATINGREFERENCE", False),
    (1, 1027, "EC_OR_ENCAPSULATEDAC_NOTSUPPORTED", False),
    (1, 1028, "EC_OR_TRANSPORTPROTECTIONNOTADEQUATE", False),
    (1, 1029, "EC_OR_NOREASONGIVEN", False),
    (1, 1030, "EC_OR_POTENTIALVERSIONINCOMPATIBILITY", False),
    (1, 1031, "EC_OR_REMOTENODENOTREACHABLE", False),
    (1, 1152, "EC_NNR_NOTRANSLATIONFORANADDRESSOFSUCHNATURE", False),
    (1, 1153, "EC_NNR_NOTRANSLATIONFORTHISSPECIFICADDRESS", False),
    (1, 1154, "EC_NNR_SUBSYSTEMCONGESTION", False),
    (1, 1155, "EC_NNR_SUBSYSTEMFAILURE", False),
    (1, 1156, "EC_NNR_UNEQUIPPEDUSER", False),
    (1, 1157, "EC_NNR_MTPFAILURE", False),
    (1, 1158, "EC_NNR_NETWORKCONGESTION", False),
    (1, 1159, "EC_NNR_UNQUALIFIED", False),
    (1, 1160, "EC_NNR_ERRORINMESSAGETRANSPORTXUDT", False),
    (1, 1161, "EC_NNR_ERRORINLOCALPROCESSINGXUDT", False),
    (1, 1162, "EC_NNR_DESTINATIONCANNOTPERFORMREASSEMBLYXUDT", False),
    (1, 1163, "EC_NNR_SCCPFAILURE", False),
    (1, 1164, "EC_NNR_HOPCOUNTERVIOLATION", False),
    (1, 1165, "EC_NNR_SEGMENTATIONNOTSUPPORTED", False),
    (1, 1166, "EC_NNR_SEGMENTATIONFAILURE", False),
    (1, 1281, "EC_UA_USERSPECIFICREASON", False),
    (1, 1282, "EC_UA_USERRESOURCELIMITATION", False),
    (1, 1283, "EC_UA_RESOURCEUNAVAILABLE", False),
    (1, 1284, "EC_UA_APPLICATIONPROCEDURECANCELLATION", False),
    (1, 1536, "EC_PA_PROVIDERMALFUNCTION", False),
    (1, 1537, "EC_PA_SUPPORTINGDIALOGORTRANSACTIONREALEASED", False),
    (1, 1538, "EC_PA_RESSOURCELIMITATION", False),
    (1, 1539, "EC_PA_MAINTENANCEACTIVITY", False),
    (1, 1540, "EC_PA_VERSIONINCOMPATIBILITY", False),
    (1, 1541, "EC_PA_ABNORMALMAPDIALOG", False),
    (1, 1792, "EC_NC_ABNORMALEVENTDETECTEDBYPEER", False),
    (1, 1793, "EC_NC_RESPONSEREJECTEDBYPEER", False),
    (1, 1794, "EC_NC_ABNORMALEVENTRECEIVEDFROMPEER", False),
    (1, 1795, "EC_NC_MESSAGECANNOTBEDELIVEREDTOPEER", False),
    (1, 1796, "EC_NC_PROVIDEROUTOFINVOKE", False),
    (2, 323, "EC_INVALID_REQUEST_TYPE", True),
    (2, 351, "EC_INVALID_DESTINATION_ADDRESS", False),
    (2, 352, "EC_INVALID_REQUEST_DESTINATION", True),
    (2, 355, "EC_MSG_TEXT_TOO_LONG", True),
    (2, 368, "EC_INVALID_SOURCE_ADDRESS", True),
    (2, 433, "EC_ACCOUNT_ACCESS_DENIED", True),
    (2, 541, "EC_LIMIT_REACHED", False),
    (2, 542, "EC_QUOTA_REACHED", False),
    (2, 572, "EC_CAMPAIGNID_NOT_PROVISIONED", True),
    (2, 577, "EC_ACC_NOT_PROVISIONED_TO_SMS_DEMO_SC", True),
    (2, 578, "EC_EXCEEDED_THE_TIME_LIMIT_OF_SMS_DEMO", True),
    (2, 579, "EC_DEST_ADDRESS_NOT_IN_SMS_DEMO", True),
    (2, 580, "EC_EXCEEDED_THE_MAX_NUMBER", True),
    (2, 594, "EC_INVALID_GLOBAL_CAMPAIGN_ID", True),
    (2, 597, "EC_ACC_HAS_NO_ADRESS_FOR_DESR", True),
    (2, 598, "EC_INTERACTION_NOT_SUPPORTED", True),
    (2, 601, "EC_ACC_NOT_2_WAY", True),
    (2, 603, "EC_CONTENT_BLOCKED", True),
    (2, 604, "EC_BLOCKED_BY_CAMPAIGN_BLACKLIST", True),
    (2, 607, "EC_REJECTED_SPAM_BY_OPERATOR", True),
    (2, 608, "EC_SIGNALS_BLOCKED", False),
    (2, 609, "EC_SIGNALS_HARD_LIMIT_REACHED", True),
    (2, 2049, "EC_IMSI_BLACKLISTED", True),
    (2, 2052, "EC_BLACKLISTED_DESTINATIONADDRESS", True),
    (2, 2053, "EC_BLACKLISTED_SENDERADDRESS", True),
    (2, 3041, "EC_DEACTIVATED_LIST", True),
    (2, 4096, "EC_INVALID_PDU_FORMAT", True),
    (2, 4099, "EC_MONTHLY_LIMIT_REACHED", True),
    (2, 4100, "EC_MESSAGE_CANCELED", True),
    (2, 4101, "EC_VALIDITY_EXPIRED", True),
    (2, 4103, "EC_DESTINATION_FLOODING", True),
    (2, 4104, "EC_DESTINATION_TXT_FLOODING", True),
    (2, 4202, "EC_10DLC_LIMIT_REACHED", True),
    (3, 10, "EC_BEARER_SERVICE_NOT_PROVISIONED", True),
    (3, 15, "EC_CUG_REJECT", False),
    (3, 20, "EC_SS_INCOMPATIBILITY", False),
    (3, 24, "EC_NO_RADIO_RESOURCE_AVAILABLE", False),
    (3, 51, "EC_RESOURCE_LIMITATION", True),
    (3, 71, "EC_UNKNOWN_ALPHABET", False),
    (3, 72, "EC_USSD_BUSY", True),
    (3, 345, "EC_OPERATOR_NOT_FOUND", True),
    (3, 375, "EC_SOURCE_ADDRESS_IS_BLOCKED", True),
    (3, 488, "EC_TF_NUMBER_NOT_VERIFIED", True),
    (3, 501, "EC_INVALID_RESPONSE_RECEIVED", False),
    (3, 560, "EC_SC_BLOCKED_FOR_END_USER", True),
    (3, 561, "EC_CONTENT_BLOCKED_BY_OPERATOR", True),
    (3, 562, "EC_SC_NOT_PROVISIONED", True),
    (3, 563, "EC_SC_EXPIRED", True),
    (3, 564, "EC_SC_BLOCKED", True),
    (3, 566, "EC_DESTINATION_BLOCKED_BY_OPERATOR", True),
    (3, 568, "EC_DESTINATION_NOT_SMS_PROVISIONED", True),
    (3, 569, "EC_DEST_ADDRESS_SUSPENDED", True),
    (3, 571, "EC_CAMPAIGN_ID_REJECTED", False),
    (3, 574, "EC_BLOCKED_NEW_SUBSCRIPTIONS_FOR_SC", True),
    (3, 592, "EC_ACCOUNT_NOT_PROVISIONED_FOR_CHANNEL", True),
    (3, 630, "EC_DEST_OVERLOADED", True),
    (3, 631, "EC_MOBILE_OPERATOR_NETWORK_ERROR", True),
    (3, 632, "EC_SMS_REJECTED_BY_MOBILE_OPERATOR", True),
    (3, 633, "EC_UNKNOWN_MOBILE_OPERATOR", True),
    (3, 810, "EC_FAILED_MESSAGE_DELIVERY", True),
    (3, 811, "EC_MESSAGE_EXPIRED", True),
    (3, 815, "EC_MESSAGE_SUBMITTED_NOT_ACKED", True),
    (3, 2048, "EC_TIME_OUT", False),
    (3, 2050, "EC_DEST_ADDRESS_BLACKLISTED", True),
    (3, 2051, "EC_INVALIDMSCADDRESS", False),
    (3, 4097, "EC_NOTSUBMITTEDTOGMSC", False),
    (3, 4098, "EC_VP_EXPIRED", False),
    (3, 4102, "EC_NOTSUBMITTEDTOSMPPCHANNEL", True),
    (3, 5492, "EC_DUPLICATE_MESSAGE", True),
)


def _words(name: str) -> str:
    """EC_ABSENT_SUBSCRIBER as "Absent Subscriber"."""
    return " ".join(word.capitalize() for word in name.removeprefix("EC_").split("_"))


STATUS: Final[dict[int, Status]] = {
    id: Status(group, _STATUS_GROUPS[group], id, *texts) for group, id, *texts in _STATUS
}

ERROR: Final[dict[int, Error]] = {
    id: Error(group, _ERROR_GROUPS[group], id, name, _words(name), permanent) for group, id, name, permanent in _ERRORS
}

# By the status of a destination that is refused at acceptance: the error that says most about it.
REFUSAL_ERRORS: Final[dict[int, int]] = {
    8: 351,
    11: 368,
    12: 542,
    13: 2053,
    14: 2052,
    19: 4102,
    20: 4103,
    23: 5492,
    24: 4096,
    25: 355,
    51: 352,
    52: 351,
}
