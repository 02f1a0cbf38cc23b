-- Callsheet's transactional outbox, for PostgreSQL 13 or later. Load it once into the database of the schedule:
--
--     callsheet-producer outbox sql | psql mydatabase
--
-- What is written here in a transaction is published when that transaction is committed, and never when it is rolled
-- back. `callsheet-producer outbox postgres DSN --follow` publishes it, and deletes each row once the broker has
-- confirmed. Rows that are no events stay, with their reason in "refusal".

BEGIN;

-- One counter for every source here. After restoring a backup set it above the last revision that was published:
-- SELECT setval('callsheet_revision', …). A lower revision would be stale to every calendar.
CREATE SEQUENCE callsheet_revision MAXVALUE 999999999999;

CREATE TABLE callsheet_outbox (
    position   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   uuid NOT NULL DEFAULT gen_random_uuid(),
    source     text NOT NULL,
    mailbox    text NOT NULL,
    booking    text NOT NULL,
    revision   bigint NOT NULL,
    data       jsonb,                                          -- null: cancelled
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    refused_at timestamptz,
    refusal    text
);
CREATE INDEX callsheet_outbox_waiting ON callsheet_outbox (position) WHERE refused_at IS NULL;

-- Wakes whoever drains the outbox, when the transaction is committed.
CREATE FUNCTION callsheet_outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('callsheet_outbox', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER callsheet_outbox_wake AFTER INSERT ON callsheet_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION callsheet_outbox_wake();

-- Publishes a booking as it is now for one mailbox; returns the revision. "data" holds the fields of an event without
-- booking and revision: {"title": …, "start": …, "end": …}. Call it in the transaction that changes the booking's own
-- row, after that change: the lock on the row makes the later transaction get the higher revision.
CREATE FUNCTION callsheet_publish(source text, mailbox text, booking text, data jsonb) RETURNS bigint
LANGUAGE sql AS $$
    INSERT INTO callsheet_outbox (source, mailbox, booking, revision, data)
    VALUES ($1, $2, $3, nextval('callsheet_revision'), $4)
    RETURNING revision
$$;

-- Takes a booking out of one mailbox; returns the revision.
CREATE FUNCTION callsheet_cancel(source text, mailbox text, booking text) RETURNS bigint
LANGUAGE sql AS $$
    SELECT callsheet_publish($1, $2, $3, NULL)
$$;

-- The fields that a row has, by arguments like 'title=job'. Null for a row that stands in no calendar: one without a
-- mailbox, or with the status "cancelled".
CREATE FUNCTION callsheet_fields(line jsonb, pairs text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN fields ->> 'mailbox' IS NULL OR fields ->> 'status' = 'cancelled' THEN NULL ELSE fields END
    FROM (
        SELECT jsonb_object_agg(split_part(pair, '=', 1), line -> split_part(pair, '=', 2))
            FILTER (WHERE jsonb_typeof(line -> split_part(pair, '=', 2)) <> 'null') AS fields
        FROM unnest(pairs) AS pair
    ) AS picked
$$;

-- A trigger for a table with one row for each booking of a mailbox. Its arguments: the source, then field=column:
--
--     CREATE TRIGGER callsheet AFTER INSERT OR UPDATE OR DELETE ON shift FOR EACH ROW EXECUTE FUNCTION
--         callsheet_publish_row('rota://studio', 'mailbox=email', 'booking=id', 'title=job', 'start=begins', 'end=ends');
--
-- "start" and "end" must be timestamptz, or for whole days date, with a column for "all_day".
CREATE FUNCTION callsheet_publish_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    source  text := TG_ARGV[0];
    pairs   text[] := TG_ARGV[1:];
    before  jsonb;
    after   jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := callsheet_fields(to_jsonb(OLD), pairs);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := callsheet_fields(to_jsonb(NEW), pairs);
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    IF before IS NOT NULL AND (
        after IS NULL
        OR lower(before ->> 'mailbox') <> lower(after ->> 'mailbox')
        OR before ->> 'booking' <> after ->> 'booking'
    ) THEN
        PERFORM callsheet_cancel(source, before ->> 'mailbox', before ->> 'booking');
    END IF;
    IF after IS NOT NULL THEN
        PERFORM callsheet_publish(source, after ->> 'mailbox', after ->> 'booking', after - 'mailbox' - 'booking');
    END IF;
    RETURN NULL;
END
$$;

COMMIT;
