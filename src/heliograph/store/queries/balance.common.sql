-- Balances, in millionths.

-- name: balance
-- params: account bigint
-- returns: available bigint, reserved bigint
SELECT available, reserved FROM balance WHERE account = :account

-- name: top_up
-- params: account bigint, amount bigint, most bigint
INSERT INTO balance (account, available, reserved) SELECT :account, :amount, 0 WHERE true
ON CONFLICT (account) DO UPDATE SET available = balance.available + excluded.available
WHERE balance.available + excluded.available BETWEEN -:most AND :most

-- name: note_top_up
-- params: account bigint, reference text, amount bigint, now bigint
INSERT INTO top_up (account, reference, amount, at) SELECT :account, :reference, :amount, :now WHERE true
ON CONFLICT (account, reference) DO NOTHING

-- name: noted_top_up
-- params: account bigint, reference text
-- returns: amount bigint
SELECT amount FROM top_up WHERE account = :account AND reference = :reference

-- name: forget_top_up
-- params: account bigint, reference text
DELETE FROM top_up WHERE account = :account AND reference = :reference

-- name: lock_balances
-- rows: account bigint
-- returns: account bigint, available bigint
SELECT b.account, b.available FROM v CROSS JOIN balance b WHERE b.account = v.account

-- name: reserve
-- rows: account bigint, amount bigint
UPDATE balance SET available = balance.available - v.amount, reserved = balance.reserved + v.amount
FROM v WHERE balance.account = v.account

-- Of messages that have ended: what they cost is spent, and the rest of what was reserved for them comes back.
-- name: settle_prices
-- rows: key bigint
UPDATE balance SET reserved = balance.reserved - w.price, available = balance.available + w.price - w.spent
FROM (SELECT m.account, SUM(m.price) AS price, SUM(h.price) AS spent
    FROM v CROSS JOIN message m CROSS JOIN {history} h
    WHERE m.key = v.key AND m.prepaid = 1 AND h.key = m.key GROUP BY m.account) w
WHERE balance.account = w.account
