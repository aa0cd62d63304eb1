-- What is due in a lane and not yet expired is found without a look at the messages: an outage may leave many behind.

DROP INDEX message_due;
CREATE INDEX message_due ON message (lane, due, key, expires_at) WHERE state = 0;
