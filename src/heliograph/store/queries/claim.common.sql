-- Claiming: what waits in the lanes goes to a link.
-- `state + 0` here and in settling: rows are found by their key. PostgreSQL would read the whole index of what is open.

-- name: due_lanes
-- params: priority int, now bigint, most int
-- returns: id bigint, segment_interval bigint, allowed_at bigint, account bigint
SELECT id, segment_interval, allowed_at, account FROM lane
WHERE state = 0 AND priority = :priority AND next_due <= :now ORDER BY next_due LIMIT :most

-- Account by account, from the one behind :after on and round to it: those with due lanes, and of each its earliest. To be
-- asked where there are more due lanes than are served at a time: its tables cost more than what they hold.
-- name: shared_lanes
-- params: priority int, now bigint, after bigint, most int
-- returns: id bigint, segment_interval bigint, allowed_at bigint, account bigint
WITH RECURSIVE behind(account) AS (
    SELECT MIN(account) FROM lane
        WHERE state = 0 AND next_due IS NOT NULL AND priority = :priority AND account > :after
    UNION ALL SELECT (SELECT MIN(l.account) FROM lane l
        WHERE l.state = 0 AND l.next_due IS NOT NULL AND l.priority = :priority AND l.account > b.account)
    FROM behind b WHERE b.account IS NOT NULL),
before(account) AS (
    SELECT MIN(account) FROM lane
        WHERE state = 0 AND next_due IS NOT NULL AND priority = :priority AND account <= :after
    UNION ALL SELECT (SELECT MIN(l.account) FROM lane l WHERE l.state = 0 AND l.next_due IS NOT NULL
        AND l.priority = :priority AND l.account > b.account AND l.account <= :after)
    FROM before b WHERE b.account IS NOT NULL),
due(account) AS MATERIALIZED (SELECT w.account FROM (SELECT account FROM behind UNION ALL SELECT account FROM before) w
    WHERE EXISTS (SELECT 1 FROM lane d WHERE d.state = 0 AND d.priority = :priority AND d.account = w.account
        AND d.next_due <= :now) LIMIT :most)
SELECT l.id, l.segment_interval, l.allowed_at, l.account FROM due CROSS JOIN lane l
WHERE l.id IN (SELECT d.id FROM lane d WHERE d.state = 0 AND d.priority = :priority AND d.account = due.account
    AND d.next_due <= :now ORDER BY d.next_due LIMIT :most / (SELECT COUNT(*) FROM due))
ORDER BY l.account <= :after, l.account, l.next_due

-- name: due_messages
-- rows: lane bigint
-- params: now bigint, most int
-- returns: lane bigint, due bigint, key bigint, account bigint, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, expires_at bigint, open_hours bytea, reference int, event bigint, intermediate int, prepaid int
SELECT m.lane, m.due, m.key, m.account, m.sender, m.recipient, m.body, m.data_coding, m.esm_class, m.segments,
    m.created_at, m.expires_at, m.open_hours, m.reference, m.event, m.intermediate,
    m.prepaid
FROM v CROSS JOIN message m
WHERE m.key IN (SELECT d.key FROM message d WHERE d.lane = v.lane AND d.state = 0 AND d.due <= :now
    AND d.expires_at > :now ORDER BY d.due, d.key LIMIT :most)

-- name: segments_of
-- rows: message bigint
-- returns: message bigint, part int, state int, attempts int, unanswered int
SELECT s.message, s.part, s.state, s.attempts, s.unanswered FROM v CROSS JOIN segment s WHERE s.message = v.message

-- name: take_messages
-- rows: key bigint, before bigint, lane bigint
-- params: event bigint, now bigint
UPDATE message SET state = 1, event = :event
FROM v WHERE message.key = v.key AND message.state + 0 = 0 AND message.event IS NOT DISTINCT FROM v.before
    AND message.lane = v.lane AND message.due <= :now

-- name: taken_messages
-- rows: key bigint
-- params: event bigint
-- returns: key bigint
SELECT m.key FROM v CROSS JOIN message m WHERE m.key = v.key AND m.state + 0 = 1 AND m.event = :event

-- name: live_messages
-- rows: key bigint
-- returns: key bigint
SELECT m.key FROM v CROSS JOIN message m WHERE m.key = v.key AND m.state + 0 = 1

-- name: claim_segments
-- rows: message bigint, part int, state int, smsc text
-- params: epoch bigint, event bigint
INSERT INTO segment (message, part, state, smsc, epoch, event, attempts, unanswered)
SELECT v.message, v.part, v.state, v.smsc, :epoch, :event, 0, 0 FROM v WHERE true
ON CONFLICT (message, part) DO UPDATE SET
    state = excluded.state, smsc = excluded.smsc, epoch = excluded.epoch, event = excluded.event
    WHERE segment.state = 0

-- name: find_references
-- rows: pair bigint
-- returns: pair bigint, last int
SELECT r.pair, r.last FROM v CROSS JOIN reference r WHERE r.pair = v.pair

-- name: keep_references
-- rows: pair bigint, last int
-- params: now bigint
INSERT INTO reference (pair, last, used_at) SELECT v.pair, v.last, :now FROM v WHERE true
ON CONFLICT (pair) DO UPDATE SET last = excluded.last, used_at = excluded.used_at

-- name: set_references
-- rows: key bigint, reference int
UPDATE message SET reference = v.reference FROM v WHERE message.key = v.key

-- name: move_messages
-- rows: key bigint, state int, due bigint
-- params: now bigint
UPDATE message SET state = v.state, due = v.due,
    expires_at = CASE WHEN v.state = 0 AND message.expires_at < :now THEN :now ELSE message.expires_at END
FROM v WHERE message.key = v.key

-- name: wake_lanes
-- rows: key bigint, due bigint
UPDATE lane SET next_due = CASE WHEN lane.allowed_at / 1000 > w.due THEN lane.allowed_at / 1000 ELSE w.due END
FROM (SELECT m.lane, MIN(v.due) AS due FROM v CROSS JOIN message m WHERE m.key = v.key GROUP BY m.lane) w
WHERE lane.id = w.lane AND (lane.next_due IS NULL OR lane.next_due > w.due)

-- name: pace_lanes
-- rows: lane bigint, allowed_at bigint
UPDATE lane SET allowed_at = v.allowed_at FROM v WHERE lane.id = v.lane

-- name: lock_lanes
-- rows: lane bigint
-- returns: id bigint, state int
SELECT lane.id, lane.state FROM v CROSS JOIN lane WHERE lane.id = v.lane

-- name: refresh_lanes
-- rows: lane bigint
-- params: now bigint, begun int
UPDATE lane SET idle_at = :now, begun = CASE WHEN :begun = 1 THEN 1 ELSE lane.begun END, next_due = (
    SELECT CASE WHEN lane.allowed_at / 1000 > m.due AND lane.allowed_at / 1000 > :now THEN lane.allowed_at / 1000
        WHEN m.due < :now THEN :now ELSE m.due END
    FROM message m WHERE m.lane = lane.id AND m.state = 0 AND m.expires_at > :now ORDER BY m.due, m.key LIMIT 1)
FROM v WHERE lane.id = v.lane
