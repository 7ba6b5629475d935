-- When an issue that was raised on the firm's behalf counts as unconfirmed, unless the firm confirms it before.
-- The tables closing, rating and deadline_gap are read no longer either, and kept as long as the version before this one,
-- which writes them, may still run beside it; a later migration drops them.

-- The time for the confirmation ends then; absent where none is needed, or the firm has confirmed. The column unconfirmed
-- is read no longer, and written for the version before this one; a later migration drops it.
ALTER TABLE issue ADD COLUMN unconfirmed_at TIMESTAMPTZ;

-- Which pack gives them how long, only the service knows, and sets it with the next step. Until then they are flagged
-- from the submission on, as they were.
UPDATE issue SET unconfirmed_at = submitted_at WHERE unconfirmed;
