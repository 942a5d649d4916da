-- 办结之后: finance, 人社 and social insurance confirm each entry and exit (编制—人员—经费 held together); an arrival that
-- nobody confirms is an alarm first, then the seat is free again.

-- What an effected case's published version wants confirmed, by the offices of the place where it moved somebody. One that
-- moves a person between two divisions is confirmed in both, as an exit here and an entry there.
CREATE OR REPLACE FUNCTION k_case_effected() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_after jsonb; f jsonb := NEW.facts::jsonb; v_person bigint; a application;
BEGIN
  SELECT definition -> 'after' INTO v_after FROM process_version WHERE id = NEW.process_version_id;
  IF coalesce(jsonb_array_length(v_after), 0) = 0 THEN RETURN NULL; END IF;
  SELECT * INTO a FROM application WHERE id = NEW.case_id;
  v_person := coalesce((f ->> 'person')::bigint, (SELECT person_id FROM occupancy WHERE line_id = (f ->> 'line')::bigint
    AND entry_case_id = NEW.case_id AND recorded_to IS NULL LIMIT 1));
  INSERT INTO acknowledgement (case_id, number, office_id, role, title, way, unit_id, person_id, person_name, id_mask,
    category, on_day, due_on, scope_path)
  WITH moved AS (
    SELECT 'in' AS way, o.unit_id, l.category, o.started_on AS on_day FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.person_id = v_person AND o.entry_case_id = NEW.case_id AND o.kind = 'establishment' AND o.recorded_to IS NULL
       AND o.ended_on IS NULL
    UNION ALL SELECT 'out', o.unit_id, l.category, o.ended_on FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.person_id = v_person AND o.exit_case_id = NEW.case_id AND o.kind = 'establishment' AND o.recorded_to IS NULL),
  sides AS (
    SELECT * FROM moved UNION ALL
    SELECT 'change', coalesce(p.unit_id, a.unit_id), (SELECT l.category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
      WHERE o.person_id = p.id AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL),
      coalesce(a.effective_on, kernel_today())
      FROM (SELECT 1) one LEFT JOIN person p ON p.id = v_person WHERE NOT EXISTS (SELECT 1 FROM moved)),
  asked AS (
    SELECT DISTINCT ON (o.id, t.role) o.id AS office, t.role, t.title, t.days, s.unit_id, s.category, s.on_day,
      CASE WHEN count(*) OVER (PARTITION BY o.id, t.role) > 1 THEN 'move' ELSE s.way END AS way
      FROM sides s, jsonb_to_recordset(v_after) t(role text, title text, days int)
      JOIN LATERAL (SELECT k_office_of(t.role, s.unit_id, NULL) AS id) o ON o.id IS NOT NULL
     ORDER BY o.id, t.role, s.way)
  SELECT NEW.case_id, coalesce(a.number, ''), x.office, x.role, x.title, x.way, x.unit_id, p.id, p.name, p.id_mask,
    x.category, x.on_day, workdays_after(kernel_today(), x.days), u.scope_path
    FROM asked x JOIN unit u ON u.id = x.unit_id LEFT JOIN person p ON p.id = v_person ORDER BY x.office, x.role;
  INSERT INTO notice (kind, office_id, case_id, why, scope_path)
  SELECT 'acknowledge', office_id, case_id, title, scope_path FROM acknowledgement WHERE case_id = NEW.case_id ORDER BY id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER case_effected AFTER UPDATE OF status ON case_record FOR EACH ROW
  WHEN (OLD.status <> 'effected' AND NEW.status = 'effected') EXECUTE FUNCTION k_case_effected();

-- The office's own word that it has done its part; up to a page at once. What a colleague confirmed meanwhile stays his.
CREATE OR REPLACE FUNCTION acknowledge(p_ids bigint[], p_note text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE k acknowledgement; v_count int := 0; v_side text;
BEGIN
  IF NOT coalesce(scope_part(3) IN ('office_member', 'office_head') AND cardinality(p_ids) BETWEEN 1 AND 100, false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT name INTO v_side FROM office WHERE id = scope_number(7);
  FOR k IN SELECT * FROM acknowledgement WHERE id = ANY (p_ids) AND office_id = scope_number(7)
      AND NOT coalesce(scope_path <@ scope_ranges(16), true) ORDER BY id FOR UPDATE LOOP
    p_ids := array_remove(p_ids, k.id);
    CONTINUE WHEN k.acknowledged_at IS NOT NULL;
    UPDATE acknowledgement SET acknowledged_at = now(), acknowledged_by = scope_number(1), operator = acting_name(),
      note = left(nullif(btrim(p_note), ''), 500) WHERE id = k.id;
    INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, facts, scope_path)
    SELECT k.case_id, 'acknowledged', scope_number(1), acting_name(), v_side || ' · ' || k.title,
      left(nullif(btrim(p_note), ''), 500), '{}', a.scope_path FROM application a WHERE a.id = k.case_id;
    UPDATE notice SET settled_at = now() WHERE case_id = k.case_id AND kind = 'acknowledge' AND office_id = k.office_id
      AND why = k.title AND settled_at IS NULL;
    IF NOT EXISTS (SELECT 1 FROM acknowledgement x WHERE x.case_id = k.case_id AND x.office_id = k.office_id
        AND x.acknowledged_at IS NULL) THEN
      UPDATE alarm SET state = 'cleared', closed_at = clock_timestamp()
       WHERE case_id = k.case_id AND rule = 'AL29' AND office_id = k.office_id AND state = 'open';
    END IF;
    v_count := v_count + 1;
  END LOOP;
  IF cardinality(p_ids) > 0 THEN PERFORM refuse('not_found'); END IF;
  RETURN v_count;
END $$;

-- 编制—人员—经费未衔接: not confirmed within its days; one alarm for one office and case, ended by the confirmation.
CREATE OR REPLACE FUNCTION acknowledgements_late() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_count int;
BEGIN
  PERFORM k_service();
  INSERT INTO alarm (rule, code, standing, state, unit_id, person_id, case_id, office_id, user_id, operator, facts, scope_path)
  SELECT DISTINCT ON (k.case_id, k.office_id) 'AL29', 'not_acknowledged', false, 'open', k.unit_id, k.person_id, k.case_id,
    k.office_id, scope_number(1), kernel_actor(), jsonb_build_object('due_on', k.due_on, 'number', k.number,
      'sentence', o.name || '到期未确认：' || k.title || '（' || k.number || '，应于 ' || k.due_on || ' 前）'), k.scope_path
    FROM acknowledgement k JOIN office o ON o.id = k.office_id
   WHERE k.acknowledged_at IS NULL AND k.due_on < kernel_today() ORDER BY k.case_id, k.office_id, k.due_on, k.id
  ON CONFLICT (rule, code, case_id, coalesce(person_id, 0), coalesce(office_id, 0))
    WHERE NOT standing AND state = 'open' AND case_id IS NOT NULL DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- Since when an approved case waits for its arrival, in calendar days, and how many its version allows (30 without a word).
CREATE OR REPLACE FUNCTION k_arrival(p_case bigint, OUT waited int, OUT allowed int)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT kernel_today() - k_city_day(coalesce(a.decided_at, (SELECT max(e.at) FROM application_event e WHERE e.application_id = a.id
      AND e.kind = 'approved'))),
    coalesce((v.definition ->> 'arrival_days')::int, 30)
    FROM application a JOIN process_version v ON v.id = a.process_version_id AND v.definition ->> 'effect' = 'arrival'
   WHERE a.id = p_case AND a.state = 'awaiting'
$$;

-- 到期未报到: the alarm, once; and the cases that have waited twice as long, which the job closes one by one.
CREATE OR REPLACE FUNCTION arrivals_late() RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_service();
  INSERT INTO alarm (rule, code, standing, state, unit_id, person_id, case_id, user_id, operator, facts, scope_path)
  SELECT 'AL30', 'not_arrived', false, 'open', a.unit_id, a.person_id, a.id, scope_number(1), kernel_actor(),
    jsonb_build_object('waited', x.waited, 'allowed', x.allowed, 'sentence', '批准后 ' || x.waited || ' 天未确认报到（规定 '
      || x.allowed || ' 天），满 ' || 2 * x.allowed || ' 天释放所留编制'), a.scope_path
    FROM application a, k_arrival(a.id) x WHERE a.state = 'awaiting' AND x.waited > x.allowed ORDER BY a.id
  ON CONFLICT (rule, code, case_id, coalesce(person_id, 0), coalesce(office_id, 0))
    WHERE NOT standing AND state = 'open' AND case_id IS NOT NULL DO NOTHING;
  RETURN QUERY SELECT a.id FROM application a, k_arrival(a.id) x
    WHERE a.state = 'awaiting' AND x.waited > 2 * x.allowed ORDER BY a.id;
END $$;
