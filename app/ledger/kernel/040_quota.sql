-- Quotas. The k_ functions do the work and are not granted; the ledger_ functions ask the case first.

CREATE OR REPLACE FUNCTION k_surplus_alarm(p_line bigint, p_case bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE t ledger_total; l quota_line;
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = p_line;
  SELECT * INTO l FROM quota_line WHERE id = p_line;
  IF t.authorised IS NOT NULL AND t.occupied > t.authorised THEN
    INSERT INTO alarm (rule, code, standing, state, unit_id, line_id, case_id, user_id, operator, facts, scope_path)
    VALUES (CASE l.kind WHEN 'leadership' THEN 'AL03' ELSE 'AL02' END, 'surplus_line', true, 'open', l.unit_id,
      p_line, p_case, scope_number(1), kernel_actor(), jsonb_build_object('authorised', t.authorised,
      'occupied', t.occupied, 'surplus', t.occupied - t.authorised, 'line', p_line), l.scope_path)
    ON CONFLICT (rule, line_id) WHERE standing AND state IN ('open', 'accepted') DO UPDATE SET facts = excluded.facts;
  ELSE
    UPDATE alarm SET state = 'cleared', closed_at = clock_timestamp()
     WHERE line_id = p_line AND standing AND state IN ('open', 'accepted');
    PERFORM k_end_absorption(p_line, p_case);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION k_line(f jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_unit bigint := (f ->> 'unit')::bigint; v_scope bigint := coalesce((f ->> 'scope')::bigint, (f ->> 'unit')::bigint);
BEGIN
  IF NOT EXISTS (SELECT 1 FROM unit u JOIN unit s ON s.id = v_scope AND s.legal_id = u.id AND s.status = 'active'
      WHERE u.id = v_unit AND u.legal_id = u.id AND u.status = 'active') THEN
    PERFORM refuse('not_found', jsonb_build_object('unit', v_unit, 'scope', v_scope));
  END IF;
  INSERT INTO quota_line (unit_id, kind, category, funding, structure, scope_unit_id, role, level, closed_to_entry, scope_path)
  SELECT v_unit, coalesce(f ->> 'kind', 'establishment'), coalesce(f ->> 'category', ''), coalesce(f ->> 'funding', ''),
    coalesce(f ->> 'structure', 'none'), v_scope, coalesce(f ->> 'role', ''), coalesce(f ->> 'level', ''), false, scope_path
  FROM unit WHERE id = v_unit ON CONFLICT ON CONSTRAINT uq_quota_line_key DO NOTHING RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    SELECT id INTO v_id FROM quota_line WHERE unit_id = v_unit AND kind = coalesce(f ->> 'kind', 'establishment')
      AND category = coalesce(f ->> 'category', '') AND funding = coalesce(f ->> 'funding', '')
      AND structure = coalesce(f ->> 'structure', 'none') AND scope_unit_id = v_scope
      AND role = coalesce(f ->> 'role', '') AND level = coalesce(f ->> 'level', '');
  ELSE
    INSERT INTO ledger_total (line_id, authorised, occupied, reserved, scope_path)
    SELECT id, NULL, 0, 0, scope_path FROM quota_line WHERE id = v_id;
  END IF;
  RETURN v_id;
END $$;

-- The first day from p_from on that the movement recorded at p_now leaves further over the quota than it was; null when
-- none. A day that no document covers is before the ledger's knowledge; on one with 未核定 nobody may sit.
CREATE OR REPLACE FUNCTION k_first_bad_day(p_line bigint, p_from date, p_now timestamptz) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH held AS (SELECT started_on, ended_on, recorded_at < p_now AS was, recorded_to IS NULL AS will FROM occupancy
      WHERE line_id = p_line AND (recorded_to IS NULL OR recorded_to = p_now)),
    allowed AS (SELECT started_on, ended_on, coalesce(authorised, 0) AS n, recorded_at < p_now AS was,
        recorded_to IS NULL AS will FROM quota
      WHERE line_id = p_line AND (recorded_to IS NULL OR recorded_to = p_now)),
    days AS (SELECT p_from AS d UNION SELECT started_on FROM held UNION SELECT ended_on FROM held
      UNION SELECT started_on FROM allowed UNION SELECT ended_on FROM allowed),
    counts AS (SELECT d, count(*) FILTER (WHERE h.was) AS was, count(*) FILTER (WHERE h.will) AS will,
        (SELECT max(n) FROM allowed q WHERE q.was AND q.started_on <= d AND (q.ended_on IS NULL OR q.ended_on > d)) AS had,
        (SELECT max(n) FROM allowed q WHERE q.will AND q.started_on <= d AND (q.ended_on IS NULL OR q.ended_on > d)) AS has
      FROM days LEFT JOIN held h ON h.started_on <= d AND (h.ended_on IS NULL OR h.ended_on > d)
      WHERE d >= p_from GROUP BY d)
  SELECT min(d) FROM counts WHERE will > has AND will - has > greatest(0, was - coalesce(had, was))
$$;

-- Whether a seat existed on a day and nobody holds it then or later.
CREATE OR REPLACE FUNCTION k_free_since(p post, p_on date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT p.created_on <= p_on AND NOT EXISTS (SELECT 1 FROM occupancy o WHERE o.post_id = p.id AND o.recorded_to IS NULL
    AND (o.ended_on IS NULL OR o.ended_on > p_on))
$$;

-- The kernel's own words among the facts (k_set_quota, k_split_unit): nobody files them.
CREATE OR REPLACE FUNCTION k_plain(f jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT f - ARRAY['ending', 'net', 'opening', 'bring', 'notes']
$$;

-- 核定: seats are created or abolished with the number; below what is occupied only with a plan of absorption (消化计划) or
-- where a temporary number ends: then the highest seats in use are surplus, die first, and nobody enters meanwhile.
-- "ending": the number goes by itself on a day that nobody chooses any more (到期收回, 退一收一). Whoever sat on it after that
-- day was over the number then, and the history says so; a seat that was left later goes on the day it was left.
-- "bring": so many people come along with a number that is too small for them; the seats beyond it are surplus from the
-- first (the caller puts them on it and writes the plan).
CREATE OR REPLACE FUNCTION k_set_quota(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_line bigint := coalesce((f ->> 'line')::bigint, k_line(f)); t ledger_total; l quota_line; q quota; v_bad date;
  v_new int := (f ->> 'authorised')::int; v_now timestamptz; v_last int; v_seats int; v_from int; v_to int; v_closes bigint;
  v_cut text; v_regular text; v_ended bigint; v_quota bigint; v_gone int; v_keep int; v_over int; v_marked text; v_left text;
  v_ending boolean := f ->> 'ending' IS NOT NULL; v_bring int := coalesce((f ->> 'bring')::int, 0);
  v_planned boolean := coalesce(f ->> 'until_on', '') <> '' OR f ->> 'ending' IS NOT NULL OR v_bring > 0;
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = v_line FOR UPDATE;
  SELECT * INTO l FROM quota_line WHERE id = v_line;
  -- A closed unit has no quota; held against its closing.
  PERFORM 1 FROM unit WHERE id IN (l.unit_id, l.scope_unit_id) ORDER BY id FOR SHARE;
  IF l.id IS NULL OR EXISTS (SELECT 1 FROM unit WHERE id IN (l.unit_id, l.scope_unit_id) AND status = 'closed') THEN
    PERFORM refuse('not_found', jsonb_build_object('line', v_line));
  END IF;
  -- No number before there was whom to give it to; of an opening balance the department may have changed its day since.
  SELECT max(opened_on) INTO v_bad FROM unit WHERE id = l.unit_id OR id = l.scope_unit_id AND f ->> 'opening' IS NULL;
  IF p_on < v_bad THEN PERFORM refuse('not_yet_open', jsonb_build_object('day', v_bad)); END IF;
  v_now := clock_timestamp();
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  -- Each number is a numbered seat: no line of a city has more, and a slip of the hand would make millions of rows.
  IF v_new > 20000 THEN PERFORM refuse('invalid_input', '{"errors": {"authorised": ["too_large"]}}'); END IF;
  IF coalesce(v_new, 0) < t.occupied + t.reserved + v_bring AND NOT (t.reserved = 0 AND v_planned) THEN
    PERFORM refuse('quota_below_use', jsonb_build_object('line', v_line, 'authorised', v_new,
      'occupied', t.occupied, 'reserved', t.reserved));
  END IF;
  SELECT * INTO q FROM quota WHERE line_id = v_line AND ended_on IS NULL AND recorded_to IS NULL;
  IF FOUND THEN
    IF p_on < q.started_on THEN
      PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', v_line));
    END IF;
    UPDATE quota SET recorded_to = v_now WHERE id = q.id; v_closes := q.id;
    INSERT INTO quota (line_id, authorised, document_no, issuer, started_on, ended_on, recorded_at, scope_path)
    VALUES (v_line, q.authorised, q.document_no, q.issuer, q.started_on, p_on, v_now, q.scope_path) RETURNING id INTO v_ended;
  END IF;
  INSERT INTO quota (line_id, authorised, document_no, issuer, started_on, recorded_at, scope_path)
  VALUES (v_line, v_new, f ->> 'document_no', coalesce(f ->> 'issuer', ''), p_on, v_now, l.scope_path) RETURNING id INTO v_quota;
  v_over := greatest(0, t.occupied + v_bring - coalesce(v_new, 0));
  v_bad := CASE WHEN NOT v_ending AND (v_over = 0 OR NOT v_planned) THEN k_first_bad_day(v_line, p_on, v_now) END;
  IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', v_line)); END IF;
  IF l.kind = 'establishment' THEN
    -- What goes from line to line is looked at as a whole by who moves it.
    IF coalesce(v_new, 0) > coalesce(t.authorised, 0) AND f ->> 'net' IS NULL THEN
      PERFORM k_pool_room(l, coalesce(v_new, 0) - coalesce(t.authorised, 0), p_on);
    END IF;
    PERFORM k_parts_fit(l, v_new);
  END IF;
  v_keep := greatest(coalesce(v_new, 0), t.occupied + t.reserved + v_bring);
  SELECT coalesce(max(number), 0), count(*) FILTER (WHERE status <> 'abolished') INTO v_last, v_seats
    FROM post WHERE line_id = v_line;
  IF v_keep > v_seats THEN
    v_from := v_last + 1; v_to := v_last + v_keep - v_seats;
    INSERT INTO post (line_id, unit_id, number, status, surplus, created_on, scope_path)
    SELECT v_line, l.unit_id, n, 'vacant', false, p_on, l.scope_path FROM generate_series(v_from, v_to) n;
  ELSIF v_keep < v_seats THEN
    -- The highest numbers go, of those that nobody held since that day.
    WITH cut AS (UPDATE post SET status = 'abolished', abolished_on = CASE WHEN v_ending THEN greatest(p_on, (SELECT max(ended_on)
        FROM occupancy o WHERE o.post_id = post.id AND o.recorded_to IS NULL)) ELSE p_on END WHERE id IN (
      SELECT id FROM post x WHERE line_id = v_line AND status = 'vacant' AND (v_ending OR k_free_since(x, p_on))
      ORDER BY NOT v_ending OR k_free_since(x, p_on) DESC, number DESC LIMIT v_seats - v_keep) RETURNING number, abolished_on)
    SELECT string_agg(number::text, ',' ORDER BY number), count(*),
      string_agg(number || ':' || abolished_on, ',' ORDER BY number) FILTER (WHERE abolished_on > p_on) INTO v_cut, v_gone, v_left FROM cut;
    IF v_gone < v_seats - v_keep THEN
      PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', v_line));
    END IF;
  END IF;
  -- As many surplus seats as people above the number: the lowest become regular, or the highest in use surplus.
  WITH kept AS (UPDATE post SET surplus = false WHERE id IN (SELECT id FROM post WHERE line_id = v_line AND surplus
      AND status <> 'abolished' ORDER BY number LIMIT greatest(0, (SELECT count(*) FROM post WHERE line_id = v_line AND surplus
      AND status <> 'abolished') - v_over)) RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number) INTO v_regular FROM kept;
  WITH marked AS (UPDATE post SET surplus = true WHERE id IN (SELECT id FROM post WHERE line_id = v_line AND NOT surplus
      AND (status = 'occupied' OR v_bring > 0 AND status = 'vacant') ORDER BY number DESC LIMIT greatest(0, v_over - (SELECT count(*) FROM post WHERE line_id = v_line
      AND surplus AND status <> 'abolished'))) RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number) INTO v_marked FROM marked;
  UPDATE ledger_total SET authorised = v_new WHERE line_id = v_line;
  PERFORM chain_append('unit', l.unit_id, 'quota.set', p_on, v_now, p_case, jsonb_build_object(
    'line', v_line, 'kind', l.kind, 'category', l.category, 'funding', l.funding, 'structure', l.structure,
    'scope', l.scope_unit_id, 'role', l.role, 'level', l.level, 'authorised', v_new,
    'document_no', f ->> 'document_no', 'issuer', coalesce(f ->> 'issuer', ''), 'quota', v_quota,
    'closes', v_closes, 'ended', v_ended, 'seats_from', v_from, 'seats_to', v_to,
    'abolished', v_cut, 'regularised', v_regular) || jsonb_strip_nulls(jsonb_build_object('surplus', v_marked, 'left', v_left)), l.scope_path);
  IF v_bring > 0 THEN RETURN v_line; END IF;
  IF coalesce(f ->> 'until_on', '') <> '' AND v_over > 0 THEN PERFORM k_plan_absorption(p_case, l, v_over, f, p_on); END IF;
  PERFORM k_surplus_alarm(v_line, p_case);
  RETURN v_line;
END $$;

CREATE OR REPLACE FUNCTION k_day(p_on date) RETURNS date
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF p_on IS NULL THEN RETURN kernel_today(); END IF;
  IF p_on > kernel_today() THEN PERFORM refuse('future_effect', jsonb_build_object('day', p_on)); END IF;
  RETURN p_on;
END $$;

CREATE OR REPLACE FUNCTION k_effected(p_case bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  UPDATE case_record SET status = 'effected' WHERE case_id = p_case;
  SELECT case_alarms_end(p_case)
$$;

CREATE OR REPLACE FUNCTION ledger_set_quota(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'set_quota'); f jsonb := r.facts::jsonb;
  v_line bigint := coalesce((f ->> 'line')::bigint, k_line(f));
BEGIN
  -- One document fixes one line once; a bundle may come back to a line on its way. Looked at with the line held.
  PERFORM 1 FROM ledger_total WHERE line_id = v_line FOR UPDATE;
  IF EXISTS (SELECT 1 FROM quota WHERE line_id = v_line AND document_no = f ->> 'document_no' AND recorded_to IS NULL) THEN
    PERFORM refuse('document_used', jsonb_build_object('line', v_line, 'document_no', f ->> 'document_no'));
  END IF;
  PERFORM k_set_quota(p_case, k_plain(f) || jsonb_build_object('line', v_line), k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_line;
END $$;
