-- Tokens: sessions and bearer tokens.

-- name: add_token
-- params: digest bytea, kind int, account bigint, api_key bigint, password text, expires_at bigint
INSERT INTO token (digest, kind, account, api_key, password, expires_at)
SELECT :digest, :kind, :account, :api_key, :password, :expires_at WHERE true

-- name: tokens
-- rows: digest bytea
-- returns: digest bytea, kind int, account bigint, api_key bigint, password text, expires_at bigint
SELECT t.digest, t.kind, t.account, t.api_key, t.password, t.expires_at FROM v CROSS JOIN token t WHERE t.digest = v.digest

-- name: close_token
-- params: digest bytea, kind int
DELETE FROM token WHERE digest = :digest AND kind = :kind

-- name: old_tokens
-- params: now bigint, most int
DELETE FROM token WHERE digest IN (SELECT digest FROM token WHERE expires_at <= :now ORDER BY expires_at LIMIT :most)
