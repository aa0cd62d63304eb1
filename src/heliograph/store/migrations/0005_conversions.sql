-- Messages of which their customer has told that they led to what he wanted.
CREATE TABLE conversion (
    message {key},
    account BIGINT NOT NULL,
    process_key TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX conversion_age ON conversion (at);
