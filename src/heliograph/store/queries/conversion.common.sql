-- Conversions.

-- name: tracked_live
-- rows: key bigint
-- params: account bigint
-- returns: public_id text, options bytea
SELECT m.public_id, m.options FROM v CROSS JOIN message m WHERE m.key = v.key AND m.account = :account

-- A refused message was never sent.
-- name: tracked_history
-- rows: key bigint
-- params: account bigint
-- returns: public_id text, options bytea
SELECT h.public_id, h.options FROM v CROSS JOIN {history} h
WHERE h.key = v.key AND h.account = :account AND h.segments > 0

-- name: add_conversion
-- params: message bigint, account bigint, process_key text, now bigint
INSERT INTO conversion (message, account, process_key, at)
SELECT :message, :account, :process_key, :now WHERE true ON CONFLICT DO NOTHING

-- name: old_conversions
-- params: before bigint, most int
DELETE FROM conversion WHERE message IN (SELECT message FROM conversion WHERE at < :before ORDER BY at LIMIT :most)
