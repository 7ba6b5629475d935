-- How far the witnesses of the log have come, and which texts were erased.

-- Addresses that heads are sent to.
CREATE TABLE trail_witness (
    -- Hash of the address.
    witness TEXT NOT NULL,
    -- Entries covered by the last head that it took; 0 before the first.
    size BIGINT NOT NULL,
    -- Tries since then that failed, and why the last one did.
    n_failed BIGINT NOT NULL,
    last_error TEXT,
    next_try_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT trail_witness_pkey PRIMARY KEY (witness),
    CONSTRAINT trail_witness_failed_check CHECK ((n_failed = 0) = (last_error IS NULL))
);

-- Texts that were erased: append-only.
CREATE TABLE note_erasure (
    note_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    -- The one that the trail holds.
    digest BYTEA NOT NULL,
    basis TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- As `account:019b…`.
    erased_by TEXT NOT NULL,
    erased_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT note_erasure_pkey PRIMARY KEY (note_id),
    CONSTRAINT note_erasure_note_fkey FOREIGN KEY (note_id) REFERENCES note (note_id)
);
