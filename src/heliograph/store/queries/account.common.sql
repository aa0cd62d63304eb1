-- Accounts, their settings and their keys.

-- name: add_account
-- params: id bigint, name text, now bigint
INSERT INTO account (id, name, created_at) SELECT :id, :name, :now WHERE true ON CONFLICT (name) DO NOTHING

-- name: accounts
-- returns: id bigint, name text, password text, created_at bigint, blocks int
SELECT id, name, password, created_at,
    CASE WHEN EXISTS (SELECT 1 FROM blocked b WHERE b.account = account.id) THEN 1 ELSE 0 END AS blocks
FROM account ORDER BY name

-- name: settings
-- returns: account bigint, name text, value text
SELECT account, name, value FROM setting

-- name: set_setting
-- params: account bigint, name text, value text
INSERT INTO setting (account, name, value) SELECT :account, :name, :value WHERE true
ON CONFLICT (account, name) DO UPDATE SET value = excluded.value

-- name: unset_setting
-- params: account bigint, name text
DELETE FROM setting WHERE account = :account AND name = :name

-- name: set_password
-- params: id bigint, password text
UPDATE account SET password = :password WHERE id = :id

-- name: add_key
-- params: id bigint, account bigint, digest bytea, scopes text, now bigint, expires_at bigint
INSERT INTO api_key (id, account, digest, scopes, created_at, expires_at)
SELECT :id, :account, :digest, :scopes, :now, :expires_at WHERE true

-- name: keys
-- returns: id bigint, account bigint, digest bytea, scopes text, created_at bigint, expires_at bigint, revoked_at bigint
SELECT id, account, digest, scopes, created_at, expires_at, revoked_at FROM api_key ORDER BY id

-- name: revoke_key
-- params: id bigint, now bigint
UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL
