-- The points ledger. Every row of source_event, entry, posting, leg and rule_set is written once and never changed or
-- deleted; triggers refuse it (src/store/append_only.rs, as the two engines write them differently).

-- Versions of the rules that were ever in use.
CREATE TABLE rule_set (
    version BIGINT NOT NULL,
    -- The file as it was published.
    body TEXT NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT rule_set_pkey PRIMARY KEY (version),
    CONSTRAINT rule_set_version_check CHECK (version >= 1)
);

-- What events are about. Its row is the lock under which the events of a subject are booked one by one.
CREATE TABLE subject (
    subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- Number of the issue; empty for a visit.
    issue_number TEXT NOT NULL,
    enterprise_id UUID NOT NULL,
    CONSTRAINT subject_pkey PRIMARY KEY (subject_id),
    CONSTRAINT subject_kind_check CHECK (kind IN ('ISSUE', 'VISIT'))
);

-- Everybody who may have points. Its row is the lock under which caps are counted.
CREATE TABLE account (
    account_id UUID NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (account_id)
);

-- Events that were booked: never again, however often they arrive.
CREATE TABLE source_event (
    event_id UUID NOT NULL,
    -- Full name of the payload message.
    type TEXT NOT NULL,
    subject_id UUID NOT NULL,
    subject_version BIGINT NOT NULL,
    actor_id UUID,
    -- What it means for earlier entries of the subject that wait for the audit.
    effect TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT source_event_pkey PRIMARY KEY (event_id),
    CONSTRAINT source_event_subject_fkey FOREIGN KEY (subject_id) REFERENCES subject (subject_id),
    CONSTRAINT source_event_effect_check CHECK (effect IN ('NONE', 'PASS', 'UNSETTLE'))
);

CREATE INDEX source_event_subject_idx ON source_event (subject_id);

-- What an event earned or cost somebody by a rule.
CREATE TABLE entry (
    entry_id UUID NOT NULL,
    event_id UUID NOT NULL,
    rule_id TEXT NOT NULL,
    rule_version BIGINT NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    settlement TEXT NOT NULL,
    subject_id UUID NOT NULL,
    enterprise_id UUID NOT NULL,
    -- The clock whose lateness was charged; empty otherwise.
    clock TEXT NOT NULL,
    -- Day of the visit; NULL for issues.
    on_day DATE,
    -- Quarter of effective_at in the municipality's calendar.
    year BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    effective_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (entry_id),
    CONSTRAINT entry_once_key UNIQUE (event_id, rule_id, account_id),
    CONSTRAINT entry_event_fkey FOREIGN KEY (event_id) REFERENCES source_event (event_id),
    CONSTRAINT entry_rule_set_fkey FOREIGN KEY (rule_version) REFERENCES rule_set (version),
    CONSTRAINT entry_account_fkey FOREIGN KEY (account_id) REFERENCES account (account_id),
    CONSTRAINT entry_kind_check CHECK (kind IN ('MANAGER', 'LIAISON', 'SECTION_HANDLER')),
    CONSTRAINT entry_amount_check CHECK (amount <> 0),
    CONSTRAINT entry_settlement_check CHECK (settlement IN ('FINAL', 'AT_AUDIT')),
    CONSTRAINT entry_quarter_check CHECK (quarter BETWEEN 1 AND 4)
);

CREATE INDEX entry_subject_idx ON entry (subject_id);
CREATE INDEX entry_account_idx ON entry (account_id, effective_at, entry_id);
CREATE INDEX entry_cap_idx ON entry (account_id, rule_id, year, quarter);
CREATE INDEX entry_latest_idx ON entry (effective_at, entry_id);

-- What became of an entry, step by step; its state is that of its highest step.
CREATE TABLE posting (
    posting_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    -- 1 pending, 2 posted, 3 voided.
    step BIGINT NOT NULL,
    -- The event that led to it.
    event_id UUID NOT NULL,
    -- The posting that it moves on or takes back; NULL for the first.
    reverses UUID,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (posting_id),
    CONSTRAINT posting_step_key UNIQUE (entry_id, step),
    CONSTRAINT posting_reverses_key UNIQUE (reverses),
    CONSTRAINT posting_entry_fkey FOREIGN KEY (entry_id) REFERENCES entry (entry_id),
    CONSTRAINT posting_event_fkey FOREIGN KEY (event_id) REFERENCES source_event (event_id),
    CONSTRAINT posting_reverses_fkey FOREIGN KEY (reverses) REFERENCES posting (posting_id),
    CONSTRAINT posting_step_check CHECK (step BETWEEN 1 AND 3)
);

-- The two sides of a posting: over one posting they come to zero.
CREATE TABLE leg (
    posting_id UUID NOT NULL,
    -- All zeros: the issuer, from whom all points come.
    account_id UUID NOT NULL,
    book TEXT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT leg_pkey PRIMARY KEY (posting_id, account_id, book),
    CONSTRAINT leg_posting_fkey FOREIGN KEY (posting_id) REFERENCES posting (posting_id),
    CONSTRAINT leg_book_check CHECK (book IN ('PENDING', 'POSTED', 'VOIDED')),
    CONSTRAINT leg_amount_check CHECK (amount <> 0)
);

-- Sums of the legs by account, kind and quarter, kept in the transaction that writes the legs.
CREATE TABLE balance (
    account_id UUID NOT NULL,
    -- As in entry; ISSUER for the issuer.
    kind TEXT NOT NULL,
    year BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    posted BIGINT NOT NULL,
    voided BIGINT NOT NULL,
    CONSTRAINT balance_pkey PRIMARY KEY (account_id, kind, year, quarter)
);

CREATE INDEX balance_board_idx ON balance (kind, year, quarter);
