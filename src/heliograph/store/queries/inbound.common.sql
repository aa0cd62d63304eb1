-- Inbound messages: their parts, whose they are, and who has read them.

-- A set that is there already stays as it is, and is locked.
-- name: begin_sets
-- rows: id bigint, smsc text, sender text, recipient text, width int, reference int, total int, began_at bigint
-- returns: id bigint, smsc text, sender text, recipient text, width int, reference int, total int, began_at bigint, joined_at bigint
INSERT INTO inbound_set (id, smsc, sender, recipient, width, reference, total, began_at)
SELECT v.id, v.smsc, v.sender, v.recipient, v.width, v.reference, v.total, v.began_at FROM v WHERE true
ON CONFLICT (smsc, sender, recipient, width, reference, total) DO UPDATE SET began_at = inbound_set.began_at
RETURNING id, smsc, sender, recipient, width, reference, total, began_at, joined_at

-- name: parts_of_sets
-- rows: id bigint
-- returns: inbound_set bigint, number int, id bigint, data_coding int, esm_class int, body bytea, received_at bigint
SELECT p.inbound_set, p.number, p.id, p.data_coding, p.esm_class, p.body, p.received_at
FROM v CROSS JOIN inbound_part p WHERE p.inbound_set = v.id

-- name: keep_sets
-- rows: id bigint, began_at bigint, joined_at bigint
UPDATE inbound_set SET began_at = v.began_at, joined_at = v.joined_at FROM v WHERE inbound_set.id = v.id

-- name: add_parts
-- rows: inbound_set bigint, number int, id bigint, data_coding int, esm_class int, body bytea, received_at bigint
INSERT INTO inbound_part (inbound_set, number, id, data_coding, esm_class, body, received_at)
SELECT v.inbound_set, v.number, v.id, v.data_coding, v.esm_class, v.body, v.received_at FROM v WHERE true

-- name: drop_parts
-- rows: id bigint
DELETE FROM inbound_part WHERE inbound_set IN (SELECT v.id FROM v)

-- name: end_sets
-- params: before bigint, joined bigint, most int
-- returns: id bigint, smsc text, sender text, recipient text, joined_at bigint
DELETE FROM inbound_set WHERE id IN (SELECT id FROM inbound_set
    WHERE began_at <= :before AND (joined_at IS NULL OR joined_at < :joined) ORDER BY began_at LIMIT :most)
RETURNING id, smsc, sender, recipient, joined_at

-- name: add_inbound
-- rows: id bigint, smsc text, sender text, recipient text, data_coding int, esm_class int, body bytea, segments int, received_at bigint
INSERT INTO inbound (id, smsc, sender, recipient, data_coding, esm_class, body, segments, received_at, looked, unread, since)
SELECT v.id, v.smsc, v.sender, v.recipient, v.data_coding, v.esm_class, v.body, v.segments, v.received_at, 0, 0, v.received_at
FROM v WHERE true

-- name: unowned_inbound
-- params: looked int, after bigint, most int
-- returns: id bigint, recipient text, data_coding int, esm_class int, body bytea
SELECT id, recipient, data_coding, esm_class, body FROM inbound
WHERE account IS NULL AND looked = :looked AND id > :after ORDER BY id LIMIT :most

-- name: own_inbound
-- rows: message bigint, account bigint, keyword text, webhook bigint, options bytea
-- returns: id bigint
UPDATE inbound SET looked = 1, account = v.account, keyword = v.keyword, options = v.options,
    unread = CASE WHEN v.webhook IS NULL THEN 1 ELSE 0 END,
    since = CASE WHEN v.webhook IS NULL THEN inbound.since ELSE NULL END
FROM v WHERE inbound.id = v.message AND inbound.account IS NULL RETURNING id

-- name: push_inbound
-- rows: message bigint, account bigint, webhook bigint
-- params: now bigint
INSERT INTO report (account, webhook, message, lane, day, due, attempts, status, error, at)
SELECT v.account, v.webhook, v.message, 0, -2, :now, 0, 0, 0, :now FROM v WHERE true

-- name: leave_inbound
-- rows: id bigint
UPDATE inbound SET looked = 1 WHERE id IN (SELECT v.id FROM v)

-- name: told_inbound
-- rows: id bigint
-- returns: id bigint, account bigint, sender text, recipient text, body bytea, data_coding int, esm_class int, segments int, keyword text, received_at bigint, options bytea
SELECT i.id, i.account, i.sender, i.recipient, i.body, i.data_coding, i.esm_class, i.segments, i.keyword, i.received_at, i.options
FROM v CROSS JOIN inbound i WHERE i.id = v.id

-- name: end_inbound
-- rows: id bigint, unread int
-- params: now bigint
UPDATE inbound SET since = :now, unread = v.unread FROM v WHERE inbound.id = v.id

-- name: unread_inbound
-- params: account bigint, most int
-- returns: id bigint
SELECT id FROM inbound WHERE unread = 1 AND account = :account ORDER BY id LIMIT :most

-- name: read_inbound
-- rows: id bigint
-- returns: id bigint
UPDATE inbound SET unread = 0 WHERE id IN (SELECT v.id FROM v) AND unread = 1 RETURNING id

-- name: count_unread_inbound
-- params: account bigint, most int
-- returns: unread int
SELECT COUNT(*) AS unread FROM (SELECT 1 FROM inbound WHERE unread = 1 AND account = :account LIMIT :most) u

-- name: inbound_log
-- params: account bigint, since bigint, at bigint, id bigint, most int
-- returns: id bigint, received_at bigint, recipient text, keyword text
SELECT id, received_at, recipient, keyword FROM inbound
WHERE account = :account AND received_at >= :since AND (received_at, id) < (:at, :id)
ORDER BY received_at DESC, id DESC LIMIT :most
