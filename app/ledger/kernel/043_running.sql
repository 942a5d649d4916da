-- 在办业务、控编单随机构走: what runs on a body or department that ends is carried to the successor, stands still there, or is
-- withdrawn, as the document says. Nothing is left on a unit that is no more.

-- The line of another body that is what this one was.
CREATE OR REPLACE FUNCTION k_line_of(p_line bigint, p_into bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT n.id FROM quota_line l JOIN quota_line n ON n.unit_id = p_into AND n.kind = l.kind AND n.category = l.category
      AND n.funding = l.funding AND n.structure = l.structure AND n.role = l.role AND n.level = l.level
      AND n.scope_unit_id = CASE WHEN l.scope_unit_id = l.unit_id THEN p_into ELSE l.scope_unit_id END
   WHERE l.id = p_line
$$;

-- Filed facts as they hold now: a line or department that ended stands for its successor's. The facts themselves, their hash
-- and what was decided on them stay; who answers follows from the place, so that other offices decide anew.
CREATE OR REPLACE FUNCTION k_facts_now(p_facts text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := p_facts::jsonb; v_line bigint; v_department bigint; v_to bigint; v_into bigint; v_next bigint; v_moved boolean := false;
BEGIN
  IF jsonb_typeof(f -> 'line') IS DISTINCT FROM 'number' THEN RETURN p_facts; END IF;
  v_line := (f ->> 'line')::bigint;
  IF jsonb_typeof(f -> 'department') = 'number' THEN v_department := (f ->> 'department')::bigint; END IF;
  LOOP
    v_to := NULL; v_into := NULL;
    IF v_department IS NOT NULL THEN
      SELECT s.to_unit_id, n.legal_id INTO v_to, v_into FROM unit u JOIN unit_succession s ON s.from_unit_id = u.id
        JOIN unit n ON n.id = s.to_unit_id WHERE u.id = v_department AND u.status = 'closed' ORDER BY s.id DESC LIMIT 1;
    END IF;
    IF v_to IS NULL THEN
      SELECT s.to_unit_id INTO v_into FROM quota_line l JOIN unit u ON u.id = l.unit_id AND u.status = 'closed'
        JOIN unit_succession s ON s.from_unit_id = u.id AND s.kind = 'merge' WHERE l.id = v_line ORDER BY s.id DESC LIMIT 1;
      EXIT WHEN v_into IS NULL;
    END IF;
    IF v_into <> (SELECT unit_id FROM quota_line WHERE id = v_line) THEN
      v_next := k_line_of(v_line, v_into);
      EXIT WHEN v_next IS NULL;
      v_line := v_next;
    END IF;
    v_department := v_to; v_moved := true;
  END LOOP;
  RETURN CASE WHEN v_moved THEN (f || jsonb_build_object('line', v_line, 'department', v_department))::text ELSE p_facts END;
END $$;

-- Cases on their way of a body with its departments, or that name a department. ``bound``: about the body as it is, so that no
-- other one can go on with it. What 编办 itself has under way about a unit is its own to withdraw and is refused in its turn.
CREATE OR REPLACE FUNCTION k_running(p_case bigint, p_unit bigint) RETURNS TABLE (case_id bigint, number text, reserved boolean, bound boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT a.id, a.number, r.status = 'reserved', case_movement(r) IN ('permit_plan', 'verify_year', 'certificate', 'rank_quota', 'post_plan')
    FROM unit u JOIN application a ON a.unit_id = ANY (ARRAY(SELECT d.id FROM unit d JOIN unit w ON w.id = p_unit
      WHERE d.id = w.legal_id OR w.id = w.legal_id AND d.legal_id = w.id)) JOIN case_record r ON r.case_id = a.id
   WHERE u.id = p_unit AND a.state IN ('running', 'returned', 'awaiting') AND r.status IN ('filed', 'reserved') AND a.id <> p_case
     AND (a.office_id IS NULL OR case_movement(r) IN ('occupy', 'move', 'change_line', 'permit_grant', 'take_lead', 'vacate'))
     AND (u.id = u.legal_id OR r.facts::jsonb ->> 'department' = u.id::text)
   ORDER BY a.id
$$;

-- The rows of running cases, before any total is locked: whoever decides, arrives or withdraws goes first or waits.
CREATE OR REPLACE FUNCTION k_running_lock(p_case bigint, p_units bigint[]) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM (SELECT 1 FROM application WHERE id IN (SELECT r.case_id FROM unnest(p_units) u, k_running(p_case, u) r)
    ORDER BY id FOR UPDATE) x
$$;

-- Ends one case that goes down with its unit.
CREATE OR REPLACE FUNCTION k_running_end(p_case bigint, p_why text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM ledger_release_seat(p_case);
  UPDATE case_record SET status = 'closed', closed_reason = 'withdrawn' WHERE case_id = p_case;
  PERFORM k_clock_go(p_case);
  PERFORM case_alarms_end(p_case);
  UPDATE task SET state = 'cancelled', closed_at = now() WHERE application_id = p_case AND state = 'open';
  UPDATE application SET state = 'withdrawn', finished_at = now(), changed_at = now(), result = p_why WHERE id = p_case;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, scope_path)
  SELECT id, 'unit_ended', scope_number(1), acting_name(), '台账', p_why, scope_path FROM application WHERE id = p_case;
END $$;

-- A permit leaves its line with the seats that it still holds; the successor's line takes it up under the same number.
CREATE OR REPLACE FUNCTION k_permit_lift(p_case bigint, m permit) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_seats text; v_count int;
BEGIN
  WITH freed AS (UPDATE post SET status = 'vacant', permit_id = NULL WHERE permit_id = m.id AND reserved_case_id IS NULL RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number), count(*) INTO v_seats, v_count FROM freed;
  UPDATE ledger_total SET reserved = reserved - v_count WHERE line_id = m.line_id;
  PERFORM chain_append('unit', m.unit_id, 'permit.left', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('permit', m.id, 'line', m.line_id, 'seats', v_seats), m.scope_path);
END $$;

CREATE OR REPLACE FUNCTION k_permit_land(p_case bigint, m permit, p_into bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_line bigint := k_line_of(m.line_id, p_into); l quota_line; t ledger_total; v_seats text; v_count int;
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = v_line FOR UPDATE;
  IF coalesce(t.occupied + t.reserved + m.remaining > t.authorised, true) THEN
    PERFORM refuse('cases_without_destination', jsonb_build_object('unit', m.unit_id, 'count', 1, 'cases', m.number));
  END IF;
  SELECT * INTO l FROM quota_line WHERE id = v_line;
  UPDATE permit SET line_id = l.id, unit_id = l.unit_id, scope_path = l.scope_path WHERE id = m.id;
  WITH taken AS (UPDATE post SET status = 'reserved', permit_id = m.id WHERE id IN (SELECT id FROM post
      WHERE line_id = l.id AND status = 'vacant' ORDER BY number LIMIT m.remaining) RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number), count(*) INTO v_seats, v_count FROM taken;
  UPDATE ledger_total SET reserved = reserved + v_count WHERE line_id = l.id;
  PERFORM chain_append('unit', l.unit_id, 'permit.carried', kernel_today(), clock_timestamp(), p_case, jsonb_build_object(
    'permit', m.id, 'line', l.id, 'granted_by', m.case_id, 'granted_on', m.granted_on, 'office', m.office_id, 'year', m.year,
    'serial', m.serial, 'number', m.number, 'approved', m.approved, 'used', m.used, 'released', m.released,
    'remaining', m.remaining, 'purpose', m.purpose, 'last_on', m.last_on, 'from', m.unit_id, 'seats', v_seats), l.scope_path);
END $$;

-- Before a unit ends: what runs on it is withdrawn, or lets go of its seats for the moment. Refused where nobody has said what
-- becomes of it, or where no other body could go on with it. Gives the cases that held a seat.
CREATE OR REPLACE FUNCTION k_running_hold(p_case bigint, p_unit bigint, p_into bigint, p_choice text) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; m permit; k record; v_held bigint[] := '{}'; v_withdraw boolean := coalesce(p_choice = 'withdraw', false); v_numbers text; v_count int;
BEGIN
  SELECT * INTO u FROM unit WHERE id = p_unit;
  PERFORM k_running_lock(p_case, ARRAY[u.legal_id]);
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id IN (u.legal_id, p_into)) ORDER BY line_id FOR UPDATE;
  SELECT string_agg(x.number, '、' ORDER BY x.n) FILTER (WHERE x.n <= 5), count(*) INTO v_numbers, v_count FROM (
    SELECT y.number, row_number() OVER (ORDER BY y.number) AS n FROM (
      SELECT r.number FROM k_running(p_case, p_unit) r WHERE NOT v_withdraw
        AND (p_into IS NULL OR r.bound OR coalesce(p_choice, '') NOT IN ('carry', 'suspend'))
      UNION ALL SELECT w.number FROM permit w WHERE w.unit_id = p_unit AND w.status = 'open' AND NOT v_withdraw
        AND (p_into IS NULL OR coalesce(p_choice, '') NOT IN ('carry', 'suspend'))) y) x;
  IF v_count > 0 THEN
    PERFORM refuse('cases_without_destination', jsonb_build_object('unit', p_unit, 'count', v_count, 'cases', v_numbers));
  END IF;
  FOR k IN SELECT * FROM k_running(p_case, p_unit) LOOP
    IF v_withdraw THEN PERFORM k_running_end(k.case_id, '原单位“' || u.name || '”已调整，本件撤回');
    ELSIF k.reserved THEN
      PERFORM ledger_release_seat(k.case_id);
      v_held := v_held || k.case_id;
    END IF;
  END LOOP;
  FOR m IN SELECT * FROM permit WHERE unit_id = p_unit AND status = 'open' ORDER BY id FOR UPDATE LOOP
    IF v_withdraw THEN PERFORM k_permit_end(p_case, m, 'cancelled'); ELSE PERFORM k_permit_lift(p_case, m); END IF;
  END LOOP;
  RETURN v_held;
END $$;

-- Whoever is responsible now: open tasks go there. Where an approval was given by a side that is no longer the one, the case
-- goes back to its applicant, and what the present side has not approved is asked anew.
CREATE OR REPLACE FUNCTION k_running_route(p_case bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE r case_record; t task; s record; v_anew boolean := false;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case;
  FOR t IN SELECT * FROM task WHERE application_id = p_case AND state IN ('open', 'approved') ORDER BY id FOR UPDATE LOOP
    s := case_side(t.role, r, case_movement(r));
    CONTINUE WHEN (s.office, s.unit) IS NOT DISTINCT FROM (t.office_id, t.unit_id) OR s.office IS NULL AND s.unit IS NULL AND NOT s.skipped;
    IF t.state = 'approved' THEN v_anew := v_anew OR (t.office_id IS NOT NULL AND NOT s.skipped); CONTINUE; END IF;
    UPDATE task SET state = 'cancelled', closed_at = now() WHERE id = t.id;
    CONTINUE WHEN s.skipped;
    INSERT INTO task (application_id, stage, code, role, days, office_id, unit_id, state, due_on, scope_path)
    VALUES (p_case, t.stage, t.code, t.role, t.days, s.office, s.unit, 'open', kernel_today(), t.scope_path);
  END LOOP;
  IF v_anew THEN
    UPDATE task SET state = 'cancelled', closed_at = now() WHERE application_id = p_case AND state = 'open';
    UPDATE application SET state = 'returned', changed_at = now() WHERE id = p_case AND state IN ('running', 'awaiting');
  END IF;
END $$;

-- The seat that a carried case had, in the successor's line: its permit's, or a vacant one.
CREATE OR REPLACE FUNCTION k_running_seat(p_case bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE f jsonb; t ledger_total; p post; l quota_line;
BEGIN
  SELECT k_facts_now(facts)::jsonb INTO f FROM case_record WHERE case_id = p_case;
  IF coalesce(f ->> 'permit', '') <> '' THEN
    p := k_permit_claim(p_case, (f ->> 'permit')::bigint, (f ->> 'line')::bigint);
  ELSE
    SELECT * INTO t FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
    SELECT * INTO l FROM quota_line WHERE id = t.line_id;
    SELECT * INTO p FROM post WHERE line_id = t.line_id AND status = 'vacant' ORDER BY number LIMIT 1 FOR UPDATE;
    IF p.id IS NULL OR coalesce(t.occupied + t.reserved >= t.authorised, true) OR l.closed_to_entry THEN
      PERFORM refuse('cases_without_destination', (SELECT jsonb_build_object('unit', unit_id, 'count', 1, 'cases', number)
        FROM application WHERE id = p_case));
    END IF;
    UPDATE ledger_total SET reserved = reserved + 1 WHERE line_id = p.line_id;
    UPDATE post SET status = 'reserved', reserved_case_id = p_case WHERE id = p.id;
    PERFORM chain_append('unit', p.unit_id, 'seat.reserved', kernel_today(), clock_timestamp(), p_case,
      jsonb_build_object('line', p.line_id, 'seat', p.number), p.scope_path);
  END IF;
  UPDATE case_record SET status = 'reserved' WHERE case_id = p_case;
END $$;

-- After the numbers and people: permits and cases go on with the successor. ``suspend``: the clock stands still by law until the
-- side that has to decide lets it go on; its reason is the decision that ended the unit.
CREATE OR REPLACE FUNCTION k_running_go(p_case bigint, p_unit bigint, p_into bigint, p_choice text, p_held bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m permit; k record; v_from unit; v_to unit; v_said text; v_next bigint;
BEGIN
  SELECT * INTO v_from FROM unit WHERE id = p_unit;
  SELECT * INTO v_to FROM unit WHERE id = p_into;
  FOR m IN SELECT * FROM permit WHERE unit_id = p_unit AND status = 'open' ORDER BY id LOOP PERFORM k_permit_land(p_case, m, p_into); END LOOP;
  v_said := '原“' || v_from.name || '”的在办业务，由“' || v_to.name || '”承接';
  FOR k IN SELECT * FROM k_running(p_case, p_unit) LOOP
    SELECT (k_facts_now(facts)::jsonb ->> 'line')::bigint INTO v_next FROM case_record WHERE case_id = k.case_id
      AND jsonb_typeof(facts::jsonb -> 'line') = 'number';
    IF EXISTS (SELECT 1 FROM quota_line WHERE id = v_next AND unit_id = v_from.legal_id) THEN
      PERFORM refuse('cases_without_destination', jsonb_build_object('unit', p_unit, 'count', 1, 'cases', k.number));
    END IF;
    UPDATE case_record SET unit_id = v_to.legal_id WHERE case_id = k.case_id;
    IF k.case_id = ANY (p_held) THEN PERFORM k_running_seat(k.case_id); END IF;
    PERFORM k_running_route(k.case_id);
    INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, scope_path)
    SELECT id, 'carried', scope_number(1), acting_name(), '台账', v_said, scope_path FROM application WHERE id = k.case_id;
    INSERT INTO clock_stop (application_id, kind, office_id, unit_id, reason, decision_id, scope_path)
    SELECT a.id, 'law', t.office_id, t.unit_id, v_said, d.id, a.scope_path FROM application a
      JOIN LATERAL (SELECT * FROM task WHERE application_id = a.id AND state = 'open' ORDER BY id LIMIT 1) t ON true
      JOIN LATERAL (SELECT max(id) AS id FROM decision WHERE case_id = p_case) d ON d.id IS NOT NULL
     WHERE a.id = k.case_id AND a.state = 'running' AND p_choice = 'suspend' AND NOT k_stopped(a.id, NULL);
  END LOOP;
  -- Cases of others that wait for this body's word.
  FOR k IN SELECT DISTINCT t.application_id AS case_id FROM task t WHERE t.unit_id = p_unit AND t.state = 'open'
      AND t.application_id <> p_case ORDER BY 1 LOOP
    PERFORM k_running_route(k.case_id);
  END LOOP;
END $$;

-- A case goes where its record says, with its steps; the application itself can never move one.
CREATE OR REPLACE FUNCTION k_case_carried() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_scope text := (SELECT scope_path FROM unit WHERE id = NEW.unit_id);
BEGIN
  UPDATE application SET unit_id = NEW.unit_id, scope_path = v_scope, changed_at = now()
   WHERE id = NEW.case_id AND unit_id IS DISTINCT FROM NEW.unit_id;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE task SET scope_path = v_scope WHERE application_id = NEW.case_id;
  UPDATE application_event SET scope_path = v_scope WHERE application_id = NEW.case_id;
  UPDATE clock_stop SET scope_path = v_scope WHERE application_id = NEW.case_id;
  UPDATE notice SET scope_path = v_scope WHERE case_id = NEW.case_id AND settled_at IS NULL;
  UPDATE alarm SET scope_path = v_scope, unit_id = NEW.unit_id WHERE case_id = NEW.case_id AND state = 'open';
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER case_carried AFTER UPDATE OF unit_id ON case_record FOR EACH ROW
  WHEN (NEW.unit_id IS DISTINCT FROM OLD.unit_id) EXECUTE FUNCTION k_case_carried();
