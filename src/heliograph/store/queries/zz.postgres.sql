-- What PostgreSQL says in its own way.

-- name: next_event
-- returns: value bigint
SELECT nextval('event') AS value

-- name: claim_event
-- params: epoch bigint
-- returns: value bigint
SELECT nextval('event') AS value FROM epoch WHERE id = :epoch AND ended_at IS NULL

-- name: lock_lanes
-- rows: lane bigint
-- returns: id bigint, state int
SELECT lane.id, lane.state FROM v CROSS JOIN lane WHERE lane.id = v.lane ORDER BY lane.id FOR UPDATE OF lane

-- name: lock_balances
-- rows: account bigint
-- returns: account bigint, available bigint
SELECT b.account, b.available FROM v CROSS JOIN balance b WHERE b.account = v.account ORDER BY b.account FOR UPDATE OF b

-- name: find_receipt_keys
-- rows: n int, smsc text, id_key text
-- returns: n int, message bigint, part int, state int, segments int, webhook bigint, sent_at bigint, prepaid int
SELECT v.n, k.message, k.part, s.state, m.segments, m.webhook, s.sent_at, m.prepaid
FROM v CROSS JOIN receipt_key k
LEFT JOIN segment s ON s.message = k.message AND s.part = k.part
LEFT JOIN message m ON m.key = k.message
WHERE k.smsc = v.smsc AND k.id_key = v.id_key AND k.message IS NOT NULL
FOR UPDATE OF k

-- name: old_pulls
-- params: before bigint, most int
WITH RECURSIVE a(account) AS (SELECT MIN(account) FROM report WHERE webhook IS NULL UNION ALL
    SELECT (SELECT MIN(r.account) FROM report r WHERE r.webhook IS NULL AND r.account > a.account)
    FROM a WHERE a.account IS NOT NULL)
DELETE FROM report WHERE id IN (SELECT o.id FROM a
    CROSS JOIN LATERAL (SELECT f.due FROM report f WHERE f.webhook IS NULL AND f.account = a.account AND f.id > 0
        ORDER BY f.id LIMIT 1) f
    CROSS JOIN LATERAL (SELECT r.id, r.due FROM report r WHERE r.webhook IS NULL AND r.account = a.account
        AND r.id > 0 AND f.due < :before ORDER BY r.id LIMIT :most) o
    WHERE o.due < :before LIMIT :most)

-- name: shared_lanes
-- params: priority int, now bigint, after bigint, most int
-- returns: id bigint, segment_interval bigint, allowed_at bigint, account bigint
WITH RECURSIVE behind(account, next_due) AS (
    (SELECT account, next_due FROM lane WHERE state = 0 AND next_due IS NOT NULL AND priority = :priority
        AND account > :after ORDER BY account, next_due LIMIT 1)
    UNION ALL SELECT n.account, n.next_due FROM behind b CROSS JOIN LATERAL (
        SELECT l.account, l.next_due FROM lane l WHERE l.state = 0 AND l.next_due IS NOT NULL
            AND l.priority = :priority AND l.account > b.account ORDER BY l.account, l.next_due LIMIT 1) n),
before(account, next_due) AS (
    (SELECT account, next_due FROM lane WHERE state = 0 AND next_due IS NOT NULL AND priority = :priority
        AND account <= :after ORDER BY account, next_due LIMIT 1)
    UNION ALL SELECT n.account, n.next_due FROM before b CROSS JOIN LATERAL (
        SELECT l.account, l.next_due FROM lane l WHERE l.state = 0 AND l.next_due IS NOT NULL
            AND l.priority = :priority AND l.account > b.account AND l.account <= :after
            ORDER BY l.account, l.next_due LIMIT 1) n),
due(account) AS MATERIALIZED (SELECT w.account FROM (SELECT * FROM behind UNION ALL SELECT * FROM before) w
    WHERE w.next_due <= :now LIMIT :most)
SELECT l.id, l.segment_interval, l.allowed_at, due.account FROM due
    CROSS JOIN LATERAL (SELECT d.id, d.segment_interval, d.allowed_at, d.next_due FROM lane d
        WHERE d.state = 0 AND d.priority = :priority AND d.account = due.account AND d.next_due <= :now
        ORDER BY d.account, d.next_due LIMIT :most / (SELECT COUNT(*) FROM due)) l
ORDER BY due.account <= :after, due.account, l.next_due

-- Before 17, a subquery with a LIMIT that looks at `v` is asked for every message there is.
-- name: due_messages
-- rows: lane bigint
-- params: now bigint, most int
-- returns: lane bigint, due bigint, key bigint, account bigint, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, created_at bigint, expires_at bigint, open_hours bytea, reference int, event bigint, intermediate int, prepaid int
SELECT m.lane, m.due, m.key, m.account, m.sender, m.recipient, m.body, m.data_coding, m.esm_class, m.segments,
    m.created_at, m.expires_at, m.open_hours, m.reference, m.event, m.intermediate,
    m.prepaid
FROM v CROSS JOIN LATERAL (SELECT d.* FROM message d WHERE d.lane = v.lane AND d.state = 0 AND d.due <= :now
    AND d.expires_at > :now ORDER BY d.due, d.key LIMIT :most) m
