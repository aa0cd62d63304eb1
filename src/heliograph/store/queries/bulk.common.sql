-- Bulks: how they stand, and what is changed of all their messages at once.

-- Two looks into indexes, message_due and message_taken, whatever the number of messages.
-- name: bulk_of
-- params: lane bigint
-- returns: state int, begun int, single int, send_at bigint, validity int, live int
SELECT l.state, l.begun, l.single, l.send_at, l.validity,
    CASE WHEN EXISTS (SELECT 1 FROM message m WHERE m.lane = l.id AND m.state = 0)
        OR EXISTS (SELECT 1 FROM message m WHERE m.lane = l.id AND m.state > 0) THEN 1 ELSE 0 END AS live
FROM lane l WHERE l.id = :lane

-- A message whose key is its bulkId, in whatever lane.
-- name: lone_message
-- params: key bigint, account bigint, name text
-- returns: lane bigint, begun int, created_at bigint, expires_at bigint
SELECT lane, CASE WHEN event IS NULL THEN 0 ELSE 1 END AS begun, created_at, expires_at
FROM message WHERE key = :key AND account = :account AND bulk_id = :name

-- name: lone_history
-- rows: key bigint
-- params: account bigint, name text
-- returns: created_at bigint, status int, error int
SELECT h.created_at, h.status, h.error
FROM v CROSS JOIN {history} h WHERE h.key = v.key AND h.account = :account AND h.bulk_id = :name

-- name: open_lone_lane
-- params: key bigint, validity int, now bigint
INSERT INTO lane (id, account, name, priority, state, segment_interval, allowed_at, next_due, idle_at, created_at,
    send_at, validity, single, begun)
SELECT m.key, m.account, m.bulk_id, l.priority, 0, NULL, 0, CASE WHEN m.state = 0 THEN m.due END, :now, m.created_at,
    m.created_at, :validity, 1, CASE WHEN m.event IS NULL THEN 0 ELSE 1 END
FROM message m JOIN lane l ON l.id = m.lane WHERE m.key = :key
ON CONFLICT DO NOTHING

-- name: enter_lone_lane
-- params: key bigint
UPDATE message SET lane = :key WHERE key = :key AND EXISTS (SELECT 1 FROM lane WHERE id = :key)

-- name: set_lane_state
-- params: lane bigint, state int
UPDATE lane SET state = :state WHERE id = :lane AND state <> 2

-- name: bulk_hours
-- params: lane bigint, now bigint
-- returns: open_hours bytea
SELECT open_hours FROM message WHERE lane = :lane AND state = 0 AND expires_at > :now LIMIT 1

-- name: reschedule_messages
-- params: lane bigint, due bigint, expires_at bigint, now bigint
UPDATE message SET due = :due, expires_at = :expires_at WHERE lane = :lane AND state = 0 AND expires_at > :now

-- name: reschedule_lane
-- params: lane bigint, send_at bigint, due bigint
UPDATE lane SET send_at = :send_at, next_due = :due WHERE id = :lane
