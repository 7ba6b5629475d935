CREATE TABLE enterprise (
    enterprise_id UUID NOT NULL CONSTRAINT enterprise_pkey PRIMARY KEY,
    uscc TEXT NOT NULL CONSTRAINT enterprise_uscc_key UNIQUE,
    name TEXT NOT NULL,
    -- The name in lower case, for the search by a part of it.
    name_key TEXT NOT NULL,
    industry_code TEXT NOT NULL,
    division_code TEXT NOT NULL,
    address TEXT NOT NULL,
    employees BIGINT CONSTRAINT enterprise_employees_check CHECK (employees >= 0),
    revenue_yuan BIGINT CONSTRAINT enterprise_revenue_check CHECK (revenue_yuan >= 0),
    assets_yuan BIGINT CONSTRAINT enterprise_assets_check CHECK (assets_yuan >= 0),
    -- Computed from the industry and the three figures whenever one of them changes; kept for the filter.
    scale TEXT NOT NULL
        CONSTRAINT enterprise_scale_check CHECK (scale IN ('large', 'medium', 'small', 'micro', 'unknown')),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);

CREATE TABLE enterprise_member (
    member_id UUID NOT NULL CONSTRAINT enterprise_member_pkey PRIMARY KEY,
    enterprise_id UUID NOT NULL
        CONSTRAINT enterprise_member_enterprise_fkey REFERENCES enterprise (enterprise_id),
    account_id UUID NOT NULL,
    title TEXT NOT NULL,
    added_at TIMESTAMPTZ NOT NULL,
    removed_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);

-- One membership at a time of an account in an enterprise; those that ended stay.
CREATE UNIQUE INDEX enterprise_member_current_key ON enterprise_member (enterprise_id, account_id)
    WHERE removed_at IS NULL;
CREATE INDEX enterprise_member_list_idx ON enterprise_member (enterprise_id, member_id);
CREATE INDEX enterprise_member_account_idx ON enterprise_member (account_id);
