-- Every kind of value, with a literal; that looks like the end of a statement
CREATE TABLE kind (
    kind_id BIGINT NOT NULL,
    flag BOOLEAN,
    bytes BYTEA,
    day DATE,
    number BIGINT,
    document JSONB,
    text TEXT DEFAULT 'a;b',
    at TIMESTAMPTZ,
    id UUID,
    CONSTRAINT kind_pkey PRIMARY KEY (kind_id)
);
