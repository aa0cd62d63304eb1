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
