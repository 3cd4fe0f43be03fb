-- Version 1. Names of functions end in the version that made them: a node of the release before
-- goes on with its own while one of the next has others.
--
-- Order of locks, the same everywhere, so that nobody waits in a circle: blobs that are put (by id),
-- logs that are made (by name), logs that are there (by name). A sweep locks blobs and waits for
-- nobody.

-- What this store is. trimmed_*: the last change that the feed has forgotten.
CREATE TABLE store (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  id bigint NOT NULL,
  trimmed_round bigint NOT NULL DEFAULT 0,
  trimmed_part integer NOT NULL DEFAULT 0
);
INSERT INTO store (id) VALUES (floor(random() * 2147483647)::bigint);

CREATE SEQUENCE log_numbers;
-- Given out in blocks of 1000 to nodes.
CREATE SEQUENCE blob_numbers INCREMENT 1000;
CREATE SEQUENCE change_rounds;

-- Heads. gone_*: what compaction has taken away, so that a head can be checked against its entries.
CREATE TABLE logs (
  name text COLLATE "C" PRIMARY KEY,
  number bigint NOT NULL,
  last_seq bigint NOT NULL DEFAULT 0,
  next_id bigint NOT NULL DEFAULT 1,
  tally_count bigint NOT NULL DEFAULT 0,
  tally_octets bigint NOT NULL DEFAULT 0,
  last_time bigint NOT NULL DEFAULT 0,
  snapshot_seq bigint NOT NULL DEFAULT 0,
  gone_entries bigint NOT NULL DEFAULT 0,
  gone_ids bigint NOT NULL DEFAULT 0,
  gone_count bigint NOT NULL DEFAULT 0,
  gone_octets bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- time: milliseconds since 1970. crc: CRC-32C of payload and blobs. blobs: their ids, one after the
-- other, as appended.
CREATE TABLE entries (
  log bigint NOT NULL,
  seq bigint NOT NULL,
  first_id bigint NOT NULL,
  ids integer NOT NULL,
  time bigint NOT NULL,
  tally_count bigint NOT NULL,
  tally_octets bigint NOT NULL,
  crc integer NOT NULL,
  payload bytea NOT NULL,
  blobs bytea NOT NULL,
  PRIMARY KEY (log, seq)
);

-- Answers to idempotency keys, which are UTF-8.
CREATE TABLE answers (
  log bigint NOT NULL,
  key bytea NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  first_id bigint NOT NULL,
  time bigint NOT NULL,
  PRIMARY KEY (log, key)
);
CREATE INDEX answers_time ON answers USING brin (time);

-- One row for each transaction that appended or dropped, under a token that its node drew: a node
-- that did not hear the answer asks again under it. Kept for an hour or so.
CREATE TABLE rounds (
  token uuid PRIMARY KEY,
  time timestamptz NOT NULL DEFAULT now(),
  repeats integer NOT NULL DEFAULT 0,
  results bigint[] NOT NULL,
  missing bytea[] NOT NULL,
  fresh boolean[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX rounds_time ON rounds USING brin (time);

-- The feed. round is drawn when all locks are held, so a round comes after those it could have seen.
-- Rounds become visible out of order; readers wait at a gap until it is filled or known to be empty.
-- last_seq 0: the log was dropped.
CREATE TABLE changes (
  round bigint NOT NULL,
  part integer NOT NULL,
  log text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  time bigint NOT NULL,
  PRIMARY KEY (round, part)
);

-- place 0: content here, in octets; 1: in chunks; 2: a file in the shared directory.
-- coding 0: as it is; 1: Zstandard. crc: CRC-32C of octets; of a file, one for each 64 KiB, in sums.
CREATE TABLE blobs (
  id bytea PRIMARY KEY,
  number bigint NOT NULL,
  size bigint NOT NULL,
  put bigint NOT NULL,
  place smallint NOT NULL,
  coding smallint NOT NULL,
  crc integer NOT NULL,
  octets bytea,
  sums bytea
) WITH (fillfactor = 90);

CREATE TABLE chunks (
  blob bigint NOT NULL,
  index integer NOT NULL,
  coding smallint NOT NULL,
  size integer NOT NULL,
  crc integer NOT NULL,
  octets bytea NOT NULL,
  PRIMARY KEY (blob, index)
);

-- Chunks that no blob has yet. place: as in blobs.
CREATE TABLE uploads (
  number bigint PRIMARY KEY,
  place smallint NOT NULL,
  last_write bigint NOT NULL
);

-- Which entries hold which blobs. Called holds because references is a word of SQL.
CREATE TABLE holds (
  blob bytea NOT NULL,
  log bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (blob, log, seq)
);

CREATE TABLE snapshots (
  log bigint PRIMARY KEY,
  seq bigint NOT NULL,
  size bigint NOT NULL,
  chunks integer NOT NULL
);

CREATE TABLE snapshot_chunks (
  log bigint NOT NULL,
  index integer NOT NULL,
  coding smallint NOT NULL,
  size integer NOT NULL,
  crc integer NOT NULL,
  octets bytea NOT NULL,
  PRIMARY KEY (log, index)
);

-- Logs that were dropped and whose entries are still to be taken away.
CREATE TABLE dropped (
  number bigint PRIMARY KEY,
  log text COLLATE "C" NOT NULL
);

-- What is large is compressed before it comes here, or not worth it.
ALTER TABLE entries ALTER payload SET STORAGE EXTERNAL, ALTER blobs SET STORAGE EXTERNAL;
ALTER TABLE rounds ALTER results SET STORAGE EXTERNAL;
ALTER TABLE blobs ALTER octets SET STORAGE EXTERNAL, ALTER sums SET STORAGE EXTERNAL;
ALTER TABLE chunks ALTER octets SET STORAGE EXTERNAL;
ALTER TABLE snapshot_chunks ALTER octets SET STORAGE EXTERNAL;

-- The ids in a column of ids, one after the other.
CREATE FUNCTION ids_1(joined bytea) RETURNS SETOF bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT substring(joined FROM 1 + 32 * n FOR 32)
  FROM generate_series(0, length(joined) / 32 - 1) n
$$;

-- Puts blobs, and applies what several callers have asked for, in one transaction.
--
-- b_*: blobs, by id. c_*: chunks of those that have some. l_*: logs, by name, each once; l_new: one
-- of its appends wants it to be new. a_*: appends in order; expect -2: the log must be there, else its
-- last sequence; same: an earlier append of these with its log and key, or 0. e_*: events, with their
-- append, their place in it and how many ids come before in it. h_*: which events hold which blobs.
-- q_*: which rounds need which blobs; q_lock: those that are not put here.
--
-- results, five for each append: 1, first and last sequence, first id, 0 if applied; 2 and the same if
-- repeated; 3, last sequence, next id, count, octets on a conflict; 4 if its round lacks a blob.
-- missing: for each round a blob that it lacks. fresh: which blobs were not there.
CREATE FUNCTION append_1(
  p_token uuid, p_repeat boolean, p_now bigint,
  b_id bytea[], b_number bigint[], b_size bigint[], b_put bigint[], b_place smallint[],
  b_coding smallint[], b_crc integer[], b_octets bytea[], b_sums bytea[],
  c_number bigint[], c_index integer[], c_coding smallint[], c_size integer[], c_crc integer[],
  c_octets bytea[],
  l_name text[], l_new boolean[],
  a_round integer[], a_log integer[], a_expect bigint[], a_key bytea[], a_same integer[],
  a_events bigint[], a_ids bigint[], a_count bigint[], a_octets bigint[],
  e_append integer[], e_at integer[], e_id_at bigint[], e_ids integer[], e_count bigint[],
  e_octets bigint[], e_crc integer[], e_payload bytea[], e_blobs bytea[],
  h_event integer[], h_blob bytea[],
  p_rounds integer, q_round integer[], q_blob bytea[], q_lock bytea[],
  OUT out_results bigint[], OUT out_missing bytea[], OUT out_fresh boolean[])
LANGUAGE plpgsql AS $$
DECLARE
  v_logs integer := cardinality(l_name);
  v_appends integer := cardinality(a_log);
  v_number bigint[] := array_fill(0::bigint, ARRAY[v_logs]);
  v_seq bigint[] := array_fill(0::bigint, ARRAY[v_logs]);
  v_next bigint[] := array_fill(1::bigint, ARRAY[v_logs]);
  v_count bigint[] := array_fill(0::bigint, ARRAY[v_logs]);
  v_octets bigint[] := array_fill(0::bigint, ARRAY[v_logs]);
  v_time bigint[] := array_fill(0::bigint, ARRAY[v_logs]);
  v_changed boolean[] := array_fill(false, ARRAY[v_logs]);
  v_known bigint[] := array_fill(0::bigint, ARRAY[3 * v_appends]);
  v_place integer;
  v_log integer;
  v_applied integer := 0;
  v_round bigint;
  v_row record;
BEGIN
  IF p_repeat THEN
    -- The write makes this commit wait for whatever the first one should have waited for.
    UPDATE rounds SET repeats = repeats + 1 WHERE token = p_token
      RETURNING results, missing, fresh INTO out_results, out_missing, out_fresh;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;

  out_results := array_fill(0::bigint, ARRAY[5 * v_appends]);
  out_missing := array_fill(NULL::bytea, ARRAY[p_rounds]);
  out_fresh := '{}';

  IF cardinality(b_id) > 0 THEN
    WITH put AS (
      INSERT INTO blobs (id, number, size, put, place, coding, crc, octets, sums)
      SELECT * FROM unnest(b_id, b_number, b_size, b_put, b_place, b_coding, b_crc, b_octets, b_sums)
      ON CONFLICT (id) DO UPDATE SET put = greatest(blobs.put, excluded.put)
      RETURNING id, number
    ), kept AS (
      INSERT INTO chunks (blob, index, coding, size, crc, octets)
      SELECT c.* FROM unnest(c_number, c_index, c_coding, c_size, c_crc, c_octets)
        AS c (number, index, coding, size, crc, octets)
      WHERE c.number IN (SELECT number FROM put)
      ON CONFLICT DO NOTHING
    )
    SELECT array_agg(put.number = b.number ORDER BY b.place) INTO out_fresh
    FROM unnest(b_id, b_number) WITH ORDINALITY AS b (id, number, place) JOIN put ON put.id = b.id;
  END IF;
  IF v_appends = 0 THEN
    RETURN;
  END IF;

  IF true = ANY (l_new) THEN
    INSERT INTO logs (name, number)
    SELECT l.name, nextval('log_numbers') FROM unnest(l_name, l_new) AS l (name, new)
    WHERE l.new AND NOT EXISTS (SELECT FROM logs WHERE logs.name = l.name)
    ON CONFLICT DO NOTHING;
  END IF;
  FOR v_row IN
    SELECT l.place, logs.* FROM unnest(l_name) WITH ORDINALITY AS l (name, place)
    JOIN logs ON logs.name = l.name ORDER BY logs.name FOR NO KEY UPDATE OF logs
  LOOP
    v_place := v_row.place;
    v_number[v_place] := v_row.number;
    v_seq[v_place] := v_row.last_seq;
    v_next[v_place] := v_row.next_id;
    v_count[v_place] := v_row.tally_count;
    v_octets[v_place] := v_row.tally_octets;
    v_time[v_place] := v_row.last_time;
  END LOOP;

  FOR v_row IN
    SELECT a.place, answers.* FROM unnest(a_log, a_key) WITH ORDINALITY AS a (log, key, place)
    JOIN answers ON answers.log = v_number[a.log] AND answers.key = a.key
    WHERE a.key IS NOT NULL
  LOOP
    v_place := 3 * (v_row.place - 1);
    v_known[v_place + 1] := v_row.first_seq;
    v_known[v_place + 2] := v_row.last_seq;
    v_known[v_place + 3] := v_row.first_id;
  END LOOP;

  IF cardinality(q_lock) > 0 THEN
    PERFORM FROM blobs WHERE id = ANY (q_lock) ORDER BY id FOR KEY SHARE;
    FOR v_row IN
      SELECT q.round, q.blob FROM unnest(q_round, q_blob) AS q (round, blob)
      WHERE NOT EXISTS (SELECT FROM blobs WHERE blobs.id = q.blob)
    LOOP
      out_missing[v_row.round] := v_row.blob;
    END LOOP;
  END IF;

  FOR i IN 1 .. v_appends LOOP
    v_log := a_log[i];
    v_place := 5 * (i - 1);
    IF out_missing[a_round[i]] IS NOT NULL THEN
      out_results[v_place + 1] := 4;
    ELSIF a_same[i] > 0 AND out_results[5 * a_same[i] - 4] IN (1, 2) THEN
      out_results[v_place + 1] := 2;
      out_results[v_place + 2] := out_results[5 * a_same[i] - 3];
      out_results[v_place + 3] := out_results[5 * a_same[i] - 2];
      out_results[v_place + 4] := out_results[5 * a_same[i] - 1];
    ELSIF v_known[3 * i - 2] > 0 THEN
      out_results[v_place + 1] := 2;
      out_results[v_place + 2] := v_known[3 * i - 2];
      out_results[v_place + 3] := v_known[3 * i - 1];
      out_results[v_place + 4] := v_known[3 * i];
    ELSIF a_expect[i] = v_seq[v_log] OR (a_expect[i] = -2 AND v_seq[v_log] > 0) THEN
      IF v_number[v_log] = 0 THEN
        RAISE EXCEPTION 'log % was dropped meanwhile', l_name[v_log] USING ERRCODE = '40001';
      END IF;
      v_applied := v_applied + 1;
      out_results[v_place + 1] := 1;
      out_results[v_place + 2] := v_seq[v_log] + 1;
      out_results[v_place + 3] := v_seq[v_log] + a_events[i];
      out_results[v_place + 4] := v_next[v_log];
      v_seq[v_log] := v_seq[v_log] + a_events[i];
      v_next[v_log] := v_next[v_log] + a_ids[i];
      v_count[v_log] := v_count[v_log] + a_count[i];
      v_octets[v_log] := v_octets[v_log] + a_octets[i];
      v_time[v_log] := greatest(v_time[v_log], p_now);
      v_changed[v_log] := true;
    ELSE
      out_results[v_place + 1] := 3;
      out_results[v_place + 2] := v_seq[v_log];
      out_results[v_place + 3] := v_next[v_log];
      out_results[v_place + 4] := v_count[v_log];
      out_results[v_place + 5] := v_octets[v_log];
    END IF;
  END LOOP;

  IF v_applied > 0 THEN
    v_round := nextval('change_rounds');
    INSERT INTO entries
      (log, seq, first_id, ids, time, tally_count, tally_octets, crc, payload, blobs)
    SELECT v_number[a_log[e.append]], out_results[5 * e.append - 3] + e.at,
      out_results[5 * e.append - 1] + e.id_at, e.ids, v_time[a_log[e.append]],
      e.count, e.octets, e.crc, e.payload, e.blobs
    FROM unnest(e_append, e_at, e_id_at, e_ids, e_count, e_octets, e_crc, e_payload, e_blobs)
      AS e (append, at, id_at, ids, count, octets, crc, payload, blobs)
    WHERE out_results[5 * e.append - 4] = 1;
    INSERT INTO answers (log, key, first_seq, last_seq, first_id, time)
    SELECT v_number[a.log], a.key, out_results[5 * a.place - 3], out_results[5 * a.place - 2],
      out_results[5 * a.place - 1], p_now
    FROM unnest(a_log, a_key) WITH ORDINALITY AS a (log, key, place)
    WHERE a.key IS NOT NULL AND out_results[5 * a.place - 4] = 1;
    INSERT INTO changes (round, part, log, number, first_seq, last_seq, time)
    SELECT v_round, a.place, l_name[a.log], v_number[a.log], out_results[5 * a.place - 3],
      out_results[5 * a.place - 2], p_now
    FROM unnest(a_log) WITH ORDINALITY AS a (log, place)
    WHERE out_results[5 * a.place - 4] = 1;
    INSERT INTO holds (blob, log, seq)
    SELECT h.blob, v_number[a_log[e_append[h.event]]],
      out_results[5 * e_append[h.event] - 3] + e_at[h.event]
    FROM unnest(h_event, h_blob) AS h (event, blob)
    WHERE out_results[5 * e_append[h.event] - 4] = 1;
    UPDATE logs SET last_seq = l.seq, next_id = l.next, tally_count = l.count,
      tally_octets = l.octets, last_time = l.time
    FROM unnest(l_name, v_seq, v_next, v_count, v_octets, v_time, v_changed)
      AS l (name, seq, next, count, octets, time, changed)
    WHERE logs.name = l.name AND l.changed;
  END IF;
  IF true = ANY (l_new) THEN
    DELETE FROM logs WHERE name = ANY (l_name) AND last_seq = 0;
  END IF;
  INSERT INTO rounds (token, results, missing, fresh)
  VALUES (p_token, out_results, out_missing, out_fresh);
END
$$;

-- Takes a log's name away and leaves the rest to be buried. results: 1 if there was a log.
CREATE FUNCTION drop_1(p_token uuid, p_repeat boolean, p_now bigint, p_name text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_number bigint;
  v_results bigint[];
BEGIN
  IF p_repeat THEN
    UPDATE rounds SET repeats = repeats + 1 WHERE token = p_token
      RETURNING results INTO v_results;
    IF FOUND THEN
      RETURN v_results[1] = 1;
    END IF;
  END IF;
  SELECT number INTO v_number FROM logs WHERE name = p_name FOR UPDATE;
  IF FOUND THEN
    DELETE FROM logs WHERE name = p_name;
    INSERT INTO dropped (number, log) VALUES (v_number, p_name);
    INSERT INTO changes (round, part, log, number, first_seq, last_seq, time)
    VALUES (nextval('change_rounds'), 1, p_name, v_number, 0, 0, p_now);
  END IF;
  INSERT INTO rounds (token, results, missing, fresh)
  VALUES (p_token, ARRAY[CASE WHEN v_number IS NULL THEN 0 ELSE 1 END], '{}', '{}');
  RETURN v_number IS NOT NULL;
END
$$;

-- Keeps a snapshot, unless a later one is kept; false if it is ahead of the log.
CREATE FUNCTION save_snapshot_1(
  p_name text, p_seq bigint, p_size bigint,
  c_coding smallint[], c_size integer[], c_crc integer[], c_octets bytea[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_log record;
BEGIN
  -- Nobody waits for this to be durable; the next append that commits makes it so.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT number, last_seq, snapshot_seq INTO v_log FROM logs WHERE name = p_name
    FOR NO KEY UPDATE;
  IF NOT FOUND OR p_seq < 1 OR p_seq > v_log.last_seq THEN
    RETURN false;
  END IF;
  IF p_seq >= v_log.snapshot_seq THEN
    DELETE FROM snapshot_chunks WHERE log = v_log.number;
    INSERT INTO snapshot_chunks (log, index, coding, size, crc, octets)
    SELECT v_log.number, c.place - 1, c.coding, c.size, c.crc, c.octets
    FROM unnest(c_coding, c_size, c_crc, c_octets) WITH ORDINALITY
      AS c (coding, size, crc, octets, place);
    INSERT INTO snapshots (log, seq, size, chunks)
    VALUES (v_log.number, p_seq, p_size, cardinality(c_octets))
    ON CONFLICT (log) DO UPDATE
      SET seq = excluded.seq, size = excluded.size, chunks = excluded.chunks;
    UPDATE logs SET snapshot_seq = p_seq WHERE name = p_name;
  END IF;
  RETURN true;
END
$$;

-- Forgets entries; false if one is above the snapshot.
CREATE FUNCTION compact_1(p_name text, p_dead bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_log record;
BEGIN
  -- Nobody waits for this to be durable; the next append that commits makes it so.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT number, snapshot_seq INTO v_log FROM logs WHERE name = p_name FOR NO KEY UPDATE;
  IF cardinality(p_dead) = 0 THEN
    RETURN true;
  ELSIF NOT FOUND OR p_dead[cardinality(p_dead)] > v_log.snapshot_seq THEN
    RETURN false;
  END IF;
  WITH gone AS (
    DELETE FROM entries WHERE log = v_log.number AND seq = ANY (p_dead)
    RETURNING seq, ids, tally_count, tally_octets, blobs
  ), freed AS (
    DELETE FROM holds USING gone, ids_1(gone.blobs) AS named
    WHERE holds.blob = named AND holds.log = v_log.number AND holds.seq = gone.seq
  )
  UPDATE logs SET
    gone_entries = gone_entries + total.entries, gone_ids = gone_ids + total.ids,
    gone_count = gone_count + total.count, gone_octets = gone_octets + total.octets
  FROM (SELECT count(*) AS entries, coalesce(sum(ids), 0) AS ids,
      coalesce(sum(tally_count), 0) AS count, coalesce(sum(tally_octets), 0) AS octets
    FROM gone) AS total
  WHERE logs.name = p_name;
  RETURN true;
END
$$;

-- Takes away up to a number of entries of a dropped log, and when none is left all else of it; tells
-- whether there is more.
CREATE FUNCTION bury_1(p_number bigint, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_count bigint;
BEGIN
  -- Nobody waits for this to be durable; the next append that commits makes it so.
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM FROM dropped WHERE number = p_number FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH gone AS (
    DELETE FROM entries WHERE log = p_number AND seq IN
      (SELECT seq FROM entries WHERE log = p_number ORDER BY seq LIMIT p_limit)
    RETURNING seq, blobs
  ), freed AS (
    DELETE FROM holds USING gone, ids_1(gone.blobs) AS named
    WHERE holds.blob = named AND holds.log = p_number AND holds.seq = gone.seq
  )
  SELECT count(*) INTO v_count FROM gone;
  IF v_count = p_limit THEN
    RETURN true;
  END IF;
  DELETE FROM snapshots WHERE log = p_number;
  DELETE FROM snapshot_chunks WHERE log = p_number;
  DELETE FROM answers WHERE log = p_number;
  DELETE FROM dropped WHERE number = p_number;
  RETURN false;
END
$$;

-- Adds chunks of a large blob, durably: a client should not have to send a large message again because
-- the database restarted in its middle. A repeat changes nothing.
CREATE FUNCTION upload_1(
  p_number bigint, p_now bigint,
  c_index integer[], c_coding smallint[], c_size integer[], c_crc integer[], c_octets bytea[])
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF c_index[1] = 0 THEN
    INSERT INTO uploads (number, place, last_write) VALUES (p_number, 1, p_now)
    ON CONFLICT DO NOTHING;
  ELSE
    UPDATE uploads SET last_write = p_now WHERE number = p_number;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  END IF;
  INSERT INTO chunks (blob, index, coding, size, crc, octets)
  SELECT p_number, c.* FROM unnest(c_index, c_coding, c_size, c_crc, c_octets)
    AS c (index, coding, size, crc, octets)
  ON CONFLICT DO NOTHING;
  RETURN true;
END
$$;

-- Makes a blob of an upload. 1: it was not there; 0: it was; -1: part of the upload is gone.
CREATE FUNCTION finish_1(
  p_number bigint, p_id bytea, p_size bigint, p_now bigint, p_chunks integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_kept bigint;
BEGIN
  DELETE FROM uploads WHERE number = p_number;
  IF NOT FOUND THEN
    -- Asked again, or swept.
    RETURN CASE WHEN EXISTS (SELECT FROM blobs WHERE id = p_id AND number = p_number) THEN 1
      WHEN EXISTS (SELECT FROM blobs WHERE id = p_id) THEN 0 ELSE -1 END;
  END IF;
  IF (SELECT count(*) FROM chunks WHERE blob = p_number) <> p_chunks THEN
    DELETE FROM chunks WHERE blob = p_number;
    RETURN -1;
  END IF;
  INSERT INTO blobs (id, number, size, put, place, coding, crc)
  VALUES (p_id, p_number, p_size, p_now, 1, 0, 0)
  ON CONFLICT (id) DO UPDATE SET put = greatest(blobs.put, excluded.put)
  RETURNING number INTO v_kept;
  IF v_kept <> p_number THEN
    DELETE FROM chunks WHERE blob = p_number;
    RETURN 0;
  END IF;
  RETURN 1;
END
$$;

-- Looks at the next blobs in the order of ids and takes away those that nobody names and nobody has
-- put since the edge. files: numbers of those whose content is in the shared directory.
CREATE FUNCTION sweep_1(
  p_after bytea, p_edge bigint, p_limit integer,
  OUT out_last bytea, OUT out_examined bigint, OUT out_removed bigint, OUT out_octets bigint,
  OUT out_files bigint[])
LANGUAGE plpgsql AS $$
DECLARE
  v_ids bytea[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO v_ids
  FROM (SELECT id FROM blobs WHERE id > p_after ORDER BY id LIMIT p_limit) AS slice;
  out_examined := coalesce(cardinality(v_ids), 0);
  out_removed := 0;
  out_octets := 0;
  out_files := '{}';
  IF out_examined = 0 THEN
    RETURN;
  END IF;
  out_last := v_ids[out_examined];
  SELECT array_agg(id) INTO v_ids FROM (
    SELECT id FROM blobs WHERE id = ANY (v_ids) AND put <= p_edge
      AND NOT EXISTS (SELECT FROM holds WHERE holds.blob = blobs.id)
    ORDER BY id FOR UPDATE SKIP LOCKED) AS slice;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  -- Looks again, now that nobody can name them unseen.
  WITH gone AS (
    DELETE FROM blobs WHERE id = ANY (v_ids) AND put <= p_edge
      AND NOT EXISTS (SELECT FROM holds WHERE holds.blob = blobs.id)
    RETURNING number, size, place
  ), freed AS (
    DELETE FROM chunks USING gone WHERE chunks.blob = gone.number AND gone.place = 1
  )
  SELECT count(*), coalesce(sum(size), 0),
    coalesce(array_agg(number) FILTER (WHERE place = 2), '{}')
  INTO out_removed, out_octets, out_files FROM gone;
END
$$;

-- Forgets the changes from before the edge, up to a round at most.
CREATE FUNCTION trim_1(p_edge bigint, p_settled bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_kept bigint;
  v_last record;
BEGIN
  -- Nobody waits for this to be durable; the next append that commits makes it so.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT round INTO v_kept FROM changes WHERE time >= p_edge ORDER BY round, part LIMIT 1;
  SELECT round, part INTO v_last FROM changes
  WHERE round < coalesce(v_kept, p_settled + 1) AND round <= p_settled
  ORDER BY round DESC, part DESC LIMIT 1;
  IF FOUND THEN
    UPDATE store SET trimmed_round = v_last.round, trimmed_part = v_last.part
    WHERE (trimmed_round, trimmed_part) < (v_last.round, v_last.part);
    DELETE FROM changes WHERE round <= v_last.round;
  END IF;
END
$$;
