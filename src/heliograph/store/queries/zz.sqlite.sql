-- What SQLite says in its own way.

-- name: next_event
-- returns: value bigint
UPDATE event SET value = value + 1 RETURNING value
