-- Reports: pushed to webhooks, or pulled.

-- name: due_webhooks
-- params: now bigint, most int
-- returns: id bigint
SELECT id FROM webhook WHERE next_due <= :now ORDER BY next_due LIMIT :most

-- name: due_reports
-- params: webhook bigint, now bigint, most int
-- returns: id bigint, message bigint, day int, attempts int, status int, error int, note text, at bigint, account bigint
SELECT id, message, day, attempts, status, error, note, at, account FROM report
WHERE webhook = :webhook AND due <= :now ORDER BY due, id LIMIT :most

-- name: told_history
-- rows: key bigint
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, segments int, sent_at bigint, options bytea, price bigint
SELECT h.key, h.account, h.public_id, h.bulk_id, h.sender, h.recipient, h.segments, h.sent_at, h.options, h.price
FROM v CROSS JOIN {history} h WHERE h.key = v.key

-- name: told_live
-- rows: key bigint
-- returns: key bigint, account bigint, public_id text, bulk_id text, sender text, recipient text, segments int, sent_at bigint, options bytea, price bigint
SELECT m.key, m.account, m.public_id, m.bulk_id, m.sender, m.recipient, m.segments,
    (SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key) AS sent_at, m.options, m.price
FROM v CROSS JOIN message m WHERE m.key = v.key

-- name: history_days
-- returns: day int
SELECT day FROM history_day ORDER BY day DESC

-- name: add_history_day
-- params: day int
INSERT INTO history_day (day, asked) SELECT :day, 0 WHERE true ON CONFLICT DO NOTHING

-- name: drop_reports
-- rows: id bigint
DELETE FROM report WHERE id IN (SELECT v.id FROM v)

-- name: take_reports
-- rows: id bigint
-- returns: id bigint
DELETE FROM report WHERE id IN (SELECT v.id FROM v) AND webhook IS NULL RETURNING id

-- name: postpone_reports
-- rows: id bigint, due bigint, attempts int
UPDATE report SET due = v.due, attempts = v.attempts FROM v WHERE report.id = v.id

-- name: rest_webhooks
-- rows: id bigint, until bigint
UPDATE webhook SET rests_until = v.until FROM v WHERE webhook.id = v.id AND webhook.rests_until <> v.until

-- name: give_up_reports
-- rows: id bigint
-- params: now bigint
INSERT INTO report (account, webhook, message, lane, day, due, attempts, status, error, note, at)
SELECT r.account, NULL, r.message, r.lane, r.day, :now, 0, r.status, r.error, r.note, r.at
FROM v CROSS JOIN report r WHERE r.id = v.id AND r.day > 0

-- Where inbound messages or clicks are to be pushed.
-- name: wake_webhooks_by_id
-- rows: id bigint
-- params: now bigint
INSERT INTO webhook (id, next_due, rests_until) SELECT v.id, :now, 0 FROM v WHERE true
ON CONFLICT (id) DO UPDATE SET next_due = excluded.next_due
    WHERE webhook.next_due > excluded.next_due AND webhook.rests_until <= excluded.next_due

-- name: refresh_webhooks
-- rows: id bigint
-- params: now bigint
UPDATE webhook SET next_due = (
    SELECT CASE WHEN r.due < webhook.rests_until AND webhook.rests_until > :now THEN webhook.rests_until
        WHEN r.due < :now THEN :now ELSE r.due END FROM report r WHERE r.webhook = webhook.id
    ORDER BY r.due, r.id LIMIT 1)
FROM v WHERE webhook.id = v.id AND EXISTS (SELECT 1 FROM report r WHERE r.webhook = v.id)

-- name: drop_idle_webhooks
-- rows: id bigint
DELETE FROM webhook WHERE id IN (SELECT v.id FROM v)
    AND NOT EXISTS (SELECT 1 FROM report r WHERE r.webhook = webhook.id)

-- name: find_key
-- rows: account bigint, digest bytea
-- returns: key bigint
SELECT k.key FROM v CROSS JOIN known_id k WHERE k.account = v.account AND k.digest = v.digest

-- name: pull_all
-- params: account bigint, after bigint, most int
-- returns: id bigint, message bigint, day int, status int, error int, note text, at bigint
SELECT id, message, day, status, error, note, at FROM report
WHERE webhook IS NULL AND account = :account AND id > :after ORDER BY id LIMIT :most

-- name: pull_lane
-- params: account bigint, lane bigint, after bigint, most int
-- returns: id bigint, message bigint, day int, status int, error int, note text, at bigint
SELECT id, message, day, status, error, note, at FROM report
WHERE webhook IS NULL AND account = :account AND lane = :lane AND id > :after ORDER BY id LIMIT :most

-- name: pull_message
-- params: account bigint, message bigint, most int
-- returns: id bigint, message bigint, day int, status int, error int, note text, at bigint
SELECT id, message, day, status, error, note, at FROM report
WHERE webhook IS NULL AND message = :message AND account = :account ORDER BY id LIMIT :most

-- name: find_lanes
-- params: account bigint, name text
-- returns: id bigint, state int
SELECT id, state FROM lane WHERE account = :account AND name = :name AND state <> 2
UNION ALL SELECT id, state FROM lane WHERE account = :account AND name = :name AND state = 2
