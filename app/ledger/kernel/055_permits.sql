-- 控编单 and 用编计划. A permit holds seats of one line without names; entries take them one by one. Whoever touches a
-- permit holds its line's total, so the permit's row is never waited for.

-- The next n numbers of a series in a year, the last of them; the row is the lock that keeps them in one run.
CREATE OR REPLACE FUNCTION k_next_number(p_series text, p_year int, p_count int) RETURNS int
LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO number_series AS n (series, year, last) VALUES (p_series, p_year, p_count)
  ON CONFLICT (series, year) DO UPDATE SET last = n.last + p_count RETURNING last
$$;

-- A permit with its line locked; a foreign one answers as an absent one where the case says whose line it is.
CREATE OR REPLACE FUNCTION k_permit(p_permit bigint) RETURNS permit
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m permit;
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (SELECT line_id FROM permit WHERE id = p_permit) FOR UPDATE;
  SELECT * INTO m FROM permit WHERE id = p_permit FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('permit', p_permit)); END IF;
  RETURN m;
END $$;

CREATE OR REPLACE FUNCTION k_permit_facts(m permit) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('permit', m.id, 'number', m.number, 'last_on', m.last_on, 'approved', m.approved,
    'used', m.used, 'remaining', m.remaining, 'released', m.released)
$$;

-- Refuses a permit whose last day has passed, or that has ended: AL08.
CREATE OR REPLACE FUNCTION k_permit_valid(m permit) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF m.status = 'used' THEN PERFORM refuse('permit_used', k_permit_facts(m));
  ELSIF m.status <> 'open' OR m.last_on < kernel_today() THEN PERFORM refuse('permit_lapsed', k_permit_facts(m)); END IF;
END $$;

-- The last day of a permit: from today on, within two years.
CREATE OR REPLACE FUNCTION k_permit_last(f jsonb) RETURNS date
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_last date := coalesce((f ->> 'last_on')::date, (kernel_today() + interval '1 year')::date);
BEGIN
  IF v_last < kernel_today() OR v_last > (kernel_today() + interval '2 years')::date THEN
    PERFORM refuse('invalid_input', '{"errors": {"last_on": ["permit_period"]}}');
  END IF;
  RETURN v_last;
END $$;

-- One permit over the next vacant seats of a line. The caller holds the line and has checked the room.
CREATE OR REPLACE FUNCTION k_permit_open(p_case bigint, l quota_line, m permit, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_seats text; v_count int;
BEGIN
  m.id := nextval(pg_get_serial_sequence('permit', 'id'));
  m.case_id := p_case; m.line_id := l.id; m.unit_id := l.unit_id; m.scope_path := l.scope_path; m.status := 'open';
  m.used := 0; m.released := 0; m.remaining := m.approved; m.granted_on := kernel_today();
  INSERT INTO permit SELECT (m).*;
  WITH taken AS (UPDATE post SET status = 'reserved', permit_id = m.id WHERE id IN (SELECT id FROM post
      WHERE line_id = l.id AND status = 'vacant' ORDER BY number LIMIT m.approved) RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number), count(*) INTO v_seats, v_count FROM taken;
  IF v_count < m.approved THEN PERFORM refuse('quota_exhausted', jsonb_build_object('line', l.id)); END IF;
  PERFORM chain_append('unit', l.unit_id, 'permit.granted', m.granted_on, p_now, p_case, jsonb_build_object(
    'permit', m.id, 'line', l.id, 'office', m.office_id, 'year', m.year, 'serial', m.serial, 'number', m.number,
    'approved', m.approved, 'purpose', m.purpose, 'last_on', m.last_on, 'seats', v_seats), l.scope_path);
  RETURN m.id;
END $$;

-- 控编单: n seats in one permit, or n permits of one seat with numbers in one run (一人一号).
CREATE OR REPLACE FUNCTION ledger_permit_grant(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'permit_grant'); f jsonb := r.facts::jsonb; l quota_line; t ledger_total;
  m permit; v_seats int := (f ->> 'seats')::int; v_each boolean := coalesce(f ->> 'numbering', 'one') = 'each'; v_runs int;
  v_last int; v_word text; v_now timestamptz;
BEGIN
  IF v_seats IS NULL OR v_seats NOT BETWEEN 1 AND 200 THEN
    PERFORM refuse('invalid_input', '{"errors": {"seats": ["too_large"]}}');
  END IF;
  m.last_on := k_permit_last(f); m.purpose := coalesce(f ->> 'purpose', '');
  l := k_enterable((f ->> 'line')::bigint);
  IF l.kind <> 'establishment' THEN PERFORM refuse('wrong_category'); END IF;
  SELECT * INTO t FROM ledger_total WHERE line_id = l.id;
  IF t.occupied + t.reserved + v_seats > t.authorised THEN PERFORM refuse('quota_exhausted', k_line_figures(t)); END IF;
  UPDATE ledger_total SET reserved = reserved + v_seats WHERE line_id = l.id;
  v_runs := CASE WHEN v_each THEN v_seats ELSE 1 END; m.approved := v_seats / v_runs;
  m.office_id := (case_side('establishment', r, 'permit_grant')).office; m.year := extract(year FROM kernel_today());
  v_last := k_next_number('permit:' || m.office_id, m.year, v_runs);
  SELECT left(g.name, 1) INTO v_word FROM office o JOIN region g ON g.code = o.region_code WHERE o.id = m.office_id;
  v_now := clock_timestamp();
  FOR i IN v_last - v_runs + 1 .. v_last LOOP
    m.serial := i; m.number := v_word || '编控〔' || m.year || '〕' || i || '号';
    PERFORM k_permit_open(p_case, l, m, v_now);
  END LOOP;
  PERFORM k_effected(p_case);
END $$;

-- An entry takes one of a permit's seats; refused for a lapsed, used-up or foreign permit. The caller holds the line.
CREATE OR REPLACE FUNCTION k_permit_claim(p_case bigint, p_permit bigint, p_line bigint) RETURNS post
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m permit; p post;
BEGIN
  SELECT * INTO m FROM permit WHERE id = p_permit FOR UPDATE;
  IF NOT FOUND OR m.line_id <> p_line THEN
    PERFORM refuse('permit_elsewhere', jsonb_build_object('permit', p_permit, 'line', p_line));
  END IF;
  PERFORM k_permit_valid(m);
  SELECT * INTO p FROM post WHERE permit_id = m.id AND reserved_case_id IS NULL ORDER BY number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('permit_used', k_permit_facts(m)); END IF;
  UPDATE post SET reserved_case_id = p_case WHERE id = p.id RETURNING * INTO p;
  PERFORM chain_append('unit', p.unit_id, 'permit.claimed', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('permit', m.id, 'line', p.line_id, 'seat', p.number), p.scope_path);
  RETURN p;
END $$;

-- The seat of a case that came to nothing: back to its permit, or free where the permit has ended meanwhile.
CREATE OR REPLACE FUNCTION k_permit_return(p_case bigint, p post) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m permit; v_free boolean;
BEGIN
  SELECT * INTO m FROM permit WHERE id = p.permit_id FOR UPDATE;
  v_free := m.status <> 'open';
  IF v_free THEN
    UPDATE post SET status = 'vacant', reserved_case_id = NULL, permit_id = NULL WHERE id = p.id;
    UPDATE ledger_total SET reserved = reserved - 1 WHERE line_id = p.line_id;
    UPDATE permit SET remaining = remaining - 1, released = released + 1 WHERE id = m.id;
  ELSE
    UPDATE post SET reserved_case_id = NULL WHERE id = p.id;
  END IF;
  PERFORM chain_append('unit', p.unit_id, 'permit.returned', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('permit', m.id, 'line', p.line_id, 'seat', p.number, 'freed', v_free::int), p.scope_path);
END $$;

-- Somebody sits on a permit's seat: 核销.
CREATE OR REPLACE FUNCTION k_permit_use(p_permit bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  UPDATE permit SET used = used + 1, remaining = remaining - 1,
    status = CASE WHEN status = 'open' AND remaining = 1 THEN 'used' ELSE status END WHERE id = p_permit
$$;

-- Ends a permit: what no case has taken is free again. Seats that running cases hold stay theirs.
CREATE OR REPLACE FUNCTION k_permit_end(p_case bigint, m permit, p_how text) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_seats text; v_count int;
BEGIN
  WITH freed AS (UPDATE post SET status = 'vacant', permit_id = NULL
      WHERE permit_id = m.id AND reserved_case_id IS NULL RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number), count(*) INTO v_seats, v_count FROM freed;
  UPDATE ledger_total SET reserved = reserved - v_count WHERE line_id = m.line_id;
  UPDATE permit SET status = p_how, remaining = remaining - v_count, released = released + v_count,
    ended_on = kernel_today() WHERE id = m.id;
  PERFORM chain_append('unit', m.unit_id, 'permit.ended', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('permit', m.id, 'line', m.line_id, 'how', p_how, 'seats', v_seats), m.scope_path);
  RETURN v_count;
END $$;

CREATE OR REPLACE FUNCTION ledger_permit_cancel(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'permit_cancel'); m permit := k_permit((r.facts::jsonb ->> 'permit')::bigint);
BEGIN
  PERFORM k_permit_valid(m);
  PERFORM k_permit_end(p_case, m, 'cancelled');
  PERFORM k_effected(p_case);
END $$;

-- 延期: a later last day, while the permit is still valid.
CREATE OR REPLACE FUNCTION ledger_permit_extend(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'permit_extend'); f jsonb := r.facts::jsonb;
  m permit := k_permit((f ->> 'permit')::bigint); v_last date := k_permit_last(f);
BEGIN
  PERFORM k_permit_valid(m);
  IF v_last <= m.last_on THEN PERFORM refuse('invalid_input', '{"errors": {"last_on": ["permit_period"]}}'); END IF;
  UPDATE permit SET last_on = v_last WHERE id = m.id;
  PERFORM chain_append('unit', m.unit_id, 'permit.extended', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('permit', m.id, 'line', m.line_id, 'last_on', v_last, 'was', m.last_on), m.scope_path);
  PERFORM k_effected(p_case);
END $$;

-- The job's step for one permit past its last day: seats freed, a line in its case's timeline. Nothing on a second run.
CREATE OR REPLACE FUNCTION permit_lapse(p_permit bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m permit; v_freed int;
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'service' THEN PERFORM refuse('not_allowed'); END IF;
  m := k_permit(p_permit);
  IF m.status <> 'open' OR m.last_on >= kernel_today() THEN RETURN false; END IF;
  v_freed := k_permit_end(m.case_id, m, 'lapsed');
  INSERT INTO application_event (application_id, kind, user_id, operator, side, facts, scope_path)
  SELECT a.id, 'permit_lapsed', scope_number(1), acting_name(), '台账',
    jsonb_build_object('number', m.number, 'released', v_freed), a.scope_path FROM application a WHERE a.id = m.case_id;
  RETURN true;
END $$;

-- Whether a unit is the other one or below it (主管部门 and its institutions).
CREATE OR REPLACE FUNCTION k_unit_below(p_unit bigint, p_top bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE above AS (SELECT id, parent_id FROM unit WHERE id = p_unit
    UNION SELECT u.id, u.parent_id FROM unit u JOIN above a ON u.id = a.parent_id)
  SELECT EXISTS (SELECT 1 FROM above WHERE id = p_top)
$$;

-- 年度用编计划: rows (line1, number1 …) of the applicant and the units below it; holds no seat.
CREATE OR REPLACE FUNCTION ledger_permit_plan(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'permit_plan'); f jsonb := r.facts::jsonb; v_plan bigint; v_rows text;
  v_year int := (f ->> 'plan_year')::int; v_scope text; v_bad text;
BEGIN
  IF v_year IS NULL OR v_year NOT BETWEEN extract(year FROM kernel_today()) AND extract(year FROM kernel_today()) + 1 THEN
    PERFORM refuse('invalid_input', '{"errors": {"plan_year": ["plan_year"]}}');
  END IF;
  SELECT scope_path INTO v_scope FROM unit WHERE id = r.unit_id;
  SELECT min(p.key) INTO v_bad FROM k_plan_rows(f) p WHERE p.number IS NULL OR p.number NOT BETWEEN 1 AND 200
    OR p.unit_id IS NULL OR NOT k_unit_below(p.unit_id, r.unit_id)
    OR (SELECT count(*) FROM k_plan_rows(f) q WHERE q.unit_id = p.unit_id AND q.category = p.category) > 1;
  IF v_bad IS NOT NULL OR NOT EXISTS (SELECT 1 FROM k_plan_rows(f)) THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(coalesce(v_bad, 'line1'), '["plan_row"]'::jsonb)));
  END IF;
  INSERT INTO plan (case_id, unit_id, year, approved_on, scope_path)
  VALUES (p_case, r.unit_id, v_year, kernel_today(), v_scope) RETURNING id INTO v_plan;
  WITH made AS (INSERT INTO plan_line (plan_id, unit_id, category, year, number, scope_path)
    SELECT v_plan, p.unit_id, p.category, v_year, p.number, u.scope_path FROM k_plan_rows(f) p JOIN unit u ON u.id = p.unit_id
    ORDER BY p.key RETURNING id, unit_id, category, number)
  SELECT string_agg(concat_ws(':', id, unit_id, category, number), ',' ORDER BY id) INTO v_rows FROM made;
  PERFORM chain_append('unit', r.unit_id, 'plan.approved', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('plan', v_plan, 'year', v_year, 'rows', v_rows), v_scope);
  PERFORM k_effected(p_case);
END $$;

-- The rows of a filed plan: which unit, which category, how many.
CREATE OR REPLACE FUNCTION k_plan_rows(f jsonb) RETURNS TABLE (key text, unit_id bigint, category text, number int)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT e.key, l.unit_id, l.category, (f ->> ('number' || substr(e.key, 5)))::int
    FROM jsonb_each_text(f) e LEFT JOIN quota_line l ON l.id = e.value::bigint AND l.kind = 'establishment'
   WHERE e.key ~ '^line[1-9][0-9]?$'
$$;

-- Lines for the rows of a plan: of the own unit and the bodies below it; twenty at most.
CREATE OR REPLACE FUNCTION lines_below(p_query text)
RETURNS TABLE (line_id bigint, unit_name text, category text, structure text, funding text, authorised int, occupied int, reserved int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH RECURSIVE below AS (SELECT id, name, scope_path FROM unit WHERE id = scope_number(6)
    UNION SELECT u.id, u.name, u.scope_path FROM unit u JOIN below b ON u.parent_id = b.id
     WHERE u.node <> 'department' AND u.status = 'active')
  SELECT l.id, b.name, l.category, l.structure, l.funding, t.authorised, t.occupied, t.reserved FROM below b
    JOIN quota_line l ON l.unit_id = b.id AND l.kind = 'establishment' JOIN ledger_total t ON t.line_id = l.id
   WHERE strpos(b.name, p_query) > 0 AND NOT coalesce(b.scope_path <@ scope_ranges(16), true)
   ORDER BY b.scope_path, l.id LIMIT 20
$$;

-- The name of a line that such a search may give, for a form that is shown again.
CREATE OR REPLACE FUNCTION line_below(p_line bigint) RETURNS TABLE (name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.name || ' · ' || c.name FROM quota_line l JOIN unit u ON u.id = l.unit_id
    JOIN code c ON c.code_set = 'category' AND c.code = l.category
   WHERE l.id = p_line AND NOT coalesce(l.scope_path <@ scope_ranges(16), true)
     AND (k_unit_below(l.unit_id, scope_number(6)) OR scope_has(l.scope_path))
$$;

-- 计划余额 of a unit and category in a year: planned, already permitted, entered without a permit; no row without a plan.
CREATE OR REPLACE FUNCTION plan_left(p_line bigint, p_year int) RETURNS TABLE (planned int, permitted int, entered int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (SELECT sum(p.number)::int FROM plan_line p WHERE p.unit_id = l.unit_id AND p.category = l.category AND p.year = p_year),
    (SELECT coalesce(sum(m.approved - m.released), 0)::int FROM permit m JOIN quota_line x ON x.id = m.line_id
      WHERE m.unit_id = l.unit_id AND x.category = l.category AND m.year = p_year),
    (SELECT count(*)::int FROM occupancy o JOIN quota_line x ON x.id = o.line_id JOIN case_record c ON c.case_id = o.entry_case_id
      WHERE o.unit_id = l.unit_id AND x.category = l.category AND o.kind = 'establishment' AND o.recorded_to IS NULL
        AND c.facts::jsonb ->> 'permit' IS NULL AND case_movement(c) IN ('occupy', 'move')
        AND o.started_on >= make_date(p_year, 1, 1) AND o.started_on < make_date(p_year + 1, 1, 1))
  FROM quota_line l WHERE l.id = p_line AND NOT coalesce(l.scope_path <@ scope_ranges(16), true)
    AND (l.unit_id = scope_number(6) OR scope_has(l.scope_path))
    AND EXISTS (SELECT 1 FROM plan_line p WHERE p.unit_id = l.unit_id AND p.category = l.category AND p.year = p_year)
$$;

-- What an entry's permit says, for the offices that decide the case: they see the case, not always the unit's rows.
CREATE OR REPLACE FUNCTION case_permit(p_case bigint)
RETURNS TABLE (number text, line_id bigint, status text, last_on date, approved int, used int, remaining int, released int, free int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.number, m.line_id, m.status, m.last_on, m.approved, m.used, m.remaining, m.released,
    (SELECT count(*)::int FROM post p WHERE p.permit_id = m.id AND (p.reserved_case_id IS NULL OR p.reserved_case_id = p_case))
    FROM case_record r JOIN permit m ON m.id = (r.facts::jsonb ->> 'permit')::bigint WHERE r.case_id = p_case AND sees_case(p_case)
$$;

-- Whether the register knows a document number with 开除 as its last exit (《公务员法》第二十六条): yes or no, nothing more.
CREATE OR REPLACE FUNCTION ever_expelled(p_index bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT o.exit_reason = '34' FROM person p JOIN occupancy o ON o.person_id = p.id
      AND o.recorded_to IS NULL AND o.kind = 'establishment' WHERE p.id_index = current_index(p_index)
    ORDER BY o.started_on DESC, o.id DESC LIMIT 1), false) WHERE scope_part(1) IS NOT NULL
$$;
CREATE OR REPLACE FUNCTION case_expelled(p_case bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT ever_expelled(decode(facts::jsonb ->> 'person_index', 'hex')) FROM case_record WHERE case_id = p_case AND sees_case(p_case) $$;
