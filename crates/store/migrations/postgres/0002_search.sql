-- Tokens at their places, whatever they look like: to_tsvector would cut some of them up, and differently by locale.
CREATE FUNCTION search_vector(tokens TEXT) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CAST(COALESCE(string_agg(token || ':' || place, ' '), '') AS tsvector)
    FROM unnest(string_to_array(tokens, ' ')) WITH ORDINALITY AS t (token, place)
$$;

-- Texts, as they are looked for.
CREATE TABLE search_text (
    -- What the text belongs to.
    subject_id UUID NOT NULL,
    -- Which of its texts.
    part TEXT NOT NULL,
    -- Who may find it by this text.
    audience TEXT NOT NULL,
    -- With blanks between them.
    tokens TEXT NOT NULL,
    vector tsvector NOT NULL GENERATED ALWAYS AS (search_vector(tokens)) STORED,
    CONSTRAINT search_text_pkey PRIMARY KEY (subject_id, part)
);

CREATE INDEX search_text_vector_idx ON search_text USING GIN (vector);
