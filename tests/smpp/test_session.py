"""Two sessions and a wire between them that is a function call."""

import pytest

from heliograph.smpp.constants import RESPONSE, Command, Status
from heliograph.smpp.pdu import MAX_PDU, Pdu, PduError, decode, encode
from heliograph.smpp.session import (
    MAY_REQUEST,
    Answered,
    BindRefused,
    Bound,
    Closed,
    NotAllowed,
    Overdue,
    Requested,
    Role,
    Session,
    State,
    WindowFull,
)
from heliograph.smpp.stream import Stream

SUBMIT = Pdu(Command.SUBMIT_SM, fields={"destination_addr": "41793026727", "short_message": b"hello"})
DELIVER = Pdu(Command.DELIVER_SM, fields={"source_addr": "41793026727", "short_message": b"stop"})
CREDENTIALS = {"system_id": "esme", "password": "secret"}
BINDS = {
    Command.BIND_TRANSMITTER: State.BOUND_TX,
    Command.BIND_RECEIVER: State.BOUND_RX,
    Command.BIND_TRANSCEIVER: State.BOUND_TRX,
}


def carry(sender, receiver, now=0.0):
    return receiver.receive(sender.take_output(), now)


def pdus(octets):
    return [decode(each) for each in Stream(MAX_PDU).cut(octets, 0.0)]


def connected(window=10):
    return Session(Role.ESME, 0.0, window=window), Session(Role.SMSC, 0.0, window=window)


def bound(command=Command.BIND_TRANSCEIVER, window=10):
    esme, smsc = connected(window)
    esme.bind(command, CREDENTIALS, 0.0)
    [asked] = carry(esme, smsc)
    smsc.respond(asked.pdu, system_id="smsc")
    [answer] = carry(smsc, esme)
    assert isinstance(answer, Bound)
    return esme, smsc


def submitted(count, window=10, now=0.0):
    esme, smsc = bound(window=window)
    esme.request([SUBMIT] * count, list(range(count)), now)
    return esme, smsc, [event.pdu for event in carry(esme, smsc, now)]


@pytest.mark.parametrize("command", BINDS)
def test_a_bind_binds_both_sides(command):
    esme, smsc = bound(command)
    assert esme.state is smsc.state is BINDS[command]


def test_the_answer_to_a_bind_says_what_the_smsc_speaks():
    esme, smsc = connected()
    esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 0.0)
    [asked] = carry(esme, smsc)
    assert asked.pdu.fields["password"] == "secret"
    smsc.respond(asked.pdu, tlvs=[(0x0210, b"\x34")], system_id="smsc")
    [answer] = carry(smsc, esme)
    assert (answer.pdu.fields["system_id"], answer.pdu.tlv(0x0210)) == ("smsc", b"\x34")


def test_a_refused_bind_ends_the_session_and_may_be_tried_again_at_the_smsc():
    esme, smsc = connected()
    esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 0.0)
    [asked] = carry(esme, smsc)
    smsc.respond(asked.pdu, Status.ESME_RINVPASWD)
    assert carry(smsc, esme) == [BindRefused(Status.ESME_RINVPASWD), Closed("the bind was refused")]
    assert smsc.state is State.OPEN
    assert isinstance(smsc.receive(encode(asked.pdu), 1.0)[0], Requested)


def test_a_generic_nack_refuses_a_bind():
    esme, _ = connected()
    esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 0.0)
    nack = encode(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDID, 1))
    assert esme.receive(nack, 0.0)[0] == BindRefused(Status.ESME_RINVCMDID)


def test_a_bind_is_answered_in_time_or_given_up():
    esme, smsc = connected()
    esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 5.0)
    assert (esme.next_tick(), smsc.next_tick()) == (35.0, 30.0)
    assert esme.tick(35.0) == smsc.tick(35.0) == [Closed("no bind in time")]


def test_a_second_bind_is_refused_on_either_side():
    esme, smsc = bound()
    with pytest.raises(NotAllowed):
        esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 0.0)
    assert smsc.receive(encode(Pdu(Command.BIND_TRANSCEIVER, 0, 9, CREDENTIALS)), 0.0) == []
    [answer] = pdus(smsc.take_output())
    assert (answer.command, answer.status) == (Command.BIND_TRANSCEIVER_RESP, Status.ESME_RALYBND)


def test_a_bind_that_cannot_be_written_leaves_the_session_as_it_was():
    esme, smsc = connected()
    with pytest.raises(PduError):
        esme.bind(Command.BIND_TRANSCEIVER, {"password": "nine chars"}, 0.0)
    esme.bind(Command.BIND_TRANSCEIVER, CREDENTIALS, 0.0)
    assert carry(esme, smsc)[0].pdu.sequence == 1


def test_only_an_esme_binds():
    with pytest.raises(NotAllowed):
        connected()[1].bind(Command.BIND_RECEIVER, CREDENTIALS, 0.0)


def test_an_answer_comes_with_the_token_of_its_request():
    esme, smsc, [first, second] = submitted(2)
    assert (first.sequence, second.sequence) == (2, 3)
    smsc.respond(second, message_id="b")
    smsc.respond(first, Status.ESME_RTHROTTLED)
    answers = carry(smsc, esme)
    assert [(a.token, a.pdu.status, a.pdu.fields) for a in answers] == [(1, 0, {"message_id": "b"}), (0, 0x58, {})]
    assert esme.outstanding == 0


def test_the_window_is_never_exceeded():
    esme, smsc, asked = submitted(8)
    assert (esme.free, esme.outstanding) == (2, 8)
    with pytest.raises(WindowFull):
        esme.request([SUBMIT] * 3, [1, 2, 3], 0.0)
    assert (esme.outstanding, esme.take_output()) == (8, b"")
    smsc.respond(asked[3])
    carry(smsc, esme)
    esme.request([SUBMIT] * 3, [1, 2, 3], 0.0)
    assert esme.free == 0


def test_a_window_may_shrink_below_what_is_on_its_way():
    esme, _, _ = submitted(8)
    esme.window = 5
    assert (esme.window, esme.free, esme.outstanding) == (5, 0, 8)


def test_a_batch_is_queued_whole_or_not_at_all():
    esme, smsc = bound()
    poison = Pdu(Command.SUBMIT_SM, fields={"destination_addr": "4" * 30})
    with pytest.raises(PduError) as caught:
        esme.request([SUBMIT, poison, SUBMIT], [1, 2, 3], 0.0)
    assert caught.value.index == 1
    assert (esme.outstanding, esme.take_output()) == (0, b"")
    with pytest.raises(ValueError, match="2 requests, 1 tokens"):
        esme.request([SUBMIT, SUBMIT], [1], 0.0)
    esme.request([SUBMIT], [1], 0.0)
    assert carry(esme, smsc)[0].pdu.sequence == 2


@pytest.mark.parametrize("command", BINDS)
@pytest.mark.parametrize("role", Role)
def test_each_side_asks_only_for_what_its_state_allows(role, command):
    pair = dict(zip((Role.ESME, Role.SMSC), bound(command), strict=True))
    for pdu in (SUBMIT, DELIVER):
        if pdu.command in MAY_REQUEST[role][BINDS[command]]:
            pair[role].request([pdu], [1], 0.0)
            [event] = carry(pair[role], pair[Role.SMSC if role is Role.ESME else Role.ESME])
            assert event.pdu.command == pdu.command
        else:
            with pytest.raises(NotAllowed):
                pair[role].request([pdu], [1], 0.0)


def test_nothing_is_asked_before_the_bind():
    for session in connected():
        assert session.free == 0
        for pdu in (SUBMIT, DELIVER, Pdu(Command.BIND_RECEIVER)):
            with pytest.raises(NotAllowed):
                session.request([pdu], [1], 0.0)


def test_an_smsc_may_call_an_esme_to_bind():
    esme, smsc = connected()
    smsc.request([Pdu(Command.OUTBIND, fields={"system_id": "smsc"})], [None], 0.0)
    [event] = carry(smsc, esme)
    esme.respond(event.pdu)
    assert (smsc.outstanding, esme.take_output()) == (0, b"")


@pytest.mark.parametrize(
    ("command", "request_", "status"),
    [
        (Command.BIND_RECEIVER, SUBMIT, Status.ESME_RINVBNDSTS),
        (Command.BIND_RECEIVER, Pdu(Command.QUERY_SM), Status.ESME_RINVBNDSTS),
        (Command.BIND_TRANSCEIVER, DELIVER, Status.ESME_RINVBNDSTS),
    ],
)
def test_a_request_in_the_wrong_state_is_answered_so(command, request_, status):
    _, smsc = bound(command)
    assert smsc.receive(encode(request_, 77), 0.0) == []
    [answer] = pdus(smsc.take_output())
    assert (answer.command, answer.status, answer.sequence) == (request_.command | RESPONSE, status, 77)


def test_a_receipt_on_a_transmitter_is_taken():
    esme, _ = bound(Command.BIND_TRANSMITTER)
    [event] = esme.receive(encode(DELIVER, 5), 0.0)
    esme.respond(event.pdu)
    assert esme.take_output() == encode(Pdu(Command.DELIVER_SM_RESP, 0, 5))


def test_many_deliveries_are_acknowledged_at_once():
    esme, smsc = bound()
    smsc.request([DELIVER, Pdu(Command.DATA_SM), Pdu(Command.ALERT_NOTIFICATION)], ["a", "b", "c"], 0.0)
    events = carry(smsc, esme)
    assert (len(events), smsc.outstanding) == (3, 2)
    esme.respond_many([event.pdu for event in events])
    assert [(event.token, event.pdu.status) for event in carry(esme, smsc)] == [("a", 0), ("b", 0)]
    smsc.request([DELIVER], ["d"], 0.0)
    esme.respond_many([event.pdu for event in carry(smsc, esme)], Status.ESME_RX_T_APPN)
    assert carry(esme, smsc)[0].pdu.status == Status.ESME_RX_T_APPN


def test_an_answer_that_comes_twice_counts_once():
    esme, smsc, [asked] = submitted(1)
    smsc.respond(asked, message_id="a")
    smsc.respond(asked, message_id="a")
    assert len(carry(smsc, esme)) == 1
    assert (esme.outstanding, esme.dropped) == (0, 1)


def test_a_response_of_another_command_answers_nothing():
    esme, _, [asked] = submitted(1)
    wrong = encode(Pdu(Command.DATA_SM_RESP, 0, asked.sequence))
    assert esme.receive(wrong + encode(Pdu(Command.ENQUIRE_LINK_RESP, 0, 500)), 0.0) == []
    assert (esme.outstanding, esme.dropped) == (1, 2)


def test_a_response_nobody_knows_is_dropped_and_not_answered():
    esme, _ = bound()
    assert esme.receive(bytes.fromhex("00000010800000990000000000000005"), 0.0) == []
    assert (esme.dropped, esme.take_output()) == (1, b"")


def test_a_generic_nack_refuses_the_request_with_its_number():
    esme, _, [asked] = submitted(1)
    [answer] = esme.receive(encode(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDID, asked.sequence)), 0.0)
    assert (answer.token, answer.pdu.status, esme.outstanding) == (0, Status.ESME_RINVCMDID, 0)
    assert esme.receive(encode(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDLEN)), 0.0) == []
    assert esme.dropped == 1


def test_a_request_nobody_knows_is_nacked_and_the_session_goes_on():
    esme, smsc = bound()
    assert smsc.receive(bytes.fromhex("00000010000000990000000000000063"), 0.0) == []
    assert pdus(smsc.take_output()) == [Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDID, 0x63)]
    esme.request([SUBMIT], [1], 0.0)
    assert len(carry(esme, smsc)) == 1


def test_a_malformed_request_is_refused_and_the_session_goes_on():
    esme, smsc = bound()
    octets = bytearray(encode(DELIVER, 8))
    octets[-5] = 200  # sm_length
    assert esme.receive(bytes(octets), 0.0) == []
    [answer] = pdus(esme.take_output())
    assert (answer.command, answer.status, answer.sequence) == (Command.DELIVER_SM_RESP, Status.ESME_RINVMSGLEN, 8)
    smsc.request([DELIVER], [1], 0.0)
    assert len(carry(smsc, esme)) == 1


def test_an_acceptance_whose_id_cannot_be_read_is_an_acceptance():
    esme, _, [asked] = submitted(1)
    octets = b"".join(n.to_bytes(4, "big") for n in (20, Command.SUBMIT_SM_RESP, 0, asked.sequence)) + b"1234"
    assert esme.receive(octets, 0.0) == [
        Answered(0, Pdu(Command.SUBMIT_SM_RESP, 0, asked.sequence, {"message_id": ""}), 0.0)
    ]


def test_an_enquire_link_is_answered_by_itself_and_stands_outside_the_window():
    esme, smsc, _ = submitted(10)
    assert esme.tick(30.0) == []
    assert carry(esme, smsc, 30.0) == []
    assert carry(smsc, esme, 31.0) == []
    assert esme.next_tick() == 60.0
    assert esme.tick(41.0) == []


def test_an_enquire_link_without_answer_ends_the_session():
    esme, smsc = bound()
    assert esme.next_tick() == 30.0
    esme.tick(30.0)
    esme.receive(encode(DELIVER, 5), 35.0)
    assert esme.tick(39.9) == []
    assert esme.tick(40.0) == [Closed("enquire_link was not answered")]
    assert smsc.state is State.BOUND_TRX


def test_a_peer_that_says_nothing_at_all_is_left():
    esme, _ = bound()
    assert esme.tick(300.0) == [Closed("nothing was heard")]


def test_a_late_answer_counts_and_time_frees_no_place():
    esme, smsc, asked = submitted(3)
    assert carry(smsc, esme, 59.0) == []
    assert esme.tick(60.0) == [Overdue([0, 1, 2])]
    assert pdus(esme.take_output())[-1].command == Command.ENQUIRE_LINK
    esme.receive(encode(Pdu(Command.ENQUIRE_LINK_RESP, 0, 5)), 61.0)
    assert esme.tick(62.0) == []
    assert esme.free == 7
    smsc.respond(asked[1], message_id="late")
    [answer] = carry(smsc, esme, 90.0)
    assert (answer.token, esme.free) == (1, 8)


def test_each_request_is_overdue_once():
    esme, _, _ = submitted(1)
    esme.request([SUBMIT], ["later"], 20.0)
    esme.receive(encode(Pdu(Command.ENQUIRE_LINK, 0, 1)), 59.0)
    assert esme.tick(60.0) == [Overdue([0])]
    esme.receive(encode(Pdu(Command.ENQUIRE_LINK_RESP, 0, 4)), 61.0)
    assert esme.next_tick() == 80.0
    assert esme.tick(80.0) == [Overdue(["later"])]


def test_half_a_window_without_answer_ends_in_an_unbind_and_late_answers_still_count():
    esme, smsc, asked = submitted(5)
    esme.receive(encode(Pdu(Command.ENQUIRE_LINK, 0, 1)), 50.0)
    assert esme.tick(60.0) == [Overdue([0, 1, 2, 3, 4])]
    assert (esme.state, esme.free) == (State.UNBINDING, 0)
    smsc.respond(asked[0], message_id="late")
    assert [event.token for event in carry(smsc, esme, 61.0)] == [0]
    assert esme.tick(65.0) == [Closed("half the window was not answered")]
    assert esme.lost() == [1, 2, 3, 4]


def test_one_request_without_answer_ends_the_session_in_the_end():
    esme, _, _ = submitted(1)
    for now in range(20, 600, 20):
        esme.receive(encode(Pdu(Command.ENQUIRE_LINK, 0, now)), float(now))
        esme.tick(float(now))
        for pdu in pdus(esme.take_output()):
            if pdu.command == Command.ENQUIRE_LINK:
                esme.receive(encode(Pdu(Command.ENQUIRE_LINK_RESP, 0, pdu.sequence)), float(now))
    assert esme.state is State.BOUND_TRX
    assert esme.next_tick() == 600.0
    esme.tick(600.0)
    assert esme.state is State.UNBINDING
    assert esme.tick(605.0) == [Closed("a request was not answered")]


def test_an_unbind_is_answered_and_both_sides_close():
    for closing in (0, 1):
        pair = bound()
        peer = pair[1 - closing]
        pair[closing].unbind(10.0)
        assert pair[closing].state is State.UNBINDING
        assert carry(pair[closing], peer, 10.0) == [Closed("unbound by the peer")]
        assert carry(peer, pair[closing], 10.0) == [Closed("unbound by us")]
        assert pair[closing].state is peer.state is State.CLOSED


def test_an_unbind_without_answer_is_waited_for_five_seconds():
    esme, _ = bound()
    esme.unbind(10.0)
    assert esme.next_tick() == 15.0
    assert esme.tick(15.0) == [Closed("unbound by us")]


def test_unbinds_that_cross_close_both_sides():
    esme, smsc = bound()
    esme.unbind(1.0)
    smsc.unbind(1.0)
    assert carry(esme, smsc, 1.0) == [Closed("unbound by the peer")]
    assert carry(smsc, esme, 1.0) == [Closed("unbound by the peer")]


def test_a_session_that_was_never_bound_closes_at_once():
    esme, _ = connected()
    esme.unbind(3.0)
    assert esme.tick(3.0) == [Closed("unbound by us")]
    assert esme.take_output() == b""


def test_what_was_delivered_before_the_peer_read_our_unbind_is_still_answered():
    esme, smsc = bound()
    smsc.request([DELIVER], ["a"], 0.0)
    esme.unbind(0.0)
    [event] = carry(smsc, esme)
    esme.respond(event.pdu)
    assert [type(event) for event in carry(esme, smsc)] == [Closed]
    with pytest.raises(NotAllowed):
        esme.request([SUBMIT], [1], 0.0)


def test_a_response_after_the_end_goes_nowhere():
    esme, smsc = bound()
    smsc.request([DELIVER], ["a"], 0.0)
    [event] = carry(smsc, esme)
    assert smsc.lost() == ["a"]
    esme.lost()
    esme.respond(event.pdu)
    esme.respond_many([event.pdu])
    assert esme.take_output() == b""


def test_what_was_never_written_is_not_lost():
    esme, _, _ = submitted(2)
    esme.request([SUBMIT] * 2, ["c", "d"], 1.0)
    assert esme.lost() == [0, 1]
    assert esme.unsent() == ["c", "d"]
    assert (esme.lost(), esme.unsent(), esme.outstanding) == ([], [], 0)


def test_sequence_numbers_start_again_and_pass_over_what_still_waits():
    esme, _, _ = submitted(2)
    esme._window._last_sequence = 0x7FFFFFFE
    esme.request([SUBMIT] * 3, ["x", "y", "z"], 0.0)
    assert [pdu.sequence for pdu in pdus(esme.take_output())] == [0x7FFFFFFF, 1, 4]


def test_hundreds_of_pdus_in_one_read_are_handed_on_in_order():
    esme, smsc = bound(window=1000)
    smsc.request([DELIVER] * 900, list(range(900)), 0.0)
    events = carry(smsc, esme)
    assert [event.pdu.sequence for event in events] == list(range(1, 901))
    esme.respond_many([event.pdu for event in events])
    assert [event.token for event in carry(esme, smsc)] == list(range(900))
