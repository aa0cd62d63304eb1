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

-- Numbers that are blocked themselves, or by how they begin.
-- name: blocked_recipients
-- rows: value text
-- params: account bigint
-- returns: value text
SELECT v.value FROM v WHERE EXISTS (SELECT 1 FROM blocked b WHERE b.account = :account AND b.kind = 'recipient'
    AND b.value IN (v.value, substr(v.value, 1, 1) || '*', substr(v.value, 1, 2) || '*', substr(v.value, 1, 3) || '*', substr(v.value, 1, 4) || '*',
    substr(v.value, 1, 5) || '*', substr(v.value, 1, 6) || '*', substr(v.value, 1, 7) || '*', substr(v.value, 1, 8) || '*',
    substr(v.value, 1, 9) || '*', substr(v.value, 1, 10) || '*', substr(v.value, 1, 11) || '*', substr(v.value, 1, 12) || '*',
    substr(v.value, 1, 13) || '*', substr(v.value, 1, 14) || '*', substr(v.value, 1, 15) || '*'))

-- name: blocked_senders
-- rows: value text
-- params: account bigint
-- returns: value text
SELECT v.value FROM v CROSS JOIN blocked b WHERE b.account = :account AND b.kind = 'sender' AND b.value = v.value
