-- What requests with an Idempotency-Key were answered.
CREATE TABLE idempotency (
    account BIGINT NOT NULL,
    digest {bytes} NOT NULL,    -- of the key
    request {bytes} NOT NULL,   -- a digest of it
    answer {bytes} NOT NULL,    -- what it was to be answered, should nothing be refused by the transaction
    refused {bytes},            -- what was: status ids by the keys of messages, in MessagePack
    until BIGINT NOT NULL,
    PRIMARY KEY (account, digest)
);
CREATE INDEX idempotency_age ON idempotency (until);

-- What recipients were sent in the last hour, of accounts with a flooding filter.
CREATE TABLE flood (
    message {key},
    account BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    content BIGINT NOT NULL,    -- a hash of body and coding
    at BIGINT NOT NULL
);
CREATE INDEX flood_recipient ON flood (account, recipient, at, content);
CREATE INDEX flood_age ON flood (at);
