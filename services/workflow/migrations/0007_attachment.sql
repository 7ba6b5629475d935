-- Files of issues and of drafts. Their bytes are in the store of files, each under a key that says nothing of it.

CREATE TABLE attachment (
    attachment_id UUID NOT NULL,
    -- One of the two: a file of a draft becomes one of the issue.
    issue_id UUID,
    draft_id UUID,
    enterprise_id UUID NOT NULL,
    audience TEXT NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    -- Of what is kept.
    n_bytes BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    -- Of what was sent.
    received_sha256 BYTEA NOT NULL,
    blob_key TEXT NOT NULL,
    state TEXT NOT NULL,
    -- What the scanner calls what it found.
    finding TEXT,
    failed_scans BIGINT NOT NULL,
    -- When the scanner is asked next; absent when it is not.
    scan_at TIMESTAMPTZ,
    uploader_id UUID NOT NULL,
    -- Whether it takes of the room that the firm has.
    of_firm BOOLEAN NOT NULL,
    client TEXT NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL,
    removed_at TIMESTAMPTZ,
    -- When its bytes go next; absent when they stay, or are gone.
    erase_at TIMESTAMPTZ,
    erased_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    CONSTRAINT attachment_pkey PRIMARY KEY (attachment_id),
    CONSTRAINT attachment_blob_key_key UNIQUE (blob_key),
    CONSTRAINT attachment_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id),
    CONSTRAINT attachment_owner_check CHECK ((issue_id IS NULL) <> (draft_id IS NULL)),
    CONSTRAINT attachment_finding_check CHECK ((state = 'INFECTED') = (finding IS NOT NULL))
);

CREATE INDEX attachment_issue_idx ON attachment (issue_id, attachment_id);
CREATE INDEX attachment_draft_idx ON attachment (draft_id) WHERE draft_id IS NOT NULL;
CREATE INDEX attachment_room_idx ON attachment (enterprise_id) WHERE of_firm AND erased_at IS NULL;
CREATE INDEX attachment_scan_idx ON attachment (scan_at) WHERE scan_at IS NOT NULL;
CREATE INDEX attachment_erase_idx ON attachment (erase_at) WHERE erase_at IS NOT NULL;

-- Steps that refer to files: such a file stays.
CREATE TABLE attachment_reference (
    attachment_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT attachment_reference_pkey PRIMARY KEY (attachment_id, issue_id, seq),
    CONSTRAINT attachment_reference_attachment_fkey FOREIGN KEY (attachment_id) REFERENCES attachment (attachment_id),
    CONSTRAINT attachment_reference_event_fkey FOREIGN KEY (issue_id, seq) REFERENCES issue_event (issue_id, seq)
);

-- Keys under which bytes are being written that no file has yet; those that grow old are swept.
CREATE TABLE pending_blob (
    blob_key TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    CONSTRAINT pending_blob_pkey PRIMARY KEY (blob_key)
);

CREATE INDEX pending_blob_since_idx ON pending_blob (since);

-- Whoever counts something of a firm or a person, and adds to it, holds its row: nobody counts at the same time.
CREATE TABLE count_gate (
    subject UUID NOT NULL,
    passed_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT count_gate_pkey PRIMARY KEY (subject)
);
