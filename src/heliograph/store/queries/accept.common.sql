-- Accepting: what a request leaves behind.

-- name: add_known_ids
-- rows: account bigint, digest bytea, key bigint
INSERT INTO known_id (account, digest, key)
SELECT v.account, v.digest, v.key FROM v WHERE true ON CONFLICT DO NOTHING

-- name: find_known_ids
-- rows: account bigint, digest bytea, key bigint
-- returns: key bigint
SELECT v.key FROM v CROSS JOIN known_id k
WHERE k.account = v.account AND k.digest = v.digest AND k.key <> v.key

-- name: open_lanes
-- rows: id bigint, account bigint, name text, priority int, segment_interval bigint, next_due bigint, created_at bigint, send_at bigint, validity int, single int
-- returns: account bigint, name text, id bigint
INSERT INTO lane (id, account, name, priority, state, segment_interval, allowed_at, next_due, idle_at, created_at,
    send_at, validity, single, begun)
SELECT v.id, v.account, v.name, v.priority, 0, v.segment_interval, 0, v.next_due, v.created_at, v.created_at,
    v.send_at, v.validity, v.single, 0 FROM v WHERE true
ON CONFLICT (account, name) WHERE state <> 2 DO UPDATE SET single = 0, send_at = excluded.send_at,
    segment_interval = COALESCE(excluded.segment_interval, lane.segment_interval),
    next_due = CASE WHEN lane.next_due <= excluded.next_due THEN lane.next_due
        WHEN lane.allowed_at / 1000 > excluded.next_due THEN lane.allowed_at / 1000 ELSE excluded.next_due END
RETURNING account, name, id

-- name: add_messages
-- rows: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, due bigint, expires_at bigint, open_hours bytea, webhook bigint, intermediate int, options bytea, price bigint, prepaid int, lane bigint
INSERT INTO message (key, account, public_id, bulk_id, sender, recipient, body, data_coding, esm_class, segments,
    created_at, due, expires_at, open_hours, webhook, intermediate, options, price, prepaid, lane, state)
SELECT v.key, v.account, v.public_id, v.bulk_id, v.sender, v.recipient, v.body, v.data_coding, v.esm_class, v.segments,
    v.created_at, v.due, v.expires_at, v.open_hours, v.webhook, v.intermediate, v.options, v.price,
    v.prepaid, v.lane, 0
FROM v WHERE true

-- For bulks of which everything was refused: nothing waits in such a lane, and one that is there stays as it is.
-- name: name_lanes
-- rows: id bigint, account bigint, name text, now bigint
-- returns: account bigint, name text, id bigint
INSERT INTO lane (id, account, name, priority, state, allowed_at, idle_at, created_at, send_at, single, begun)
SELECT v.id, v.account, v.name, 0, 0, 0, v.now, v.now, v.now, 0, 0 FROM v WHERE true
ON CONFLICT (account, name) WHERE state <> 2 DO UPDATE SET name = excluded.name
RETURNING account, name, id

-- name: add_refusals
-- rows: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, created_at bigint, status int, options bytea, lane bigint, error int
INSERT INTO {history} (key, account, public_id, bulk_id, lane, sender, recipient, body, data_coding, esm_class, segments,
    created_at, done_at, status, error, options, price)
SELECT v.key, v.account, v.public_id, v.bulk_id, v.lane, v.sender, v.recipient, v.body, v.data_coding, v.esm_class, 0,
    v.created_at, v.created_at, v.status, v.error, v.options, 0
FROM v WHERE true
