-- Settling: answers and receipts, and the end of a message.

-- name: open_epoch
-- params: epoch bigint
-- returns: id bigint
SELECT id FROM epoch WHERE id = :epoch AND ended_at IS NULL

-- name: settle_segments
-- rows: message bigint, part int, state int, refused int, unanswered int
-- params: epoch bigint
UPDATE segment SET state = v.state, attempts = segment.attempts + v.refused,
    unanswered = segment.unanswered + v.unanswered
FROM v WHERE segment.message = v.message AND segment.part = v.part AND segment.state + 0 = 1 AND segment.epoch = :epoch

-- name: sent_segments
-- rows: message bigint, part int
-- params: epoch bigint, sent_at bigint
UPDATE segment SET state = 2, sent_at = :sent_at
WHERE (message, part) IN (SELECT v.message, v.part FROM v) AND state + 0 = 1 AND epoch = :epoch

-- name: early_receipts
-- rows: smsc text, id_key text, event bigint
-- returns: receipt bytea
SELECT k.receipt FROM v CROSS JOIN receipt_key k
WHERE k.smsc = v.smsc AND k.id_key = v.id_key AND k.receipt IS NOT NULL AND k.event > v.event

-- A row that is written anew gets a new id, here and in keep_receipts: in the order of ids the oldest come first.
-- name: keep_keys
-- rows: smsc text, id_key text, message bigint, part int, event bigint
-- params: now bigint
INSERT INTO receipt_key (smsc, id_key, message, part, event, final, at)
SELECT v.smsc, v.id_key, v.message, v.part, v.event, 0, :now FROM v WHERE true
ON CONFLICT (smsc, id_key) DO UPDATE SET id = excluded.id, message = excluded.message, part = excluded.part, event = excluded.event,
    final = 0, at = excluded.at, receipt = NULL

-- name: keep_receipts
-- rows: smsc text, id_key text, receipt bytea, final int
-- params: event bigint, now bigint
INSERT INTO receipt_key (smsc, id_key, event, receipt, final, at)
SELECT v.smsc, v.id_key, :event, v.receipt, v.final, :now FROM v WHERE true
ON CONFLICT (smsc, id_key) DO UPDATE SET
    id = excluded.id, event = excluded.event, receipt = excluded.receipt, final = excluded.final, at = excluded.at
    WHERE receipt_key.final = 0 OR excluded.final = 1

-- name: find_receipt_keys
-- rows: n int, smsc text, id_key text
-- returns: n int, message bigint, part int, state int, segments int, webhook bigint, sent_at bigint, prepaid int
SELECT v.n, k.message, k.part, s.state, m.segments, m.webhook, s.sent_at, m.prepaid
FROM v CROSS JOIN receipt_key k
LEFT JOIN segment s ON s.message = k.message AND s.part = k.part
LEFT JOIN message m ON m.key = k.message
WHERE k.smsc = v.smsc AND k.id_key = v.id_key AND k.message IS NOT NULL

-- name: finish_segments
-- rows: message bigint, part int, status int, error int, note text, done_at bigint
UPDATE segment SET state = 3, status = v.status, error = v.error, note = v.note, done_at = v.done_at
FROM v WHERE segment.message = v.message AND segment.part = v.part AND segment.state <> 3

-- name: outcomes_of
-- rows: message bigint
-- returns: message bigint, state int, status int, error int, note text, done_at bigint
SELECT s.message, s.state, s.status, s.error, s.note, s.done_at FROM v CROSS JOIN segment s WHERE s.message = v.message

-- name: tellable
-- rows: message bigint
-- returns: key bigint, options bytea, noted text
SELECT m.key, m.options, m.noted FROM v CROSS JOIN message m WHERE m.key = v.message

-- name: note_messages
-- rows: key bigint, noted text
UPDATE message SET noted = v.noted FROM v WHERE message.key = v.key

-- What an SMSC took, or may have taken, is paid for; of all else the price is 0 in the end.
-- name: write_history
-- rows: key bigint, status int, error int, note text, done_at bigint
INSERT INTO {history} (key, account, public_id, bulk_id, lane, sender, recipient, body, data_coding, esm_class, segments,
    created_at, sent_at, done_at, status, error, note, options, price)
SELECT m.key, m.account, m.public_id, m.bulk_id, m.lane, m.sender, m.recipient, m.body, m.data_coding, m.esm_class,
    m.segments, m.created_at, (SELECT MIN(s.sent_at) FROM segment s WHERE s.message = m.key), v.done_at,
    v.status, v.error, v.note, m.options, CASE WHEN m.price = 0 THEN 0 WHEN v.error = 502 OR EXISTS (SELECT 1 FROM segment s
        WHERE s.message = m.key AND (s.sent_at IS NOT NULL OR s.unanswered > 0 OR s.state = 4)) THEN m.price ELSE 0 END
FROM v CROSS JOIN message m WHERE m.key = v.key

-- name: final_reports
-- rows: key bigint, status int, error int, note text, done_at bigint
-- params: day int, now bigint
INSERT INTO report (account, webhook, message, lane, day, due, attempts, status, error, note, at)
SELECT m.account, m.webhook, m.key, m.lane, :day, :now, 0, v.status, v.error, v.note, v.done_at
FROM v CROSS JOIN message m WHERE m.key = v.key AND (m.webhook IS NULL OR m.webhook <> 0)

-- name: intermediate_reports
-- rows: key bigint, status int, error int, note text, at bigint
-- params: now bigint
INSERT INTO report (account, webhook, message, lane, day, due, attempts, status, error, note, at)
SELECT m.account, m.webhook, m.key, m.lane, 0, :now, 0, v.status, v.error, v.note, v.at
FROM v CROSS JOIN message m WHERE m.key = v.key

-- name: wake_webhooks
-- rows: key bigint
-- params: now bigint
INSERT INTO webhook (id, next_due, rests_until)
SELECT DISTINCT m.webhook, :now, 0 FROM v CROSS JOIN message m
WHERE m.key = v.key AND m.webhook IS NOT NULL AND m.webhook <> 0
ON CONFLICT (id) DO UPDATE SET next_due = excluded.next_due
    WHERE webhook.next_due > excluded.next_due AND webhook.rests_until <= excluded.next_due

-- name: drop_segments
-- rows: key bigint
DELETE FROM segment WHERE message IN (SELECT v.key FROM v)

-- name: drop_messages
-- rows: key bigint
DELETE FROM message WHERE key IN (SELECT v.key FROM v)
