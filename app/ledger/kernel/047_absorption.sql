-- 超编消化 and 只出不进: plans by which a surplus goes, lines that nobody enters and whose seats go with their holders.

CREATE OR REPLACE FUNCTION k_plan_absorption(p_case bigint, l quota_line, p_surplus int, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a absorption_plan; v_now timestamptz := clock_timestamp(); v_bad text;
BEGIN
  a.until_on := (f ->> 'until_on')::date; a.targets := nullif(f ->> 'targets', '');
  IF a.until_on IS NULL OR a.until_on <= p_on THEN PERFORM refuse('invalid_input', '{"errors": {"until_on": ["plan_ended"]}}'); END IF;
  -- Year:how many may still be surplus at its end, e.g. 2027:3,2028:0.
  SELECT min(x) INTO v_bad FROM regexp_split_to_table(a.targets, ',') x WHERE x !~ '^20[0-9]{2}:[0-9]{1,5}$';
  IF v_bad IS NOT NULL THEN PERFORM refuse('invalid_input', '{"errors": {"targets": ["format"]}}'); END IF;
  -- Each year once, and never more than the year before.
  IF EXISTS (SELECT 1 FROM (SELECT split_part(x, ':', 1) > lag(split_part(x, ':', 1)) OVER w AS later,
      split_part(x, ':', 2)::int > lag(split_part(x, ':', 2)::int) OVER w AS more
      FROM regexp_split_to_table(a.targets, ',') WITH ORDINALITY s(x, n) WINDOW w AS (ORDER BY n)) d WHERE NOT later OR more) THEN
    PERFORM refuse('invalid_input', '{"errors": {"targets": ["targets_order"]}}');
  END IF;
  PERFORM k_end_absorption(l.id, p_case);
  a.id := nextval(pg_get_serial_sequence('absorption_plan', 'id')); a.line_id := l.id; a.unit_id := l.unit_id; a.surplus := p_surplus;
  a.document_no := f ->> 'document_no'; a.started_on := p_on; a.case_id := p_case; a.scope_path := l.scope_path;
  INSERT INTO absorption_plan SELECT (a).*;
  PERFORM chain_append('unit', l.unit_id, 'absorption.planned', p_on, v_now, p_case, jsonb_build_object('plan', a.id, 'line', l.id,
    'surplus', a.surplus, 'until_on', a.until_on, 'targets', a.targets, 'document_no', a.document_no), l.scope_path);
  RETURN a.id;
END $$;

-- A plan ends by itself when its surplus is gone, or where another takes its place.
CREATE OR REPLACE FUNCTION k_end_absorption(p_line bigint, p_case bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a absorption_plan;
BEGIN
  FOR a IN SELECT * FROM absorption_plan WHERE line_id = p_line AND ended_on IS NULL FOR UPDATE LOOP
    UPDATE absorption_plan SET ended_on = greatest(started_on, kernel_today()) WHERE id = a.id RETURNING * INTO a;
    PERFORM chain_append('unit', a.unit_id, 'absorption.ended', a.ended_on, clock_timestamp(), p_case,
      jsonb_build_object('plan', a.id, 'line', a.line_id), a.scope_path);
  END LOOP;
END $$;

-- 消化计划 for a surplus that is there already (legacy, or a temporary number that ended).
CREATE OR REPLACE FUNCTION ledger_absorb(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'absorb'); f jsonb := r.facts::jsonb; t ledger_total; l quota_line; v_id bigint;
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
  SELECT * INTO l FROM quota_line WHERE id = t.line_id;
  IF l.id IS NULL THEN PERFORM refuse('not_found', jsonb_build_object('line', f ->> 'line')); END IF;
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF t.authorised IS NULL OR t.occupied <= t.authorised THEN PERFORM refuse('no_surplus', k_line_figures(t)); END IF;
  v_id := k_plan_absorption(p_case, l, t.occupied - t.authorised, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION k_close_line(p_case bigint, l quota_line, p_closed boolean, p_document text, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE quota_line SET closed_to_entry = p_closed WHERE id = l.id;
  PERFORM chain_append('unit', l.unit_id, 'line.closed', p_on, clock_timestamp(), p_case, jsonb_build_object(
    'line', l.id, 'closed', p_closed::int, 'document_no', p_document), l.scope_path);
END $$;

-- 只出不进、退一收一: a line closed to entry, or opened again. Seats that are kept for running cases are refused first.
CREATE OR REPLACE FUNCTION ledger_close_line(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'close_line'); f jsonb := r.facts::jsonb; t ledger_total; l quota_line;
  v_closed boolean := f ->> 'entry' = 'closed';
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
  SELECT * INTO l FROM quota_line WHERE id = t.line_id AND kind = 'establishment';
  IF l.id IS NULL THEN PERFORM refuse('not_found', jsonb_build_object('line', f ->> 'line')); END IF;
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF v_closed IS NULL OR l.closed_to_entry = v_closed THEN PERFORM refuse('wrong_state', jsonb_build_object('state', f ->> 'entry')); END IF;
  IF v_closed AND t.reserved > 0 THEN PERFORM refuse('seats_reserved', k_line_figures(t)); END IF;
  PERFORM k_close_line(p_case, l, v_closed, f ->> 'document_no', k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

-- The exit takes the seat along: the number falls by one, in the name of the exit's own case.
CREATE OR REPLACE FUNCTION k_take_along(p_case bigint, l quota_line, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_had int := (SELECT authorised FROM ledger_total WHERE line_id = l.id);
BEGIN
  IF NOT l.closed_to_entry OR coalesce(v_had, 0) = 0 THEN RETURN; END IF;
  PERFORM k_set_quota(p_case, jsonb_build_object('line', l.id, 'authorised', v_had - 1, 'issuer', '退一收一', 'ending', l.id,
    'document_no', coalesce((SELECT number FROM application WHERE id = p_case), '退一收一')),
    greatest(p_on, (SELECT started_on FROM quota WHERE line_id = l.id AND ended_on IS NULL AND recorded_to IS NULL)));
END $$;
