-- 编制的组成: what a number is made of: 其中（专项用途）, temporary numbers with a last day (军转、过渡期), 周转编制 on loan.

-- Parts whose number is fixed fit into the whole; one "to be set separately" (另定) is unknown and counts nothing.
CREATE OR REPLACE FUNCTION k_parts_fit(l quota_line, p_whole int) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_sum int := (SELECT sum(number - taken) FROM quota_part WHERE line_id = l.id AND ended_on IS NULL AND recorded_to IS NULL);
BEGIN
  IF v_sum > coalesce(p_whole, v_sum) THEN
    PERFORM refuse('parts_exceed', jsonb_build_object('line', l.id, 'authorised', p_whole, 'parts', v_sum));
  END IF;
END $$;

-- A part begins: marked inside the number there is, or added to it until its last day. The caller holds the line.
CREATE OR REPLACE FUNCTION k_add_part(p_case bigint, l quota_line, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE q quota_part; v_now timestamptz; v_had int;
BEGIN
  q.line_id := l.id; q.purpose := f ->> 'purpose'; q.number := (f ->> 'number')::int; q.added := coalesce(f ->> 'how', 'inside') = 'added';
  q.last_on := nullif(f ->> 'last_on', '')::date; q.document_no := f ->> 'document_no'; q.started_on := p_on; q.case_id := p_case;
  q.issuer := coalesce(f ->> 'issuer', ''); q.scope_path := l.scope_path; q.taken := 0;
  IF coalesce(q.document_no, '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF coalesce(q.purpose, '') = '' OR q.number NOT BETWEEN 0 AND 20000
    OR (q.added OR q.purpose = 'rotating') AND coalesce(q.number, 0) = 0 THEN
    PERFORM refuse('invalid_input', '{"errors": {"number": ["required"]}}');
  -- What was added ends once; what is lent comes back; a mark may stay for good.
  ELSIF (q.added OR q.purpose = 'rotating') AND q.last_on IS NULL OR q.last_on <= p_on THEN
    PERFORM refuse('invalid_input', '{"errors": {"last_on": ["required"]}}');
  ELSIF EXISTS (SELECT 1 FROM quota_part WHERE line_id = l.id AND purpose = q.purpose AND document_no = q.document_no
      AND recorded_to IS NULL) THEN
    PERFORM refuse('document_used', jsonb_build_object('line', l.id, 'document_no', q.document_no));
  END IF;
  IF q.added THEN
    SELECT authorised INTO v_had FROM ledger_total WHERE line_id = l.id;
    PERFORM k_set_quota(p_case, k_plain(f) - 'until_on' || jsonb_build_object('line', l.id, 'authorised', coalesce(v_had, 0) + q.number), p_on);
  END IF;
  q.id := nextval(pg_get_serial_sequence('quota_part', 'id')); v_now := clock_timestamp(); q.recorded_at := v_now;
  INSERT INTO quota_part SELECT (q).*;
  PERFORM k_parts_fit(l, (SELECT authorised FROM ledger_total WHERE line_id = l.id));
  PERFORM chain_append('unit', l.unit_id, 'part.set', p_on, v_now, p_case, jsonb_build_object('part', q.id, 'line', l.id,
    'purpose', q.purpose, 'number', q.number, 'added', q.added::int, 'last_on', q.last_on, 'document_no', q.document_no,
    'issuer', q.issuer), l.scope_path);
  RETURN q.id;
END $$;

-- A part ends, or as much of it as can: seats that are kept for running cases stay until those end (the next run takes the
-- rest); whoever sits beyond the number from then on is surplus with an alarm. Nothing on a second run.
CREATE OR REPLACE FUNCTION k_end_part(p_case bigint, p_part bigint, p_on date, p_document text) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE q quota_part; n quota_part; t ledger_total; l quota_line; v_take int := 0; v_now timestamptz;
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (SELECT line_id FROM quota_part WHERE id = p_part) FOR UPDATE;
  SELECT * INTO q FROM quota_part WHERE id = p_part AND ended_on IS NULL AND recorded_to IS NULL;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT * INTO l FROM quota_line WHERE id = q.line_id;
  SELECT * INTO t FROM ledger_total WHERE line_id = l.id;
  v_take := CASE WHEN NOT q.added THEN 0 WHEN t.reserved = 0 THEN least(q.number - q.taken, t.authorised)
    ELSE greatest(0, least(q.number - q.taken, t.authorised - t.occupied - t.reserved)) END;
  v_now := clock_timestamp();
  UPDATE quota_part SET recorded_to = v_now WHERE id = q.id;
  n := q; n.id := nextval(pg_get_serial_sequence('quota_part', 'id')); n.recorded_at := v_now; n.taken := q.taken + v_take;
  n.ended_on := CASE WHEN NOT q.added OR n.taken >= q.number OR t.authorised = 0 THEN p_on END;
  IF n.ended_on IS NULL AND v_take = 0 THEN
    UPDATE quota_part SET recorded_to = NULL WHERE id = q.id;
    RETURN 0;
  END IF;
  INSERT INTO quota_part SELECT (n).*;
  PERFORM chain_append('unit', l.unit_id, 'part.ended', p_on, v_now, p_case, jsonb_build_object('closes', q.id, 'part', n.id,
    'line', l.id, 'taken', n.taken, 'ended_on', n.ended_on, 'document_no', p_document), l.scope_path);
  IF v_take > 0 THEN
    PERFORM k_set_quota(p_case, jsonb_build_object('line', l.id, 'authorised', t.authorised - v_take, 'document_no', p_document,
      'issuer', q.issuer, 'ending', CASE WHEN p_on > q.last_on THEN q.id END), greatest(p_on, (SELECT started_on FROM quota WHERE line_id = l.id AND ended_on IS NULL
      AND recorded_to IS NULL)));
  END IF;
  RETURN v_take;
END $$;

-- Where a line goes into another one its parts go along, each under its own document and with its last day; or they end.
CREATE OR REPLACE FUNCTION k_carry_parts(p_case bigint, p_from bigint, l quota_line, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE q quota_part; n quota_part; v_now timestamptz; s quota_line;
BEGIN
  SELECT * INTO s FROM quota_line WHERE id = p_from;
  FOR q IN SELECT * FROM quota_part WHERE line_id = p_from AND ended_on IS NULL AND recorded_to IS NULL ORDER BY id LOOP
    v_now := clock_timestamp();
    UPDATE quota_part SET recorded_to = v_now WHERE id = q.id;
    n := q; n.id := nextval(pg_get_serial_sequence('quota_part', 'id')); n.recorded_at := v_now; n.ended_on := greatest(p_on, q.started_on);
    INSERT INTO quota_part SELECT (n).*;
    PERFORM chain_append('unit', s.unit_id, 'part.ended', p_on, v_now, p_case, jsonb_build_object('closes', q.id, 'part', n.id,
      'line', p_from, 'taken', n.taken, 'ended_on', n.ended_on, 'document_no', q.document_no), s.scope_path);
    CONTINUE WHEN l.id IS NULL;
    n := q; n.id := nextval(pg_get_serial_sequence('quota_part', 'id')); n.line_id := l.id; n.number := q.number - q.taken; n.taken := 0;
    n.started_on := greatest(p_on, q.started_on); n.case_id := p_case; n.recorded_at := v_now; n.scope_path := l.scope_path;
    INSERT INTO quota_part SELECT (n).*;
    PERFORM chain_append('unit', l.unit_id, 'part.set', n.started_on, v_now, p_case, jsonb_build_object('part', n.id, 'line', l.id,
      'purpose', n.purpose, 'number', n.number, 'added', n.added::int, 'last_on', n.last_on, 'document_no', n.document_no,
      'issuer', n.issuer), l.scope_path);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ledger_set_part(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'set_part'); f jsonb := r.facts::jsonb; l quota_line; v_id bigint;
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
  SELECT * INTO l FROM quota_line WHERE id = (f ->> 'line')::bigint AND kind = 'establishment';
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('line', f ->> 'line')); END IF;
  IF f ->> 'purpose' = 'rotating' THEN PERFORM k_rotating_room(l, (f ->> 'number')::int); END IF;
  v_id := k_add_part(p_case, l, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- 提前收回、归还: a part ends by document before its day; what is in use stays until it is free (refused then).
CREATE OR REPLACE FUNCTION ledger_end_part(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'end_part'); f jsonb := r.facts::jsonb; q quota_part; t ledger_total;
  v_on date := k_day((f ->> 'start')::date);
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (SELECT line_id FROM quota_part WHERE id = (f ->> 'part')::bigint) FOR UPDATE;
  SELECT * INTO q FROM quota_part WHERE id = (f ->> 'part')::bigint AND ended_on IS NULL AND recorded_to IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('part', f ->> 'part')); END IF;
  -- Not before it began; and the number of a later document stands as that one says.
  IF v_on < q.started_on OR q.added AND v_on < (SELECT started_on FROM quota WHERE line_id = q.line_id AND ended_on IS NULL
      AND recorded_to IS NULL) THEN
    PERFORM refuse('bad_day', jsonb_build_object('day', v_on, 'line', q.line_id));
  END IF;
  SELECT * INTO t FROM ledger_total WHERE line_id = q.line_id;
  IF q.added AND t.occupied + t.reserved > t.authorised - (q.number - q.taken) THEN
    PERFORM refuse('quota_below_use', jsonb_build_object('line', q.line_id, 'authorised', t.authorised - (q.number - q.taken),
      'occupied', t.occupied, 'reserved', t.reserved));
  END IF;
  PERFORM k_end_part(p_case, q.id, v_on, f ->> 'document_no');
  PERFORM k_effected(p_case);
END $$;

-- The job's step for one part past its last day, in the name of the case that set it; says how many numbers went.
CREATE OR REPLACE FUNCTION part_expire(p_part bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q quota_part; v_gone int;
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'service' THEN PERFORM refuse('not_allowed'); END IF;
  SELECT * INTO q FROM quota_part WHERE id = p_part AND ended_on IS NULL AND recorded_to IS NULL;
  IF NOT FOUND OR q.last_on IS NULL OR q.last_on >= kernel_today() THEN RETURN 0; END IF;
  v_gone := k_end_part(q.case_id, q.id, q.last_on + 1, q.document_no);
  IF v_gone > 0 THEN
    INSERT INTO application_event (application_id, kind, user_id, operator, side, facts, scope_path)
    SELECT a.id, 'part_ended', scope_number(1), acting_name(), '台账', jsonb_build_object('line', q.line_id, 'number', v_gone), a.scope_path
      FROM application a WHERE a.id = q.case_id;
  END IF;
  RETURN v_gone;
END $$;

-- Parts past their last day, earliest first: what the job ends.
CREATE OR REPLACE FUNCTION parts_due() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id FROM quota_part WHERE ended_on IS NULL AND recorded_to IS NULL AND last_on < kernel_today()
    AND scope_part(3) = 'service' ORDER BY last_on, id
$$;
