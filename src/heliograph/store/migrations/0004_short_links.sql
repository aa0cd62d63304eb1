-- Short links. Their codes are not kept as digests: they stand in the bodies of messages, and beside what they open.
CREATE TABLE short_link (
    code TEXT PRIMARY KEY,
    account BIGINT NOT NULL,
    url TEXT NOT NULL,
    bulk_id TEXT,               -- another time for that is another time for this
    message_id TEXT,            -- as the customer knows it; NULL, and so what follows: nobody is told of clicks
    recipient TEXT,
    options {bytes},
    due BIGINT NOT NULL,        -- when its message is to leave
    since BIGINT NOT NULL,      -- from when on it is kept: the end of its message's validity
    clicked_at BIGINT           -- the latest click that somebody is told of
){clustered};
CREATE INDEX short_link_since ON short_link (since);
CREATE INDEX short_link_bulk ON short_link (account, bulk_id) WHERE bulk_id IS NOT NULL;

-- Clicks that somebody is still to be told of.
CREATE TABLE click (
    id {key},
    account BIGINT NOT NULL,
    url TEXT NOT NULL,
    message_id TEXT NOT NULL,
    bulk_id TEXT,
    recipient TEXT NOT NULL,
    options {bytes} NOT NULL,
    due BIGINT NOT NULL,
    at BIGINT NOT NULL
);
