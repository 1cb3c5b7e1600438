-- Keys that are lent for a while: the SHA-256 of the token that comes with their signatures, and when they end, in seconds since the
-- epoch. Both NULL: a key for good.
ALTER TABLE access_key ADD COLUMN session_token_sha256 BLOB;
ALTER TABLE access_key ADD COLUMN session_expires INTEGER;
