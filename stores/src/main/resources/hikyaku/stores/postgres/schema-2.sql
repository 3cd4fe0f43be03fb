-- Version 2: logs come in from another store.

-- Adds entries as another store has them. l_*: the head afterwards; e_*: the entries; h_*: which of
-- them, by sequence, hold which blobs. Nothing if it is done, or was before; no octets if the log is
-- elsewhere; the id of a blob that is missing.
CREATE FUNCTION restore_2(
  p_name text, p_after bigint, p_now bigint,
  l_seq bigint, l_next bigint, l_count bigint, l_octets bigint,
  e_seq bigint[], e_first_id bigint[], e_ids integer[], e_time bigint[], e_count bigint[],
  e_octets bigint[], e_crc integer[], e_payload bytea[], e_blobs bytea[],
  h_seq bigint[], h_blob bytea[])
RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  v_log record;
  v_missing bytea;
  v_ids bigint := coalesce((SELECT sum(ids) FROM unnest(e_ids) AS ids), 0);
  v_count bigint := coalesce((SELECT sum(count) FROM unnest(e_count) AS count), 0);
  v_octets bigint := coalesce((SELECT sum(octets) FROM unnest(e_octets) AS octets), 0);
BEGIN
  PERFORM FROM blobs WHERE id = ANY (h_blob) ORDER BY id FOR KEY SHARE;
  SELECT blob INTO v_missing FROM unnest(h_blob) AS blob
  WHERE NOT EXISTS (SELECT FROM blobs WHERE id = blob) LIMIT 1;
  IF FOUND THEN
    RETURN v_missing;
  END IF;
  IF p_after = 0 THEN
    INSERT INTO logs (name, number) VALUES (p_name, nextval('log_numbers')) ON CONFLICT DO NOTHING;
  END IF;
  SELECT * INTO v_log FROM logs WHERE name = p_name FOR NO KEY UPDATE;
  IF FOUND AND (v_log.last_seq, v_log.next_id, v_log.tally_count, v_log.tally_octets)
      = (l_seq, l_next, l_count, l_octets) THEN
    RETURN NULL;
  ELSIF v_log.last_seq IS DISTINCT FROM p_after THEN
    RETURN ''::bytea;
  END IF;
  INSERT INTO entries
    (log, seq, first_id, ids, time, tally_count, tally_octets, crc, payload, blobs)
  SELECT v_log.number, e.*
  FROM unnest(e_seq, e_first_id, e_ids, e_time, e_count, e_octets, e_crc, e_payload, e_blobs) AS e;
  INSERT INTO holds (blob, log, seq)
  SELECT h.blob, v_log.number, h.seq FROM unnest(h_seq, h_blob) AS h (seq, blob);
  INSERT INTO changes (round, part, log, number, first_seq, last_seq, time)
  VALUES (nextval('change_rounds'), 1, p_name, v_log.number, p_after + 1, l_seq, p_now);
  UPDATE logs SET last_seq = l_seq, next_id = l_next, tally_count = l_count, tally_octets = l_octets,
    last_time = greatest(last_time, (SELECT max(time) FROM unnest(e_time) AS time)),
    gone_entries = gone_entries + l_seq - p_after - cardinality(e_seq),
    gone_ids = gone_ids + l_next - next_id - v_ids,
    gone_count = gone_count + l_count - tally_count - v_count,
    gone_octets = gone_octets + l_octets - tally_octets - v_octets
  WHERE name = p_name;
  RETURN NULL;
END
$$;
