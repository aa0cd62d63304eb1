-- Upkeep: what time alone causes, and what a start finds.

-- name: expiring
-- params: state int, after bigint, before bigint, most int
-- returns: key bigint, sent int, unanswered int, prepaid int
SELECT m.key,
    (SELECT COUNT(*) FROM segment s WHERE s.message = m.key AND s.sent_at IS NOT NULL) AS sent,
    (SELECT COUNT(*) FROM segment s WHERE s.message = m.key AND s.sent_at IS NULL AND (s.state IN (1, 4) OR s.unanswered > 0))
        AS unanswered, m.prepaid
FROM message m WHERE m.state = :state AND m.expires_at > :after AND m.expires_at <= :before ORDER BY m.expires_at, m.key LIMIT :most

-- name: canceled_lanes
-- params: most int
-- returns: id bigint
SELECT id FROM lane WHERE state > 0 AND state = 2 AND next_due IS NOT NULL ORDER BY next_due LIMIT :most

-- name: canceled_messages
-- params: lane bigint, most int
-- returns: key bigint, sent int, unanswered int, prepaid int
SELECT m.key,
    (SELECT COUNT(*) FROM segment s WHERE s.message = m.key AND s.sent_at IS NOT NULL) AS sent,
    (SELECT COUNT(*) FROM segment s WHERE s.message = m.key AND s.sent_at IS NULL AND s.unanswered > 0) AS unanswered,
    m.prepaid
FROM message m WHERE m.lane = :lane AND m.state = 0 ORDER BY m.due, m.key LIMIT :most

-- name: rest_lane
-- params: lane bigint, now bigint
UPDATE lane SET next_due = NULL, idle_at = :now WHERE id = :lane

-- name: orphans
-- params: epoch bigint, most int
-- returns: message bigint, part int, state int, smsc text, unanswered int, account bigint, message_state int
SELECT s.message, s.part, s.state, s.smsc, s.unanswered, m.account, m.state AS message_state
FROM segment s JOIN message m ON m.key = s.message
WHERE s.state <= 1 AND s.epoch < :epoch AND s.message IN
    (SELECT DISTINCT o.message FROM segment o WHERE o.state <= 1 AND o.epoch < :epoch LIMIT :most)

-- name: adopt_segments
-- rows: message bigint, part int, state int, unanswered int
-- params: epoch bigint
UPDATE segment SET state = v.state, epoch = :epoch, unanswered = v.unanswered
FROM v WHERE segment.message = v.message AND segment.part = v.part

-- name: end_epochs
-- params: epoch bigint, now bigint
UPDATE epoch SET ended_at = :now WHERE id < :epoch AND ended_at IS NULL

-- name: begin_epoch
-- params: node text, now bigint
-- returns: id bigint
INSERT INTO epoch (node, started_at) VALUES (:node, :now) RETURNING id

-- name: touch_epoch
-- params: epoch bigint, now bigint
UPDATE epoch SET seen_at = :now WHERE id = :epoch

-- name: old_receipt_keys
-- params: before bigint, most int
DELETE FROM receipt_key WHERE id IN (SELECT o.id FROM (SELECT id, at FROM receipt_key ORDER BY id LIMIT :most) o
    WHERE o.at < :before)

-- Account by account, of each the oldest: what waits to be pushed is passed over, and so are accounts with nothing old.
-- name: old_pulls
-- params: before bigint, most int
WITH RECURSIVE a(account) AS (SELECT MIN(account) FROM report WHERE webhook IS NULL UNION ALL
    SELECT (SELECT MIN(r.account) FROM report r WHERE r.webhook IS NULL AND r.account > a.account)
    FROM a WHERE a.account IS NOT NULL)
DELETE FROM report WHERE id IN (SELECT r.id FROM a CROSS JOIN report r WHERE :before >
        (SELECT f.due FROM report f WHERE f.webhook IS NULL AND f.account = a.account ORDER BY f.id LIMIT 1)
    AND r.id IN (SELECT o.id FROM report o WHERE o.webhook IS NULL AND o.account = a.account ORDER BY o.id LIMIT :most)
    AND r.due < :before LIMIT :most)

-- name: old_inbound
-- params: before bigint, most int
DELETE FROM inbound WHERE id IN (SELECT id FROM inbound WHERE since < :before ORDER BY since LIMIT :most)

-- name: old_references
-- params: before bigint, most int
DELETE FROM reference WHERE pair IN (SELECT pair FROM reference WHERE used_at < :before ORDER BY used_at LIMIT :most)

-- name: resting_lanes
-- params: before bigint, most int
-- returns: id bigint
SELECT id FROM lane WHERE state > 0 AND state = 1 AND next_due IS NOT NULL AND next_due < :before
ORDER BY next_due LIMIT :most

-- name: old_lanes
-- params: before bigint, most int
DELETE FROM lane WHERE id IN (SELECT id FROM lane WHERE name <> '' AND next_due IS NULL AND idle_at < :before
    ORDER BY idle_at LIMIT :most)

-- name: old_days
-- params: before int
-- returns: day int, asked bigint
SELECT day, asked FROM history_day WHERE day < :before ORDER BY day

-- It reads all reports that wait with larger ids.
-- name: reported_days
-- params: day int, after bigint
-- returns: waiting int
SELECT COUNT(*) AS waiting FROM (SELECT 1 FROM report WHERE id > :after AND day = :day LIMIT 1) r

-- name: day_asked
-- params: day int
UPDATE history_day SET asked = (SELECT COALESCE(MAX(id), 0) FROM report) WHERE day = :day

-- name: aged_ids
-- params: most int
-- returns: key bigint, account bigint, public_id text
SELECT key, account, public_id FROM {history} ORDER BY key LIMIT :most

-- With the key, because a refused message has an id that it did not use up.
-- name: forget_ids
-- rows: account bigint, digest bytea, key bigint
DELETE FROM known_id WHERE (account, digest) IN (SELECT v.account, v.digest FROM v CROSS JOIN known_id k
    WHERE k.account = v.account AND k.digest = v.digest AND k.key = v.key)

-- name: forget_history
-- rows: key bigint
DELETE FROM {history} WHERE key IN (SELECT v.key FROM v)

-- name: drop_history
DROP TABLE {history}

-- name: drop_history_day
-- params: day int
DELETE FROM history_day WHERE day = :day

-- name: create_history
CREATE TABLE IF NOT EXISTS {history} (key {key}, account BIGINT NOT NULL, public_id TEXT, bulk_id TEXT,
    lane BIGINT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, body {bytes} NOT NULL, data_coding INT NOT NULL,
    esm_class INT NOT NULL, segments INT NOT NULL, created_at BIGINT NOT NULL, sent_at BIGINT, done_at BIGINT NOT NULL,
    status INT NOT NULL, error INT NOT NULL, note TEXT, options {bytes} NOT NULL, price BIGINT NOT NULL,
    logged_at BIGINT NOT NULL GENERATED ALWAYS AS (COALESCE(sent_at, created_at)) {computed});
CREATE INDEX IF NOT EXISTS {history}_logged ON {history} (account, logged_at, key, recipient, status);
CREATE INDEX IF NOT EXISTS {history}_bulk ON {history} (lane, logged_at{then_key}) WHERE bulk_id <> CAST(key AS TEXT);
CREATE INDEX IF NOT EXISTS {history}_refused ON {history} (account, public_id)
    WHERE segments = 0 AND public_id IS NOT NULL
