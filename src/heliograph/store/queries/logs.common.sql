-- Logs: every message of an account, in slices, newest first. A place is (logged_at, key).
-- What is in the index is asked first, so that only what fits is read from its table.

-- How far a slice may look: the place that is `skip` behind another.
-- name: log_place_live
-- params: account bigint, at bigint, key bigint, skip int
-- returns: logged_at bigint, key bigint
SELECT m.created_at AS logged_at, m.key FROM message m
WHERE m.account = :account AND (m.created_at, m.key) < (:at, :key)
ORDER BY m.created_at DESC, m.key DESC LIMIT 1 OFFSET :skip

-- name: log_place_account
-- params: account bigint, at bigint, key bigint, low_at bigint, skip int
-- returns: logged_at bigint, key bigint
SELECT h.logged_at, h.key FROM {history} h
WHERE h.account = :account AND (h.logged_at, h.key) < (:at, :key) AND h.logged_at >= :low_at
ORDER BY h.logged_at DESC, h.key DESC LIMIT 1 OFFSET :skip

-- name: log_place_bulk
-- params: lane bigint, at bigint, key bigint, low_at bigint, skip int
-- returns: logged_at bigint, key bigint
SELECT h.logged_at, h.key FROM {history} h
WHERE h.lane = :lane AND h.bulk_id <> CAST(h.key AS TEXT) AND (h.logged_at, h.key) < (:at, :key) AND h.logged_at >= :low_at
ORDER BY h.logged_at DESC, h.key DESC LIMIT 1 OFFSET :skip

-- name: logs_live
-- params: account bigint, lane bigint, since bigint, until bigint, at bigint, key bigint, low_at bigint, low_key bigint, sender text, recipient text, entity bytea, application bytea, campaign bytea, most int
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT m.key, m.account, m.public_id, m.bulk_id, m.sender, m.recipient, m.body, m.data_coding, m.esm_class, m.segments,
    m.created_at, (SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key) AS sent_at,
    CAST(NULL AS BIGINT) AS done_at, CASE WHEN m.state = 0 THEN 26 WHEN EXISTS (SELECT 1 FROM segment s
        WHERE s.message = m.key AND s.state NOT IN (2, 3)) THEN 7 ELSE 3 END AS status,
    0 AS error, CAST(NULL AS TEXT) AS note, m.options, m.price, m.created_at AS logged_at
FROM message m WHERE m.account = :account
    AND (m.created_at, m.key) < (:at, :key) AND (m.created_at, m.key) >= (:low_at, :low_key)
    AND (:lane IS NULL OR m.lane = :lane)
    AND (:recipient IS NULL OR m.recipient = :recipient)
    AND (:since IS NULL OR :since <= COALESCE((SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key), m.created_at))
    AND (:until IS NULL OR :until >= COALESCE((SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key), m.created_at))
    AND (:sender IS NULL OR m.sender = :sender)
    AND (:entity IS NULL OR {position}(m.options, :entity) > 0)
    AND (:application IS NULL OR {position}(m.options, :application) > 0)
    AND (:campaign IS NULL OR {position}(m.options, :campaign) > 0)
ORDER BY m.created_at DESC, m.key DESC LIMIT :most

-- name: logs_account
-- params: account bigint, statuses text, at bigint, key bigint, low_at bigint, low_key bigint, sender text, recipient text, entity bytea, application bytea, campaign bytea, most int
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT h.key, h.account, h.public_id, h.bulk_id, h.sender, h.recipient, h.body, h.data_coding, h.esm_class, h.segments,
    h.created_at, h.sent_at, h.done_at, h.status, h.error, h.note, h.options, h.price, h.logged_at
FROM {history} h WHERE h.account = :account AND (h.logged_at, h.key) < (:at, :key) AND (h.logged_at, h.key) >= (:low_at, :low_key)
    AND (:recipient IS NULL OR h.recipient = :recipient)
    AND (:statuses IS NULL OR :statuses LIKE '%,' || h.status || ',%')
    AND (:sender IS NULL OR h.sender = :sender)
    AND (:entity IS NULL OR {position}(h.options, :entity) > 0)
    AND (:application IS NULL OR {position}(h.options, :application) > 0)
    AND (:campaign IS NULL OR {position}(h.options, :campaign) > 0)
ORDER BY h.logged_at DESC, h.key DESC LIMIT :most

-- name: logs_bulk
-- params: lane bigint, statuses text, at bigint, key bigint, low_at bigint, low_key bigint, sender text, recipient text, entity bytea, application bytea, campaign bytea, most int
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT h.key, h.account, h.public_id, h.bulk_id, h.sender, h.recipient, h.body, h.data_coding, h.esm_class, h.segments,
    h.created_at, h.sent_at, h.done_at, h.status, h.error, h.note, h.options, h.price, h.logged_at
FROM {history} h WHERE h.lane = :lane AND h.bulk_id <> CAST(h.key AS TEXT) AND (h.logged_at, h.key) < (:at, :key) AND (h.logged_at, h.key) >= (:low_at, :low_key)
    AND (:recipient IS NULL OR h.recipient = :recipient)
    AND (:statuses IS NULL OR :statuses LIKE '%,' || h.status || ',%')
    AND (:sender IS NULL OR h.sender = :sender)
    AND (:entity IS NULL OR {position}(h.options, :entity) > 0)
    AND (:application IS NULL OR {position}(h.options, :application) > 0)
    AND (:campaign IS NULL OR {position}(h.options, :campaign) > 0)
ORDER BY h.logged_at DESC, h.key DESC LIMIT :most

-- name: log_live
-- rows: key bigint
-- params: account bigint
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT m.key, m.account, m.public_id, m.bulk_id, m.sender, m.recipient, m.body, m.data_coding, m.esm_class, m.segments,
    m.created_at, (SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key) AS sent_at,
    CAST(NULL AS BIGINT) AS done_at, CASE WHEN m.state = 0 THEN 26 WHEN EXISTS (SELECT 1 FROM segment s
        WHERE s.message = m.key AND s.state NOT IN (2, 3)) THEN 7 ELSE 3 END AS status,
    0 AS error, CAST(NULL AS TEXT) AS note, m.options, m.price, m.created_at AS logged_at
FROM v CROSS JOIN message m WHERE m.key = v.key AND m.account = :account

-- name: log_ended
-- rows: key bigint
-- params: account bigint
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT h.key, h.account, h.public_id, h.bulk_id, h.sender, h.recipient, h.body, h.data_coding, h.esm_class, h.segments,
    h.created_at, h.sent_at, h.done_at, h.status, h.error, h.note, h.options, h.price, h.logged_at
FROM v CROSS JOIN {history} h WHERE h.key = v.key AND h.account = :account

-- name: log_refused
-- rows: public_id text
-- params: account bigint
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, sent_at bigint, done_at bigint, status int, error int, note text, options bytea, price bigint, logged_at bigint
SELECT h.key, h.account, h.public_id, h.bulk_id, h.sender, h.recipient, h.body, h.data_coding, h.esm_class, h.segments,
    h.created_at, h.sent_at, h.done_at, h.status, h.error, h.note, h.options, h.price, h.logged_at
FROM v CROSS JOIN {history} h
WHERE h.account = :account AND h.public_id = v.public_id AND h.segments = 0 AND h.public_id IS NOT NULL

-- name: logged_lanes
-- rows: account bigint, name text
-- returns: id bigint, created_at bigint
SELECT l.id, l.created_at FROM v CROSS JOIN lane l WHERE l.account = v.account AND l.name = v.name
