-- What an account's settings do at acceptance, and repeated requests.

-- What is too old to be given again is written over.
-- name: keep_answers
-- rows: account bigint, digest bytea, request bytea, answer bytea, until bigint
-- params: now bigint
-- returns: account bigint, digest bytea
INSERT INTO idempotency (account, digest, request, answer, until)
SELECT v.account, v.digest, v.request, v.answer, v.until FROM v WHERE true
ON CONFLICT (account, digest) DO UPDATE SET
    request = excluded.request, answer = excluded.answer, refused = NULL, until = excluded.until
    WHERE idempotency.until <= :now
RETURNING account, digest

-- name: kept_answers
-- rows: account bigint, digest bytea
-- returns: account bigint, digest bytea, request bytea, answer bytea, refused bytea
SELECT i.account, i.digest, i.request, i.answer, i.refused
FROM v CROSS JOIN idempotency i WHERE i.account = v.account AND i.digest = v.digest

-- name: keep_refused
-- rows: account bigint, digest bytea, refused bytea
UPDATE idempotency SET refused = v.refused FROM v
WHERE idempotency.account = v.account AND idempotency.digest = v.digest

-- name: old_answers
-- params: now bigint, most int
DELETE FROM idempotency WHERE (account, digest) IN
    (SELECT o.account, o.digest FROM idempotency o WHERE o.until <= :now ORDER BY o.until LIMIT :most)

-- name: floods
-- rows: account bigint, recipient text, since bigint
-- returns: account bigint, recipient text, content bigint
SELECT f.account, f.recipient, f.content FROM v CROSS JOIN flood f
WHERE f.account = v.account AND f.recipient = v.recipient AND f.at > v.since

-- name: add_floods
-- rows: message bigint, account bigint, recipient text, content bigint, at bigint
INSERT INTO flood (message, account, recipient, content, at)
SELECT v.message, v.account, v.recipient, v.content, v.at FROM v WHERE true

-- name: old_floods
-- params: before bigint, most int
DELETE FROM flood WHERE message IN (SELECT message FROM flood WHERE at <= :before ORDER BY at LIMIT :most)
