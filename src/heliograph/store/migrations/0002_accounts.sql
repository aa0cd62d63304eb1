-- Times are UTC milliseconds, money is in millionths of the currency of the configuration.

-- An account's own settings; what has no row is at its default.
CREATE TABLE setting (
    account BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,        -- JSON
    PRIMARY KEY (account, name)
){clustered};

-- What was opened with a password or a key, and stands for it until it expires.
CREATE TABLE token (
    digest {bytes} PRIMARY KEY, -- SHA-256
    kind INT NOT NULL,          -- TokenKind
    account BIGINT NOT NULL,
    api_key BIGINT,             -- it opens as long as this key does
    password TEXT,              -- or, an argon2 digest, as long as this is the account's
    expires_at BIGINT NOT NULL
){clustered};
CREATE INDEX token_expiry ON token (expires_at);

CREATE TABLE balance (
    account {key},
    available BIGINT NOT NULL,
    reserved BIGINT NOT NULL    -- by messages whose price is not settled yet
);

-- What was paid in under a name, so that it is paid in once.
CREATE TABLE top_up (
    account BIGINT NOT NULL,
    reference TEXT NOT NULL,
    amount BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, reference)
){clustered};

-- Where an account sends nothing, and what it may not send as. Not read as a whole: there may be very many.
CREATE TABLE blocked (
    account BIGINT NOT NULL,
    kind TEXT NOT NULL,         -- recipient or sender
    value TEXT NOT NULL,        -- a number, its beginning and *, or a sender in lower case
    PRIMARY KEY (account, kind, value)
){clustered};
