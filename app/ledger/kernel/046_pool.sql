-- 总量控制: a region's total of a category (kind total) and its reserve lent from line to line (kind rotating, 周转编制).

-- Who raises or lends numbers of a category keeps out who registers a total or a reserve of it, the first one too, of which
-- there is no row to lock; behind the totals of lines, before the pools' rows.
CREATE OR REPLACE FUNCTION k_pool_turn(p_category text, p_registers boolean) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF p_registers THEN PERFORM pg_advisory_xact_lock(hashtext('pool:' || p_category));
  ELSE PERFORM pg_advisory_xact_lock_shared(hashtext('pool:' || p_category)); END IF;
END $$;

-- Room for more numbers in every total that encloses a line's place. The pool's row is the lock: two units never both take
-- the last. No total, no check: 未核定 is not zero.
CREATE OR REPLACE FUNCTION k_pool_room(l quota_line, p_more int, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m record; v_sum int;
BEGIN
  IF p_more < 0 THEN RETURN; END IF;
  PERFORM k_pool_turn(l.category, false);
  IF NOT EXISTS (SELECT 1 FROM quota_pool WHERE category = l.category AND kind = 'total' AND ended_on IS NULL) THEN RETURN; END IF;
  FOR m IN SELECT q.*, g.prefix FROM quota_pool q JOIN region g ON g.code = q.region_code WHERE q.category = l.category AND q.kind = 'total'
      AND q.recorded_to IS NULL AND q.ended_on IS NULL AND starts_with(l.scope_path, g.prefix) ORDER BY q.id FOR UPDATE OF q LOOP
    SELECT coalesce(sum(t.authorised), 0) INTO v_sum FROM ledger_total t JOIN quota_line x ON x.id = t.line_id
     WHERE x.kind = 'establishment' AND x.category = l.category AND t.scope_path >= m.prefix AND t.scope_path < range_end(m.prefix);
    IF v_sum + p_more > m.number THEN
      PERFORM refuse('pool_exhausted', jsonb_build_object('region', m.region_code, 'category', l.category, 'total', m.number,
        'distributed', v_sum, 'wanted', p_more, 'document_no', m.document_no));
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION k_rotating_room(l quota_line, p_more int) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m record; v_lent int;
BEGIN
  PERFORM k_pool_turn(l.category, false);
  SELECT q.*, g.prefix INTO m FROM quota_pool q JOIN region g ON g.code = q.region_code WHERE q.category = l.category AND q.kind = 'rotating'
    AND q.recorded_to IS NULL AND q.ended_on IS NULL AND starts_with(l.scope_path, g.prefix) ORDER BY length(g.prefix) DESC LIMIT 1 FOR UPDATE OF q;
  IF NOT FOUND THEN PERFORM refuse('pool_exhausted', jsonb_build_object('region', split_part(l.scope_path, '.', 1), 'category', l.category,
    'total', 0, 'distributed', 0, 'wanted', p_more, 'document_no', '')); END IF;
  SELECT coalesce(sum(q.number - q.taken), 0) INTO v_lent FROM quota_part q JOIN quota_line x ON x.id = q.line_id
   WHERE q.purpose = 'rotating' AND q.ended_on IS NULL AND q.recorded_to IS NULL AND x.category = l.category AND starts_with(q.scope_path, m.prefix);
  IF v_lent + p_more > m.number THEN
    PERFORM refuse('pool_exhausted', jsonb_build_object('region', m.region_code, 'category', l.category, 'total', m.number,
      'distributed', v_lent, 'wanted', p_more, 'document_no', m.document_no));
  END IF;
END $$;

-- A region's number by its document; the next one ends the one before; never below what is distributed or lent.
CREATE OR REPLACE FUNCTION ledger_set_pool(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'set_pool'); f jsonb := r.facts::jsonb; v_on date := k_day((f ->> 'start')::date);
  g region; q quota_pool; n quota_pool; v_used int; v_closes bigint; v_ended bigint; v_now timestamptz;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  PERFORM k_pool_turn(coalesce(f ->> 'category', ''), true);
  SELECT * INTO g FROM region WHERE code = f ->> 'region';
  n.kind := coalesce(f ->> 'pool_kind', 'total'); n.category := f ->> 'category'; n.number := (f ->> 'number')::int;
  IF g.code IS NULL OR coalesce(n.category, '') = '' OR n.number IS NULL OR n.number NOT BETWEEN 0 AND 10000000 OR n.kind NOT IN ('total', 'rotating') THEN
    PERFORM refuse('invalid_input', '{"errors": {"number": ["required"]}}');
  END IF;
  v_now := clock_timestamp();
  SELECT * INTO q FROM quota_pool WHERE region_code = g.code AND category = n.category AND kind = n.kind AND recorded_to IS NULL
    AND ended_on IS NULL FOR UPDATE;
  IF FOUND THEN
    IF v_on < q.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_on)); END IF;
    IF q.document_no = f ->> 'document_no' THEN
      PERFORM refuse('document_used', jsonb_build_object('region', g.code, 'document_no', q.document_no));
    END IF;
    UPDATE quota_pool SET recorded_to = v_now WHERE id = q.id; v_closes := q.id;
    q.id := nextval(pg_get_serial_sequence('quota_pool', 'id')); q.ended_on := v_on; q.recorded_at := v_now;
    INSERT INTO quota_pool SELECT (q).*;
    v_ended := q.id;
  END IF;
  SELECT CASE n.kind WHEN 'total' THEN (SELECT coalesce(sum(t.authorised), 0) FROM ledger_total t JOIN quota_line x ON x.id = t.line_id
      WHERE x.kind = 'establishment' AND x.category = n.category AND t.scope_path >= g.prefix AND t.scope_path < range_end(g.prefix))
    ELSE (SELECT coalesce(sum(p.number - p.taken), 0) FROM quota_part p JOIN quota_line x ON x.id = p.line_id WHERE p.purpose = 'rotating'
      AND p.ended_on IS NULL AND p.recorded_to IS NULL AND x.category = n.category AND starts_with(p.scope_path, g.prefix)) END INTO v_used;
  IF n.number < v_used THEN
    PERFORM refuse('pool_below_use', jsonb_build_object('region', g.code, 'category', n.category, 'total', n.number, 'distributed', v_used));
  END IF;
  n.id := nextval(pg_get_serial_sequence('quota_pool', 'id')); n.region_code := g.code; n.document_no := f ->> 'document_no';
  n.issuer := coalesce(f ->> 'issuer', ''); n.started_on := v_on; n.case_id := p_case; n.recorded_at := v_now; n.scope_path := g.prefix;
  INSERT INTO quota_pool SELECT (n).*;
  PERFORM chain_append('region', g.code::bigint, 'pool.set', v_on, v_now, p_case, jsonb_build_object('pool', n.id, 'region', g.code,
    'kind', n.kind, 'category', n.category, 'number', n.number, 'document_no', n.document_no, 'issuer', n.issuer, 'closes', v_closes,
    'ended', v_ended), g.prefix);
  PERFORM k_effected(p_case);
  RETURN n.id;
END $$;

-- 编制划转: numbers go from a line to another one of the same category in one document; the sum stays.
CREATE OR REPLACE FUNCTION k_move_quota(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a quota_line; b quota_line; v_from int; v_to int; v_number int := (f ->> 'number')::int;
BEGIN
  SELECT * INTO a FROM quota_line WHERE id = (f ->> 'from_line')::bigint;
  SELECT * INTO b FROM quota_line WHERE id = (f ->> 'line')::bigint;
  IF a.id IS NULL OR b.id IS NULL THEN PERFORM refuse('not_found', jsonb_build_object('line', coalesce(f ->> 'line', f ->> 'from_line'))); END IF;
  IF a.id = b.id OR v_number IS NULL OR v_number < 1 THEN PERFORM refuse('invalid_input', '{"errors": {"number": ["required"]}}'); END IF;
  IF (a.kind, a.category) IS DISTINCT FROM (b.kind, b.category) THEN PERFORM refuse('wrong_category', jsonb_build_object('line', b.id)); END IF;
  PERFORM 1 FROM ledger_total WHERE line_id IN (a.id, b.id) ORDER BY line_id FOR UPDATE;
  SELECT authorised INTO v_from FROM ledger_total WHERE line_id = a.id;
  SELECT authorised INTO v_to FROM ledger_total WHERE line_id = b.id;
  IF coalesce(v_from, 0) < v_number THEN
    PERFORM refuse('move_above', jsonb_build_object('line', a.id, 'authorised', v_from, 'number', v_number));
  END IF;
  PERFORM k_set_quota(p_case, k_plain(f) - 'until_on' || jsonb_build_object('line', a.id, 'authorised', v_from - v_number), p_on);
  PERFORM k_set_quota(p_case, k_plain(f) - 'until_on' || jsonb_build_object('line', b.id, 'authorised', coalesce(v_to, 0) + v_number), p_on);
END $$;

CREATE OR REPLACE FUNCTION ledger_move_quota(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'move_quota'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_move_quota(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;
