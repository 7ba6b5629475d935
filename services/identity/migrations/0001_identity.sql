-- Accounts, their roles and sessions; departments and who is on duty; machine clients; signing keys.

CREATE TABLE account (
    account_id UUID NOT NULL,
    login_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    state TEXT NOT NULL,
    -- Why it was last disabled or enabled.
    state_reason TEXT,
    -- Argon2id as a PHC string.
    password_hash TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (account_id),
    CONSTRAINT account_login_name_key UNIQUE (login_name),
    CONSTRAINT account_state_check CHECK (state IN ('ACTIVE', 'DISABLED'))
);

CREATE TABLE department (
    department_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    division_code TEXT NOT NULL,
    -- Holders of now; the history is in tenure.
    liaison_account_id UUID,
    deputy_account_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT department_pkey PRIMARY KEY (department_id),
    CONSTRAINT department_code_key UNIQUE (code),
    CONSTRAINT department_liaison_fkey FOREIGN KEY (liaison_account_id) REFERENCES account (account_id),
    CONSTRAINT department_deputy_fkey FOREIGN KEY (deputy_account_id) REFERENCES account (account_id)
);

CREATE INDEX department_liaison_idx ON department (liaison_account_id);
CREATE INDEX department_deputy_idx ON department (deputy_account_id);

CREATE TABLE section (
    section_id UUID NOT NULL,
    department_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT section_pkey PRIMARY KEY (section_id),
    CONSTRAINT section_name_key UNIQUE (department_id, name),
    CONSTRAINT section_department_fkey FOREIGN KEY (department_id) REFERENCES department (department_id)
);

-- One person's time in one post. That only one holds a post at a time follows from the department's row and its
-- version, which change with every tenure.
CREATE TABLE tenure (
    tenure_id UUID NOT NULL,
    department_id UUID NOT NULL,
    post TEXT NOT NULL,
    account_id UUID NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ,
    CONSTRAINT tenure_pkey PRIMARY KEY (tenure_id),
    CONSTRAINT tenure_department_fkey FOREIGN KEY (department_id) REFERENCES department (department_id),
    CONSTRAINT tenure_account_fkey FOREIGN KEY (account_id) REFERENCES account (account_id),
    CONSTRAINT tenure_post_check CHECK (post IN ('LIAISON', 'DEPUTY'))
);

CREATE INDEX tenure_department_idx ON tenure (department_id, post, until_at);

CREATE TABLE role_grant (
    grant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role TEXT NOT NULL,
    enterprise_id UUID,
    department_id UUID,
    section_id UUID,
    -- What the role is held for, as one text, for the unique index.
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    requested_by UUID,
    requested_at TIMESTAMPTZ NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMPTZ,
    revoked_by UUID,
    revoked_at TIMESTAMPTZ,
    end_reason TEXT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT role_grant_pkey PRIMARY KEY (grant_id),
    CONSTRAINT role_grant_account_fkey FOREIGN KEY (account_id) REFERENCES account (account_id),
    CONSTRAINT role_grant_department_fkey FOREIGN KEY (department_id) REFERENCES department (department_id),
    CONSTRAINT role_grant_section_fkey FOREIGN KEY (section_id) REFERENCES section (section_id),
    CONSTRAINT role_grant_state_check CHECK (state IN ('REQUESTED', 'ACTIVE', 'REJECTED', 'REVOKED')),
    -- Four eyes, whatever the service does.
    CONSTRAINT role_grant_eyes_check CHECK (
        requested_by <> account_id AND (state = 'REJECTED' OR (decided_by <> requested_by AND decided_by <> account_id))
    )
);

CREATE UNIQUE INDEX role_grant_live_key ON role_grant (account_id, role, target)
    WHERE state IN ('REQUESTED', 'ACTIVE');
-- Nobody is administrator of two kinds, or twice of one.
CREATE UNIQUE INDEX role_grant_administrator_key ON role_grant (account_id)
    WHERE state = 'ACTIVE' AND role IN ('SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN');
CREATE INDEX role_grant_role_idx ON role_grant (role, state);
CREATE INDEX role_grant_department_idx ON role_grant (department_id, state);

CREATE TABLE session (
    session_id UUID NOT NULL,
    account_id UUID NOT NULL,
    client TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    refreshed_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    end_reason TEXT,
    version BIGINT NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (session_id),
    CONSTRAINT session_account_fkey FOREIGN KEY (account_id) REFERENCES account (account_id),
    CONSTRAINT session_end_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX session_account_idx ON session (account_id, expires_at);
CREATE INDEX session_expires_idx ON session (expires_at);

CREATE TABLE refresh_token (
    -- SHA-256 of the token.
    token_digest BYTEA NOT NULL,
    session_id UUID NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    CONSTRAINT refresh_token_pkey PRIMARY KEY (token_digest),
    CONSTRAINT refresh_token_session_fkey FOREIGN KEY (session_id) REFERENCES session (session_id)
);

CREATE INDEX refresh_token_session_idx ON refresh_token (session_id);

-- Tries to sign in, counted under a hash of the name: names that nobody has are not kept.
CREATE TABLE sign_in_try (
    login_digest BYTEA NOT NULL,
    n_tries BIGINT NOT NULL,
    last_try_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT sign_in_try_pkey PRIMARY KEY (login_digest)
);

CREATE INDEX sign_in_try_last_idx ON sign_in_try (last_try_at);

CREATE TABLE client (
    client_id UUID NOT NULL,
    name TEXT NOT NULL,
    scopes JSONB NOT NULL,
    state TEXT NOT NULL,
    -- Why it was disabled.
    state_reason TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    rotated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT client_pkey PRIMARY KEY (client_id),
    CONSTRAINT client_name_key UNIQUE (name),
    CONSTRAINT client_state_check CHECK (state IN ('ACTIVE', 'DISABLED'))
);

CREATE TABLE client_secret (
    -- SHA-256 of the secret.
    secret_digest BYTEA NOT NULL,
    client_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- Set when a newer one was made.
    expires_at TIMESTAMPTZ,
    CONSTRAINT client_secret_pkey PRIMARY KEY (secret_digest),
    CONSTRAINT client_secret_client_fkey FOREIGN KEY (client_id) REFERENCES client (client_id)
);

CREATE INDEX client_secret_client_idx ON client_secret (client_id);

-- Public halves of the keys that sign access tokens; the private halves are in files of the machines that sign.
CREATE TABLE signing_key (
    kid TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    -- From then on its tokens are refused.
    retired_at TIMESTAMPTZ,
    CONSTRAINT signing_key_pkey PRIMARY KEY (kid)
);
