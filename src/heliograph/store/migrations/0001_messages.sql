-- Times are UTC milliseconds, unless a name says microseconds.

CREATE TABLE account (
    id {key},
    name TEXT NOT NULL UNIQUE,
    password TEXT,              -- an argon2 digest, for Basic
    created_at BIGINT NOT NULL
);

CREATE TABLE api_key (
    id {key},
    account BIGINT NOT NULL REFERENCES account(id),
    digest {bytes} NOT NULL UNIQUE, -- SHA-256
    scopes TEXT,                -- with commas; NULL: all but admin
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- One row a running or ended process: a claim belongs to the epoch that made it.
CREATE TABLE epoch (
    id {serial},
    node TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT,             -- when it last showed that it can write
    ended_at BIGINT
);

-- A bulk, or all that an account sends without one: what is paused, paced and served in turn is this one row.
CREATE TABLE lane (
    id {key},
    account BIGINT NOT NULL,
    name TEXT NOT NULL,         -- the bulkId, or ''
    priority INT NOT NULL,
    state INT NOT NULL,         -- LaneState
    segment_interval BIGINT,    -- microseconds between two segments; NULL: no limit
    allowed_at BIGINT NOT NULL, -- microseconds: no segment of a paced lane leaves before
    next_due BIGINT,            -- when to look at it next; NULL: nothing waits
    idle_at BIGINT NOT NULL,    -- when it was last served
    created_at BIGINT NOT NULL,
    send_at BIGINT NOT NULL,    -- as its latest request asked; that request's time, where it did not
    validity INT,               -- minutes, as asked for by the only message object; NULL: it did not say
    single INT NOT NULL,        -- 1: one request with one message object, so one time and one validity are all of it
    begun INT NOT NULL          -- 1: something of it was claimed
);
-- A bulkId that was canceled may be used again, for another lane.
CREATE UNIQUE INDEX lane_named ON lane (account, name) WHERE state <> 2;
CREATE INDEX lane_canceled ON lane (account, name) WHERE state = 2;
CREATE INDEX lane_closed ON lane (state, next_due) WHERE state > 0 AND next_due IS NOT NULL;
CREATE INDEX lane_idle ON lane (idle_at) WHERE next_due IS NULL;
CREATE INDEX lane_due ON lane (priority, next_due) WHERE state = 0 AND next_due IS NOT NULL;
CREATE INDEX lane_shared ON lane (priority, account, next_due) WHERE state = 0 AND next_due IS NOT NULL;

CREATE TABLE message (
    key {key},
    account BIGINT NOT NULL,
    public_id TEXT,
    bulk_id TEXT,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body {bytes} NOT NULL,
    data_coding INT NOT NULL,
    esm_class INT NOT NULL,
    segments INT NOT NULL,
    created_at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    open_hours {bytes},
    webhook BIGINT,             -- NULL: pulled; 0: no report
    intermediate INT NOT NULL,  -- 1: intermediate reports are wanted
    options {bytes} NOT NULL,
    price BIGINT NOT NULL,      -- millionths
    prepaid INT NOT NULL,       -- 1: the price is reserved from the account's balance
    lane BIGINT NOT NULL,
    state INT NOT NULL,         -- MessageState
    reference INT,              -- of its concatenation, kept for every further try
    event BIGINT,               -- of its last claim; NULL: never claimed, and without segments
    noted TEXT                  -- errors already told in intermediate reports
);
-- With expires_at, because an outage may leave many behind that have expired: they are passed over in the index.
CREATE INDEX message_due ON message (lane, due, key, expires_at) WHERE state = 0;
-- Whether something of a bulk is still on its way.
CREATE INDEX message_taken ON message (lane) WHERE state > 0;
CREATE INDEX message_expiry ON message (expires_at, key);
CREATE INDEX message_logged ON message (account, created_at{then_key});

CREATE TABLE segment (
    message BIGINT NOT NULL,
    part INT NOT NULL,
    state INT NOT NULL,         -- SegmentState
    smsc TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    event BIGINT NOT NULL,
    attempts INT NOT NULL,      -- submit_sm that left and were refused
    unanswered INT NOT NULL,    -- submit_sm that left and whose answer was lost
    sent_at BIGINT,
    done_at BIGINT,
    status INT,
    error INT,
    note TEXT,
    PRIMARY KEY (message, part)
){clustered};
CREATE INDEX segment_open ON segment (epoch) WHERE state <= 1;

-- Both sides write here: the answer to a submit_sm, and the receipt that names it. Whichever comes second finds the first.
CREATE TABLE receipt_key (
    id {serial},
    smsc TEXT NOT NULL,
    id_key TEXT NOT NULL,
    message BIGINT,             -- NULL: a receipt nobody knows yet
    part INT,
    event BIGINT NOT NULL,      -- of the claim, or of the receipt's arrival
    receipt {bytes},
    final INT NOT NULL,         -- 1: a kept receipt that is final, which an intermediate one does not replace
    at BIGINT NOT NULL,
    UNIQUE (smsc, id_key)
);

CREATE TABLE known_id (
    account BIGINT NOT NULL,
    digest {bytes} NOT NULL,
    key BIGINT NOT NULL,
    PRIMARY KEY (account, digest)
){clustered};

-- The concatenation reference last used from a sender to a recipient.
CREATE TABLE reference (
    pair {key},    -- a hash; two pairs that share it share a counter, which does no harm
    last INT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX reference_used ON reference (used_at);

-- Reports that wait: to be pushed (webhook) or pulled (none). Inbound messages and clicks are here while they wait to be
-- pushed.
CREATE TABLE report (
    id {counter},               -- never used again: whoever has looked may still name it
    account BIGINT NOT NULL,
    webhook BIGINT,
    message BIGINT NOT NULL,
    lane BIGINT NOT NULL,
    day INT NOT NULL,           -- the history that holds the message; 0: it is still live; -2: it is an inbound one; -3: a click
    due BIGINT NOT NULL,
    attempts INT NOT NULL,
    status INT NOT NULL,
    error INT NOT NULL,
    note TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX report_push ON report (webhook, due, id) WHERE webhook IS NOT NULL;
CREATE INDEX report_pull ON report (account, id) WHERE webhook IS NULL;
CREATE INDEX report_pull_lane ON report (account, lane, id) WHERE webhook IS NULL;
CREATE INDEX report_pull_message ON report (message) WHERE webhook IS NULL;

-- A URL of an account with reports that wait: when to look at it next.
CREATE TABLE webhook (
    id {key},
    next_due BIGINT NOT NULL,   -- never before rests_until
    rests_until BIGINT NOT NULL -- it waits for a place at its host
);
CREATE INDEX webhook_due ON webhook (next_due);

-- Mobile-originated messages, whole, of the last days.
CREATE TABLE inbound (
    id {key},
    smsc TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    data_coding INT NOT NULL,
    esm_class INT NOT NULL,
    body {bytes} NOT NULL,
    segments INT NOT NULL,      -- parts that came
    received_at BIGINT NOT NULL,
    looked INT NOT NULL,        -- 1: its owner has been looked for
    account BIGINT,             -- NULL: it has none
    keyword TEXT,
    options {bytes},
    unread INT NOT NULL,        -- 1: it waits to be pulled
    since BIGINT                -- from when on it is kept; NULL: it is still being pushed
);
CREATE INDEX inbound_unowned ON inbound (looked, id) WHERE account IS NULL;
CREATE INDEX inbound_unread ON inbound (account, id) WHERE unread = 1;
CREATE INDEX inbound_log ON inbound (account, received_at, id) WHERE account IS NOT NULL;
CREATE INDEX inbound_since ON inbound (since) WHERE since IS NOT NULL;

-- A long message whose parts come in, or came in a moment ago: they may come again.
CREATE TABLE inbound_set (
    id {key},
    smsc TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    width INT NOT NULL,         -- bits of the reference; 0: it came in TLVs
    reference INT NOT NULL,
    total INT NOT NULL,
    began_at BIGINT NOT NULL,
    joined_at BIGINT,           -- NULL: parts are missing
    UNIQUE (smsc, sender, recipient, width, reference, total)
);
CREATE INDEX inbound_set_age ON inbound_set (began_at);

CREATE TABLE inbound_part (
    inbound_set BIGINT NOT NULL,
    number INT NOT NULL,
    id BIGINT NOT NULL,
    data_coding INT NOT NULL,
    esm_class INT NOT NULL,
    body {bytes} NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (inbound_set, number)
){clustered};

CREATE TABLE history_day (
    day {key},
    asked BIGINT NOT NULL       -- of the reports up to this id none is of this day; 0: nobody has asked
);

-- The order in which claims were made and receipts came: no clock decides it.
{event}
