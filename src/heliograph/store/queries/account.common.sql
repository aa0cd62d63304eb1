-- Accounts and keys.

-- name: add_account
-- params: id bigint, name text, now bigint
INSERT INTO account (id, name, created_at) SELECT :id, :name, :now WHERE true ON CONFLICT (name) DO NOTHING

-- name: accounts
-- returns: id bigint, name text, password text, default_sender text, on_no_response text, created_at bigint
SELECT id, name, password, default_sender, on_no_response, created_at FROM account ORDER BY name

-- name: set_account
-- params: id bigint, default_sender text, on_no_response text
UPDATE account SET default_sender = :default_sender, on_no_response = :on_no_response WHERE id = :id

-- name: set_password
-- params: id bigint, password text
UPDATE account SET password = :password WHERE id = :id

-- name: add_key
-- params: id bigint, account bigint, digest bytea, now bigint
INSERT INTO api_key (id, account, digest, created_at) SELECT :id, :account, :digest, :now WHERE true

-- name: keys
-- returns: id bigint, account bigint, digest bytea, created_at bigint, revoked_at bigint
SELECT id, account, digest, created_at, revoked_at FROM api_key ORDER BY id

-- name: revoke_key
-- params: id bigint, now bigint
UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL
