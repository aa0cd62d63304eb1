-- What SQLite says in its own way.

-- name: next_event
-- returns: value bigint
UPDATE event SET value = value + 1 RETURNING value

-- name: claim_event
-- params: epoch bigint
-- returns: value bigint
UPDATE event SET value = value + 1 WHERE EXISTS (SELECT 1 FROM epoch WHERE id = :epoch AND ended_at IS NULL)
RETURNING value
