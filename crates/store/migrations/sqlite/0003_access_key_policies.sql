-- The IAM policy that limits a key; NULL: it may do everything in its account.
ALTER TABLE access_key ADD COLUMN policy TEXT;
