-- Short links and clicks.

-- name: add_short_links
-- rows: code text, account bigint, url text, bulk_id text, message_id text, recipient text, options bytea, due bigint, since bigint
INSERT INTO short_link (code, account, url, bulk_id, message_id, recipient, options, due, since)
SELECT v.code, v.account, v.url, v.bulk_id, v.message_id, v.recipient, v.options, v.due, v.since
FROM v WHERE true

-- name: reschedule_short_links
-- params: account bigint, name text, due bigint, since bigint
UPDATE short_link SET due = :due, since = CASE WHEN since < :since THEN :since ELSE since END
WHERE account = :account AND bulk_id = :name

-- name: find_short_link
-- params: code text
-- returns: url text, account bigint, options bytea, since bigint, clicked_at bigint
SELECT url, account, options, since, clicked_at FROM short_link WHERE code = :code

-- name: touch_short_link
-- params: code text, now bigint, before bigint
UPDATE short_link SET clicked_at = :now
WHERE code = :code AND options IS NOT NULL AND (clicked_at IS NULL OR clicked_at <= :before)

-- name: add_click
-- params: id bigint, code text, now bigint
INSERT INTO click (id, account, url, message_id, bulk_id, recipient, options, due, at)
SELECT :id, account, url, message_id, bulk_id, recipient, options, due, :now FROM short_link WHERE code = :code

-- name: push_click
-- params: id bigint, webhook bigint, now bigint
INSERT INTO report (account, webhook, message, lane, day, due, attempts, status, error, at)
SELECT c.account, :webhook, c.id, 0, -3, :now, 0, 0, 0, :now FROM click c WHERE c.id = :id

-- name: told_clicks
-- rows: id bigint
-- returns: id bigint, account bigint, message_id text, bulk_id text, recipient text, url text, due bigint, at bigint, options bytea
SELECT c.id, c.account, c.message_id, c.bulk_id, c.recipient, c.url, c.due, c.at, c.options
FROM v CROSS JOIN click c WHERE c.id = v.id

-- name: end_clicks
-- rows: id bigint
DELETE FROM click WHERE id IN (SELECT v.id FROM v)

-- name: old_short_links
-- params: before bigint, most int
DELETE FROM short_link WHERE code IN (SELECT code FROM short_link WHERE since < :before ORDER BY since LIMIT :most)
