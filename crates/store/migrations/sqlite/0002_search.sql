-- Texts, as they are looked for.
CREATE TABLE search_text (
    entry INTEGER CONSTRAINT search_text_pkey PRIMARY KEY,
    -- What the text belongs to.
    subject_id UUID NOT NULL,
    -- Which of its texts.
    part TEXT NOT NULL,
    -- Who may find it by this text.
    audience TEXT NOT NULL,
    -- With blanks between them.
    tokens TEXT NOT NULL,
    CONSTRAINT search_text_part_key UNIQUE (subject_id, part)
);

-- `ascii` leaves tokens as they are: it parts them at blanks, and knows no other signs than ASCII's.
CREATE VIRTUAL TABLE search_index USING fts5 (
    tokens, content = 'search_text', content_rowid = 'entry', tokenize = 'ascii'
);

-- What is taken out leaves nothing behind in the file: texts may have to be erased.
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER search_text_inserted AFTER INSERT ON search_text BEGIN
    INSERT INTO search_index (rowid, tokens) VALUES (new.entry, new.tokens);
END;

CREATE TRIGGER search_text_deleted AFTER DELETE ON search_text BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.entry, old.tokens);
END;

CREATE TRIGGER search_text_updated AFTER UPDATE OF tokens ON search_text BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.entry, old.tokens);
    INSERT INTO search_index (rowid, tokens) VALUES (new.entry, new.tokens);
END;
