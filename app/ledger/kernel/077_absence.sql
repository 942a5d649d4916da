-- 离岗登记: who is away from his seat, where and until when. No seat and no total changes (invariant 9): the entries stand
-- on the person's chain alone.

CREATE OR REPLACE FUNCTION k_absence_of(p_person bigint) RETURNS absence
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a absence;
BEGIN
  PERFORM 1 FROM person WHERE id = p_person FOR UPDATE;
  SELECT * INTO a FROM absence WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_absent', jsonb_build_object('person', p_person)); END IF;
  RETURN a;
END $$;

-- Since when a person sits in a unit without a gap, whichever seats of it.
CREATE OR REPLACE FUNCTION k_unit_since(p_person bigint, p_unit bigint) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT lower(r) FROM (SELECT unnest(range_agg(daterange(started_on, ended_on))) AS r FROM occupancy WHERE person_id = p_person
    AND unit_id = p_unit AND kind = 'establishment' AND recorded_to IS NULL) x WHERE upper_inf(r)
$$;

CREATE OR REPLACE FUNCTION ledger_absence_begin(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'absence_begin'); f jsonb := r.facts::jsonb; o occupancy; a absence;
  v_on date := k_day((f ->> 'start')::date); v_person bigint := (f ->> 'person')::bigint; p person; v_name text;
BEGIN
  SELECT * INTO p FROM person WHERE id = v_person FOR UPDATE;
  o := k_seat_of(v_person);
  IF NOT k_seated(v_person, o.unit_id, daterange(v_on, NULL)) THEN
    PERFORM refuse('before_entry', jsonb_build_object('day', k_unit_since(v_person, o.unit_id), 'person', v_person));
  ELSIF coalesce((f ->> 'until_on')::date < v_on, true) THEN
    PERFORM refuse('invalid_input', '{"errors": {"until_on": ["required"]}}');
  END IF;
  IF f ->> 'host_unit' IS NOT NULL THEN
    SELECT name INTO v_name FROM unit WHERE id = (f ->> 'host_unit')::bigint AND legal_id = id AND status = 'active'
      AND id <> o.unit_id FOR SHARE;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'host_unit')); END IF;
  END IF;
  INSERT INTO absence (person_id, unit_id, kind, host_unit_id, host, started_on, until_on, case_id, recorded_at, scope_path,
    personnel_class)
  VALUES (v_person, o.unit_id, f ->> 'absence_kind', (f ->> 'host_unit')::bigint, coalesce(v_name, f ->> 'host', ''), v_on,
    (f ->> 'until_on')::date, p_case, clock_timestamp(), p.scope_path, p.personnel_class) RETURNING * INTO a;
  PERFORM chain_append('person', v_person, 'absence.begun', v_on, a.recorded_at, p_case, jsonb_build_object(
    'absence', a.id, 'person', v_person, 'unit', a.unit_id, 'kind', a.kind, 'host_unit', a.host_unit_id, 'host', a.host,
    'started_on', a.started_on, 'until_on', a.until_on, 'personnel_class', a.personnel_class), a.scope_path);
  PERFORM k_effected(p_case);
  RETURN a.id;
END $$;

-- The next version of an absence: a later last day, or the return.
CREATE OR REPLACE FUNCTION k_absence_next(a absence, p_case bigint, p_type text, p_until date, p_end date, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE n absence := a;
BEGIN
  UPDATE absence SET recorded_to = p_now WHERE id = a.id;
  n.id := nextval(pg_get_serial_sequence('absence', 'id')); n.recorded_at := p_now; n.until_on := p_until;
  n.ended_on := p_end;
  IF p_end IS NOT NULL THEN n.end_case_id := p_case; END IF;
  INSERT INTO absence SELECT (n).*;
  PERFORM chain_append('person', a.person_id, p_type, coalesce(p_end, kernel_today()), p_now, p_case, jsonb_build_object(
    'closes', a.id, 'absence', n.id, 'person', a.person_id, 'until_on', p_until, 'ended_on', p_end), a.scope_path);
  UPDATE notice SET settled_at = p_now WHERE case_id = a.case_id AND kind = 'away_due' AND settled_at IS NULL;
  IF p_end IS NOT NULL OR p_until >= kernel_today() THEN
    UPDATE alarm SET state = 'cleared', closed_at = p_now
     WHERE rule = 'AL14' AND person_id = a.person_id AND state = 'open';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger_absence_extend(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'absence_extend'); f jsonb := r.facts::jsonb;
  a absence := k_absence_of((f ->> 'person')::bigint);
BEGIN
  IF coalesce((f ->> 'until_on')::date <= a.until_on, true) THEN
    PERFORM refuse('invalid_input', '{"errors": {"until_on": ["required"]}}');
  END IF;
  PERFORM k_absence_next(a, p_case, 'absence.extended', (f ->> 'until_on')::date, NULL, clock_timestamp());
  PERFORM k_effected(p_case);
END $$;

CREATE OR REPLACE FUNCTION ledger_absence_end(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'absence_end'); f jsonb := r.facts::jsonb;
  a absence := k_absence_of((f ->> 'person')::bigint); v_on date := k_day((f ->> 'end')::date);
BEGIN
  IF v_on < a.started_on THEN
    PERFORM refuse('not_absent', jsonb_build_object('person', a.person_id, 'day', a.started_on));
  END IF;
  PERFORM k_absence_next(a, p_case, 'absence.ended', a.until_on, v_on, clock_timestamp());
  PERFORM k_effected(p_case);
END $$;

-- Whoever leaves the unit, for good or for another one, is no longer away from it. An exit bears a reason; a seat that
-- changes its line or department inside the unit does not.
CREATE OR REPLACE FUNCTION k_absence_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a absence;
BEGIN
  SELECT * INTO a FROM absence WHERE person_id = NEW.person_id AND unit_id = NEW.unit_id AND recorded_to IS NULL
    AND ended_on IS NULL;
  IF FOUND AND NOT EXISTS (SELECT 1 FROM occupancy WHERE person_id = NEW.person_id AND kind = 'establishment'
      AND recorded_to IS NULL AND ended_on IS NULL) THEN
    PERFORM k_absence_next(a, NEW.exit_case_id, 'absence.ended', a.until_on, greatest(NEW.ended_on, a.started_on),
      NEW.recorded_at);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER absence_left AFTER INSERT ON occupancy FOR EACH ROW
  WHEN (NEW.kind = 'establishment' AND NEW.exit_reason IS NOT NULL AND NEW.recorded_to IS NULL)
  EXECUTE FUNCTION k_absence_left();

-- 外借人员: what a host unit, and the offices above it, see of the people whom others lent it; of a unit that is not on the
-- network nothing. Never more than name, masked number and days: the person's row stays the home unit's.
DROP FUNCTION IF EXISTS hosted_people(bigint);
CREATE OR REPLACE FUNCTION hosted_people(p_unit bigint, p_on date, p_known timestamptz)
RETURNS TABLE (name text, id_mask text, kind text, home text, started_on date, until_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.name, p.id_mask, a.kind, h.name, a.started_on, a.until_on FROM absence a JOIN person p ON p.id = a.person_id
    JOIN unit u ON u.id = a.host_unit_id JOIN unit h ON h.id = a.unit_id
   WHERE a.host_unit_id = p_unit AND a.started_on <= p_on AND (a.ended_on IS NULL OR a.ended_on > p_on)
     AND known_at(a.recorded_at, a.recorded_to, p_known)
     AND scope_has(u.scope_path) AND scope_can('seat') AND NOT coalesce(h.scope_path <@ scope_ranges(16), true)
     AND (scope_part(10) IS NULL OR a.personnel_class = ANY (string_to_array(scope_part(10), ',')))
   ORDER BY a.until_on, a.id LIMIT 200
$$;

-- Units of the city by name, for those who lend: names are public, but for those 不上网.
CREATE OR REPLACE FUNCTION host_units(p_q text) RETURNS TABLE (id bigint, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.id, u.name FROM unit u WHERE u.node = 'legal' AND u.status = 'active' AND NOT u.not_networked
     AND u.id IS DISTINCT FROM scope_number(6) AND strpos(u.name, p_q) > 0
     AND scope_part(3) IN ('unit_clerk', 'unit_head')
   ORDER BY u.name, u.id LIMIT 20
$$;

-- What the rules on lending ask of a host: whether a seat is free in it (满编超编单位原则上不得借用). A yes or no.
CREATE OR REPLACE FUNCTION host_has_room(p_unit bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(bool_or(t.authorised > t.occupied + t.reserved) AND NOT bool_or(t.occupied > t.authorised), false)
    FROM quota_line l JOIN ledger_total t ON t.line_id = l.id
   WHERE l.unit_id = p_unit AND l.kind = 'establishment' AND scope_part(1) IS NOT NULL
$$;

-- A person's earlier absences of a kind, whichever unit lent him; only for those who see the person.
CREATE OR REPLACE FUNCTION absences_of(p_person bigint)
RETURNS TABLE (kind text, started_on date, until_on date, ended_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.kind, a.started_on, a.until_on, a.ended_on FROM absence a JOIN person p ON p.id = a.person_id
   WHERE a.person_id = p_person AND a.recorded_to IS NULL AND (scope_has(p.scope_path) OR EXISTS (SELECT 1 FROM case_record r
     WHERE r.person_key = p.id_index AND r.status IN ('filed', 'reserved') AND takes_part(r.case_id)))
   ORDER BY a.started_on
$$;

-- 到期提醒 ten working days before the last day, once; AL14 beyond it, one alarm until the return or an extension. How many
-- alarms are new.
CREATE OR REPLACE FUNCTION absence_watch() RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_new int; v_soon date := workdays_after(kernel_today(), 10);
BEGIN
  INSERT INTO notice (kind, unit_id, case_id, why, scope_path)
  SELECT 'away_due', a.unit_id, a.case_id, to_char(a.until_on, 'YYYY-MM-DD'), a.scope_path FROM absence a
   WHERE a.recorded_to IS NULL AND a.ended_on IS NULL AND a.until_on BETWEEN kernel_today() AND v_soon AND NOT EXISTS (
     SELECT 1 FROM notice n WHERE n.case_id = a.case_id AND n.kind = 'away_due' AND n.settled_at IS NULL
       AND n.why = to_char(a.until_on, 'YYYY-MM-DD'));  -- one case may have carried several
  INSERT INTO alarm (rule, code, standing, state, unit_id, person_id, operator, facts, scope_path)
  SELECT 'AL14', 'absence_overdue', false, 'open', a.unit_id, a.person_id, 'svc-worker', jsonb_build_object(
      'until', a.until_on, 'sentence', p.name || ' 应于 ' || a.until_on || ' 期满返回'
        || CASE WHEN a.host = '' THEN '' ELSE '（' || a.host || '）' END || '，尚未办理返回或延期'), a.scope_path
    FROM absence a JOIN person p ON p.id = a.person_id
   WHERE a.recorded_to IS NULL AND a.ended_on IS NULL AND a.until_on < kernel_today() AND NOT EXISTS (
     SELECT 1 FROM alarm x WHERE x.rule = 'AL14' AND x.person_id = a.person_id AND x.state = 'open');
  GET DIAGNOSTICS v_new = ROW_COUNT;
  RETURN v_new;
END $$;
