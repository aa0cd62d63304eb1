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
