-- Blocklists.

-- name: block
-- rows: account bigint, kind text, value text
INSERT INTO blocked (account, kind, value) SELECT v.account, v.kind, v.value FROM v WHERE true
ON CONFLICT (account, kind, value) DO NOTHING

-- name: unblock
-- rows: account bigint, kind text, value text
DELETE FROM blocked WHERE (account, kind, value) IN (SELECT v.account, v.kind, v.value FROM v)

-- name: blocked
-- params: account bigint, kind text, after text, most int
-- returns: value text
SELECT value FROM blocked WHERE account = :account AND kind = :kind AND value > :after ORDER BY value LIMIT :most
