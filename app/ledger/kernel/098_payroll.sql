-- 三方比对: roster, payroll and the lists beside them, one statement for a region's month; and what one person costs.

-- The rule that a difference alarms by (app/alarms/rules_payroll.py); the source without which its kind is not run.
CREATE OR REPLACE FUNCTION pay_rule(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE p_kind WHEN 'no_attendance' THEN 'GP01' WHEN 'paid_while_absent' THEN 'GP01' WHEN 'not_verified' THEN 'GP01'
    WHEN 'absent_long' THEN 'GP02' WHEN 'paid_after_exit' THEN 'GP03' WHEN 'dead_paid' THEN 'GP04' WHEN 'judged_paid' THEN 'GP05'
    WHEN 'in_custody' THEN 'GP05' WHEN 'paid_twice' THEN 'GP06' WHEN 'insured_elsewhere' THEN 'GP06'
    WHEN 'pension_while_paid' THEN 'AL21' WHEN 'seat_without_pay' THEN 'AL36' WHEN 'identity_differs' THEN 'AL37'
    WHEN 'not_insured' THEN 'AL37' WHEN 'insured_without_seat' THEN 'AL37' ELSE 'AL20' END
$$;
CREATE OR REPLACE FUNCTION pay_sources() RETURNS TABLE (kind text, source text)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  VALUES ('paid_without_seat', 'payroll'), ('paid_after_exit', 'payroll'), ('paid_twice', 'payroll'), ('wrong_unit', 'payroll'),
    ('wrong_category', 'payroll'), ('seat_without_pay', 'payroll'), ('identity_differs', 'payroll'),
    ('paid_while_absent', 'payroll'), ('not_verified', 'payroll'), ('amount_changed', 'payroll_before'),
    ('no_attendance', 'attendance'), ('absent_long', 'attendance'), ('dead_paid', 'death'), ('judged_paid', 'judgment'),
    ('in_custody', 'judgment'), ('pension_while_paid', 'pension'), ('insured_elsewhere', 'enterprise_insurance'),
    ('not_insured', 'social_insurance'), ('insured_without_seat', 'social_insurance')
$$;

-- What differs in a month. `first` is the month, `next` the one after, `prior` the one before: who entered or left since
-- `prior` may still stand where he stood.
CREATE OR REPLACE FUNCTION k_pay_found(b source_batch) RETURNS TABLE (kind text, person_key bytea, person_id bigint, name text,
  id_mask text, unit_id bigint, scope_path text, personnel_class text, facts jsonb)
LANGUAGE plpgsql SET search_path = public, pg_temp SET work_mem = '256MB' SET jit = off SET enable_nestloop = on AS $$
#variable_conflict use_column
DECLARE
  v_first date := b.period; v_next date := b.period + interval '1 month'; v_prior date := b.period - interval '1 month';
  v_range textrange := source_range(b.region_code);
  v_all bigint[] := (SELECT array_agg(id) FROM source_batch s WHERE s.kind = 'payroll' AND s.state = 'accepted' AND s.period = b.period);
  v_before bigint := (SELECT id FROM source_batch s WHERE s.kind = 'payroll' AND s.state = 'accepted' AND s.region_code = b.region_code
    AND s.period = v_prior);
  v_att bigint[] := source_batches('attendance', b.region_code, v_first);
  v_dead bigint[] := source_batches('death', b.region_code, v_first);
  v_judged bigint[] := source_batches('judgment', b.region_code, v_first);
  v_pension bigint[] := source_batches('pension', b.region_code, v_first);
  v_firm bigint[] := source_batches('enterprise_insurance', b.region_code, v_first);
  v_social bigint[] := source_batches('social_insurance', b.region_code, v_first);
  v_away int := rule_number('GP01', 'months', 6); v_run int := rule_number('GP02', 'run', 15);
  v_year int := rule_number('GP02', 'year', 30); v_percent int := rule_number('AL20', 'percent', 0);
BEGIN
  RETURN QUERY
  WITH p AS MATERIALIZED (
    SELECT r.row_no, r.person_key, r.person_id, r.name, r.id_mask, r.unit_id, r.category, r.funding, r.amount, r.scope_path,
      r.personnel_class, r.known_as FROM source_row r WHERE r.batch_id = b.id),
  -- The region's seats; those elsewhere are looked up for the few who are named by a list and sit on none of these.
  here AS MATERIALIZED (
    SELECT o.person_id, o.unit_id, l.category, l.funding, o.started_on, o.ended_on, o.personnel_class
      FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.kind = 'establishment' AND o.recorded_to IS NULL AND o.started_on < v_next
       AND (o.ended_on IS NULL OR o.ended_on >= v_prior) AND o.scope_path >= lower(v_range) AND o.scope_path < upper(v_range)),
  lost AS MATERIALIZED (
    SELECT x.person_id FROM (SELECT p.person_id FROM p UNION SELECT i.person_id FROM source_row i WHERE i.batch_id = ANY (v_social)) x
     WHERE x.person_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM here WHERE here.person_id = x.person_id)),
  s AS MATERIALIZED (
    SELECT * FROM here UNION ALL
    SELECT o.person_id, o.unit_id, l.category, l.funding, o.started_on, o.ended_on, o.personnel_class
      FROM lost CROSS JOIN LATERAL (SELECT * FROM occupancy o WHERE o.person_id = lost.person_id AND o.kind = 'establishment'
        AND o.recorded_to IS NULL AND o.started_on < v_next AND (o.ended_on IS NULL OR o.ended_on >= v_prior) OFFSET 0) o
      JOIN quota_line l ON l.id = o.line_id),
  unpaid AS MATERIALIZED (
    SELECT * FROM here s WHERE s.started_on < v_first AND (s.ended_on IS NULL OR s.ended_on >= v_next)
       AND NOT EXISTS (SELECT 1 FROM p WHERE p.person_id = s.person_id)),
  changed AS MATERIALIZED (
    SELECT p.* FROM p JOIN source_row r ON r.batch_id = v_before AND r.person_id = p.person_id AND r.unit_id = p.unit_id
       AND r.amount <> p.amount AND abs(r.amount - p.amount) * 100 > v_percent * r.amount),
  twice AS MATERIALIZED (
    SELECT p.person_key FROM p GROUP BY p.person_key HAVING count(*) > 1
    UNION SELECT p.person_key FROM source_row r JOIN p ON p.person_key = r.person_key
     WHERE r.batch_id = ANY (v_all) AND r.batch_id <> b.id),
  -- Rows that some list beside the payroll says something of: few.
  said AS (
    SELECT d.kind AS list, d.person_id, d.since, d.until_on, d.note, d.days, d.run_days, d.year_days FROM source_row d
     WHERE d.person_id IS NOT NULL AND (d.batch_id = ANY (v_dead) OR d.batch_id = ANY (v_judged) OR d.batch_id = ANY (v_pension)
       OR d.batch_id = ANY (v_firm) OR d.batch_id = ANY (v_att) AND (d.days = 0 OR d.run_days > v_run OR d.year_days > v_year))),
  f AS (
    -- No seat: never entered, or left before the month before (GP03: 发薪月份晚于出编次月).
    SELECT CASE WHEN e.ended_on IS NULL THEN 'paid_without_seat' ELSE 'paid_after_exit' END AS k, p.*,
        CASE WHEN e.ended_on IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('left_on', e.ended_on) END AS facts
      FROM p LEFT JOIN LATERAL (SELECT max(o.ended_on) AS ended_on FROM occupancy o WHERE o.person_id = p.person_id
        AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.started_on < v_next) e ON true
     WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id)
    UNION ALL SELECT 'wrong_unit', p.*, jsonb_build_object('seat_unit', (SELECT u.name FROM s JOIN unit u ON u.id = s.unit_id
        WHERE s.person_id = p.person_id ORDER BY s.started_on DESC LIMIT 1))
      FROM p WHERE EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id)
       AND NOT EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id AND s.unit_id = p.unit_id)
    UNION ALL SELECT 'wrong_category', p.*, jsonb_build_object('paid_category', p.category, 'paid_funding', p.funding)
      FROM p WHERE (p.category IS NOT NULL OR p.funding IS NOT NULL)
       AND EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id AND s.unit_id = p.unit_id)
       AND NOT EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id AND s.unit_id = p.unit_id
         AND s.category = coalesce(p.category, s.category) AND s.funding = coalesce(p.funding, s.funding))
    UNION ALL SELECT 'paid_twice', p.*, jsonb_build_object('other_unit', u.name)
      FROM twice t
      JOIN LATERAL (SELECT * FROM p WHERE p.person_key = t.person_key ORDER BY p.row_no DESC LIMIT 1) p ON true
      JOIN LATERAL (SELECT r.unit_id FROM source_row r WHERE r.batch_id = ANY (v_all) AND r.person_key = t.person_key
        AND NOT (r.batch_id = b.id AND r.row_no = p.row_no) ORDER BY r.id LIMIT 1) o ON true JOIN unit u ON u.id = o.unit_id
    UNION ALL SELECT 'identity_differs', p.*, jsonb_build_object('registered_name', p.known_as)
      FROM p WHERE p.known_as IS NOT NULL
    UNION ALL SELECT 'amount_changed', p.*, '{}' FROM changed p
     WHERE (SELECT true FROM ledger_entry e WHERE e.chain_kind = 'person' AND e.chain_id = p.person_id
       AND (e.effective_on >= v_prior AND e.effective_on < v_next
         OR e.recorded_at >= v_prior AND e.recorded_at < v_next) LIMIT 1) IS NULL
    UNION ALL SELECT 'paid_while_absent', p.*, jsonb_build_object('absence', a.kind, 'since', a.started_on)
      FROM absence a JOIN p ON p.person_id = a.person_id WHERE a.recorded_to IS NULL AND a.kind IN ('sick_leave', 'waiting', 'study')
       AND a.started_on <= v_next - make_interval(months => v_away) AND (a.ended_on IS NULL OR a.ended_on >= v_next)
    UNION ALL SELECT 'not_verified', p.*, jsonb_build_object('mark', m.kind, 'year', v.year)
      FROM verification_mark m JOIN verification v ON v.id = m.verification_id AND v.confirmed_at IS NOT NULL
       AND v.year >= extract(year FROM v_first) - 1 JOIN p ON p.person_id = m.person_id AND p.unit_id = v.unit_id
     WHERE m.kind IN ('left', 'unknown') AND EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id)
    UNION ALL SELECT x.k, p.*, jsonb_strip_nulls(jsonb_build_object('since', d.since, 'days', CASE WHEN x.k IN ('no_attendance',
        'absent_long') THEN d.days END, 'run', d.run_days, 'year_days', d.year_days, 'employer', CASE WHEN x.k = 'insured_elsewhere' THEN d.note END))
      FROM said d JOIN p ON p.person_id = d.person_id CROSS JOIN LATERAL (SELECT CASE
        WHEN d.list = 'death' AND d.since < v_first THEN 'dead_paid'
        WHEN d.list = 'judgment' AND d.note = 'sentence' AND d.since < v_first THEN 'judged_paid'
        WHEN d.list = 'judgment' AND d.note = 'custody' AND d.since < v_first AND (d.until_on IS NULL OR d.until_on >= v_next) THEN 'in_custody'
        WHEN d.list = 'pension' AND d.since <= v_first THEN 'pension_while_paid'
        WHEN d.list = 'enterprise_insurance' AND d.since < v_next THEN 'insured_elsewhere'
        WHEN d.list = 'attendance' AND (d.run_days > v_run OR d.year_days > v_year) THEN 'absent_long'
        WHEN d.list = 'attendance' AND NOT EXISTS (SELECT 1 FROM absence a WHERE a.person_id = d.person_id AND a.recorded_to IS NULL
          AND a.started_on < v_next AND (a.ended_on IS NULL OR a.ended_on > v_first)) THEN 'no_attendance' END AS k) x
     WHERE x.k IS NOT NULL
    UNION ALL SELECT 'not_insured', p.*, '{}' FROM p WHERE v_social IS NOT NULL
       AND EXISTS (SELECT 1 FROM s WHERE s.person_id = p.person_id AND s.unit_id = p.unit_id AND s.started_on < v_prior
         AND (s.ended_on IS NULL OR s.ended_on >= v_next))
       AND NOT EXISTS (SELECT 1 FROM source_row i WHERE i.batch_id = ANY (v_social) AND i.person_id = p.person_id)
    UNION ALL SELECT 'insured_without_seat', i.row_no, i.person_key, i.person_id, i.name, i.id_mask, i.unit_id, NULL, NULL, NULL,
        i.scope_path, i.personnel_class, NULL, '{}' FROM source_row i WHERE i.batch_id = ANY (v_social)
       AND NOT EXISTS (SELECT 1 FROM s WHERE s.person_id = i.person_id)
    UNION ALL SELECT 'seat_without_pay', 0, NULL::bytea, s.person_id, q.name, q.id_mask, s.unit_id, NULL, NULL, NULL, u.scope_path,
        s.personnel_class, NULL, jsonb_build_object('seated_on', s.started_on)
      FROM unpaid s JOIN person q ON q.id = s.person_id JOIN unit u ON u.id = s.unit_id
     WHERE (SELECT true FROM source_row r WHERE r.person_id = s.person_id AND r.batch_id = ANY (v_all) LIMIT 1) IS NULL)
  SELECT DISTINCT ON (f.k, coalesce(f.person_id::text, encode(f.person_key, 'hex')), f.unit_id)
    f.k, f.person_key, f.person_id, f.name, f.id_mask, f.unit_id, f.scope_path, f.personnel_class, f.facts FROM f;
END $$;

-- Compares the newest month of a region: what it shows stands once, what it no longer shows is closed with its alarm; a kind
-- whose source is missing or stale is not run, and what stood of it stands on.
CREATE OR REPLACE FUNCTION k_pay_compare(p_batch bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE b source_batch; v_ran text[]; v_lack jsonb; d pay_difference;
BEGIN
  SELECT * INTO b FROM source_batch WHERE id = p_batch FOR UPDATE;
  IF EXISTS (SELECT 1 FROM source_batch n WHERE n.kind = 'payroll' AND n.state = 'accepted' AND n.region_code = b.region_code
      AND n.period > b.period) THEN RETURN; END IF;
  UPDATE source_row r SET person_id = p.id, personnel_class = p.personnel_class FROM person p, source_batch s
   WHERE s.id = r.batch_id AND s.state = 'accepted' AND s.kind <> 'payroll' AND r.person_id IS NULL
     AND p.id_index = current_index(r.person_key);
  SELECT array_agg(x.kind) FILTER (WHERE x.there), coalesce(jsonb_object_agg(x.kind, x.source) FILTER (WHERE NOT x.there), '{}')
    INTO v_ran, v_lack FROM (SELECT k.kind, k.source, CASE k.source WHEN 'payroll' THEN true
      WHEN 'payroll_before' THEN EXISTS (SELECT 1 FROM source_batch s WHERE s.kind = 'payroll' AND s.state = 'accepted'
        AND s.region_code = b.region_code AND s.period = b.period - interval '1 month')
      ELSE source_batches(k.source, b.region_code, b.period) IS NOT NULL END AS there FROM pay_sources() k) x;
  INSERT INTO pay_difference (kind, subject, state, region_code, first_month, month, batch_id, person_id, name, id_mask, unit_id,
    facts, note, scope_path, personnel_class)
  SELECT f.kind, f.kind || ':' || b.region_code || ':' || coalesce(f.person_id::text, md5(f.person_key)) || ':' || f.unit_id, 'open',
    b.region_code, b.period, b.period, b.id, f.person_id, f.name, f.id_mask, f.unit_id, f.facts, '', f.scope_path, f.personnel_class
    FROM k_pay_found(b) f
  ON CONFLICT (subject) WHERE state <> 'closed' DO UPDATE SET month = excluded.month, batch_id = excluded.batch_id,
    facts = excluded.facts, scope_path = excluded.scope_path, person_id = excluded.person_id,
    personnel_class = excluded.personnel_class;
  FOR d IN UPDATE pay_difference SET state = 'closed', closed_at = clock_timestamp() WHERE region_code = b.region_code
      AND state <> 'closed' AND batch_id <> b.id AND kind = ANY (v_ran) RETURNING * LOOP
    PERFORM k_alarm_clear(pay_rule(d.kind), 'pay:' || d.subject);
  END LOOP;
  PERFORM k_alarm_raise(pay_rule(x.kind), 'pay:' || x.subject, pay_facts(x), x.scope_path, x.unit_id, NULL, x.person_id)
    FROM pay_difference x WHERE x.batch_id = b.id AND x.state <> 'closed' AND x.month = b.period;
  UPDATE source_batch SET report = report || jsonb_build_object('not_run', v_lack, 'found', coalesce((SELECT jsonb_object_agg(kind, n)
    FROM (SELECT kind, count(*) AS n FROM pay_difference WHERE batch_id = b.id AND state <> 'closed' GROUP BY kind) y), '{}'))
   WHERE id = b.id;
END $$;

-- What an alarm says of a difference: never an amount, which 编办 has no right to.
CREATE OR REPLACE FUNCTION pay_facts(d pay_difference) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT d.facts || jsonb_build_object('case', d.kind, 'person', d.name, 'month', to_char(d.month, 'YYYY-MM'), 'difference', d.id,
    'unit', (SELECT name FROM unit WHERE id = d.unit_id))
$$;

-- What a unit or an office says to a difference. It stays until a month no longer shows it.
CREATE OR REPLACE FUNCTION pay_explain(p_difference bigint, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d pay_difference;
BEGIN
  SELECT * INTO d FROM pay_difference WHERE id = p_difference AND scope_has(scope_path) AND (scope_can('pay') OR scope_can('cases'))
    AND (scope_part(10) IS NULL OR personnel_class = ANY (string_to_array(scope_part(10), ','))) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF scope_part(3) NOT IN ('unit_clerk', 'unit_head', 'office_member', 'office_head') THEN PERFORM refuse('not_allowed'); END IF;
  IF d.state = 'closed' THEN PERFORM refuse('wrong_state'); END IF;
  IF length(btrim(p_note)) NOT BETWEEN 4 AND 500 THEN
    PERFORM refuse('invalid_input', '{"errors": {"note": ["required"]}}');
  END IF;
  UPDATE pay_difference SET state = 'explained', note = btrim(p_note), noted_by = scope_number(1), noted_at = clock_timestamp()
   WHERE id = d.id;
END $$;

-- 经费标准 of the caller's region: replaces the one of the same year, form and category.
CREATE OR REPLACE FUNCTION pay_standard_set(p_year int, p_funding text, p_category text, p_amount bigint, p_document text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_region text;
BEGIN
  IF scope_part(9) IS DISTINCT FROM 'finance' OR scope_part(3) NOT IN ('office_member', 'office_head') THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT region_code INTO v_region FROM office WHERE id = scope_number(7);
  IF p_year NOT BETWEEN 2000 AND 2100 OR p_amount NOT BETWEEN 1 AND 10000000000 OR length(btrim(p_document)) NOT BETWEEN 2 AND 100 THEN
    PERFORM refuse('invalid_input', '{"errors": {"standard": ["required"]}}');
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('standard:' || v_region));
  UPDATE pay_standard SET replaced_at = clock_timestamp() WHERE region_code = v_region AND year = p_year AND funding = p_funding
    AND category = p_category AND replaced_at IS NULL;
  INSERT INTO pay_standard (region_code, year, funding, category, amount, document_no, set_by)
  VALUES (v_region, p_year, p_funding, p_category, p_amount, btrim(p_document), scope_number(1));
END $$;
