"""Statuses and errors against the published tables."""

import vectors
from heliograph.sms.codes import ERROR, STATUS, Error, Status

STATUS_ROWS = {(row["groupId"], row["id"]): row for row in vectors.TABLES["status"]}
ERROR_ROWS = {(row["groupId"], row["id"]): row for row in vectors.TABLES["error"]}


def test_every_published_status_is_here_and_no_other():
    assert set(STATUS) == {row["id"] for row in vectors.TABLES["status"]}


def test_every_published_error_is_here_and_no_other():
    assert set(ERROR) == {row["id"] for row in vectors.TABLES["error"]}


def test_a_status_says_what_is_published():
    for id, status in STATUS.items():
        row = STATUS_ROWS[status.group_id, id]
        assert (status.id, status.group, status.name) == (id, row["groupName"], row["name"])
        assert status.action == row.get("action")
        assert status.description == row.get("description", status.description) != ""


def test_an_error_says_what_is_published():
    for id, error in ERROR.items():
        row = ERROR_ROWS[error.group_id, id]
        assert (error.id, error.group, error.name) == (id, row["groupName"], row["name"])
        assert error.permanent is row["permanent"]


def test_a_block_is_a_refusal_and_4102_stands_beside_its_sibling():
    assert STATUS[87].group == "REJECTED"
    assert ERROR[4102].group == ERROR[4097].group == "OPERATOR_ERRORS"


def test_an_error_is_described_by_its_name_in_words():
    assert ERROR[0] == Error(0, "OK", 0, "NO_ERROR", "No Error", permanent=False)
    assert ERROR[27].description == "Absent Subscriber"
    assert ERROR[1].description == "Unknown Subscriber"


def test_a_status_without_a_remedy_has_no_action():
    assert STATUS[7] == Status(1, "PENDING", 7, "PENDING_ENROUTE", "Message sent to next instance")
    assert STATUS[51].action == "Check to parameter."
