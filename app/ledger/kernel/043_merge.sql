-- 人随事走、编随人走: people of one line take seats of another, and a body ends in another one, from the movements there are.

-- Holders of a line, all or some, leave their seats and take free ones of another line on the same day. Whoever leads in
-- the unit that he leaves leads there no longer. By number; neighbours of whom nothing else is to be said go together.
CREATE OR REPLACE FUNCTION k_move_people(p_case bigint, f jsonb, p_on date) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  l quota_line; v_people bigint[]; v_person bigint; v_now timestamptz; v_bad date; v_into bigint := (f ->> 'into_line')::bigint;
  v_line bigint := (f ->> 'line')::bigint; v_listed bigint[]; v_reason text; v_way text; v_plain boolean[]; v_at int := 1; v_last int;
  v_done int;
BEGIN
  IF v_line = v_into THEN PERFORM refuse('already_seated'); END IF;
  IF coalesce(f ->> 'people', 'all') <> 'all' THEN
    IF f ->> 'people' !~ '^[0-9]{1,18}(,[0-9]{1,18})*$' THEN PERFORM refuse('invalid_input', '{"errors": {"people": ["format"]}}'); END IF;
    v_listed := string_to_array(f ->> 'people', ',')::bigint[];
  END IF;
  PERFORM 1 FROM ledger_total WHERE line_id IN (v_line, v_into) ORDER BY line_id FOR UPDATE;
  SELECT array_agg(DISTINCT person_id) INTO v_people FROM occupancy WHERE line_id = v_line AND kind = 'establishment'
    AND recorded_to IS NULL AND ended_on IS NULL AND (v_listed IS NULL OR person_id = ANY (v_listed));
  IF coalesce(cardinality(v_people), 0) <> coalesce(cardinality(v_listed), cardinality(v_people), 0) THEN PERFORM refuse('not_seated'); END IF;
  SELECT reason, way INTO v_reason, v_way FROM k_transfer_codes(v_line, v_into);
  PERFORM 1 FROM person WHERE id = ANY (v_people) ORDER BY id FOR UPDATE;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id IN (SELECT unit_id FROM quota_line WHERE id IN (v_line, v_into))
    ORDER BY chain_id FOR UPDATE;
  v_now := clock_timestamp();  -- one movement: the days are looked at once, behind its last person
  v_people := ARRAY(SELECT unnest(v_people) ORDER BY 1);
  v_plain := k_plain_movers(v_line, v_people, p_on);
  WHILE v_at <= cardinality(v_people) LOOP
    v_last := v_at;
    WHILE v_plain[v_last] LOOP v_last := v_last + 1; END LOOP;
    v_done := CASE WHEN v_last > v_at THEN k_move_together(p_case, v_people[v_at:v_last - 1], v_line, v_into, (f ->> 'department')::bigint,
      v_way, v_reason, p_on, v_now) ELSE 0 END;
    v_at := v_at + v_done;
    CONTINUE WHEN v_done > 0;
    v_person := v_people[v_at];
    PERFORM k_vacate(p_case, v_person, v_reason, p_on, v_now, false);
    PERFORM k_free_from(v_person, p_on);
    l := k_enterable(v_into);
    IF l.kind <> 'establishment' THEN PERFORM refuse('wrong_category'); END IF;
    PERFORM k_sit_free(p_case, l.id, v_person, jsonb_build_object('department', f -> 'department', 'entry_way', v_way), p_on, v_now);
    v_at := v_at + 1;
  END LOOP;
  v_bad := k_first_bad_day(v_into, p_on, v_now);
  IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', v_into)); END IF;
  RETURN coalesce(cardinality(v_people), 0);
END $$;

-- Units held for a change, in their order; refused where one of them ended while this waited.
CREATE OR REPLACE FUNCTION k_still_there(p_units bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_gone bigint;
BEGIN
  PERFORM 1 FROM unit WHERE id = ANY (p_units) ORDER BY id FOR NO KEY UPDATE;
  SELECT id INTO v_gone FROM unit WHERE id = ANY (p_units) AND status = 'closed' ORDER BY id LIMIT 1;
  IF FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', v_gone)); END IF;
END $$;

-- A body ends in another one. "along": its numbers go over with its people, category by category, whoever is beyond them as
-- surplus with his plan; "approved": the people sit down on seats that the other body has been given. Its leaders' posts go
-- on as the bundle says line by line (k_leaders_note); its departments and it itself end.
CREATE OR REPLACE FUNCTION k_merge_unit(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE l record; s quota_line; v_into bigint := (f ->> 'into')::bigint; v_unit bigint := (f ->> 'unit')::bigint; v_line bigint; d bigint; v_held bigint[]; v_note jsonb;
  v_takes quota_line;
BEGIN
  IF (SELECT node FROM unit WHERE id = v_unit) = 'department' THEN
    PERFORM k_merge_department(p_case, f, p_on);
    RETURN;
  END IF;
  IF v_unit = v_into OR NOT EXISTS (SELECT 1 FROM unit WHERE id = v_into AND legal_id = id AND status = 'active')
    OR NOT EXISTS (SELECT 1 FROM unit WHERE id = v_unit AND legal_id = id AND status = 'active') THEN
    PERFORM refuse('not_found', jsonb_build_object('unit', v_unit, 'into', v_into));
  END IF;
  v_held := k_running_hold(p_case, v_unit, v_into, f ->> 'cases');
  PERFORM k_still_there(ARRAY[v_unit, v_into]);
  v_note := k_leaders_note(f, v_unit, v_into);
  FOR l IN SELECT x.*, t.authorised, t.occupied FROM quota_line x JOIN ledger_total t ON t.line_id = x.id
      WHERE x.unit_id = v_unit AND x.kind = 'establishment' AND (t.authorised > 0 OR t.occupied > 0) ORDER BY x.id LOOP
    IF l.occupied = 0 AND f ->> 'seats' IS DISTINCT FROM 'along' THEN  -- nothing of it goes on, so nothing is begun for it
      PERFORM k_carry_parts(p_case, l.id, NULL, p_on);
      PERFORM k_set_quota(p_case, f - 'until_on' || jsonb_build_object('line', l.id, 'authorised', 0), p_on);
      CONTINUE;
    END IF;
    v_line := k_line(jsonb_build_object('unit', v_into, 'category', l.category, 'funding', l.funding, 'structure', l.structure));
    PERFORM 1 FROM ledger_total WHERE line_id = v_line FOR UPDATE;
    SELECT * INTO v_takes FROM quota_line WHERE id = v_line;
    IF f ->> 'seats' = 'along' THEN
      SELECT * INTO s FROM quota_line WHERE id = l.id;
      PERFORM k_bring_line(p_case, s, v_takes, f, p_on);
    ELSE  -- only the people go; the parts of the number end with it
      PERFORM k_carry_parts(p_case, l.id, NULL, p_on);
      PERFORM k_move_people(p_case, jsonb_build_object('line', l.id, 'into_line', v_takes.id), p_on);
    END IF;
    PERFORM k_set_quota(p_case, f - 'until_on' || jsonb_build_object('line', l.id, 'authorised', 0), p_on);
    PERFORM k_pool_room(v_takes, 0, p_on);
  END LOOP;
  PERFORM k_release_leaders(p_case, f, v_unit, p_on);
  PERFORM k_leaders_follow(p_case, f, v_note, v_into, f ->> 'seats' = 'along', p_on);
  FOR d IN SELECT id FROM unit WHERE legal_id = v_unit AND status = 'active' ORDER BY scope_path DESC LOOP
    IF d = v_unit THEN PERFORM k_succeed(p_case, v_unit, v_into, 'merge', p_on); END IF;
    PERFORM k_close_unit(p_case, jsonb_build_object('unit', d, 'succeeded', 1), p_on);
  END LOOP;
  PERFORM k_absences_go_on(p_case, f);
  PERFORM k_loans_go_on(p_case, v_unit, v_into, p_on);
  PERFORM k_running_go(p_case, v_unit, v_into, f ->> 'cases', v_held);
END $$;

-- 内设机构合并: the people of a department go to another one of the same body, its seats' marks too; its leaders' posts go on
-- there with their numbers where the bundle says so.
CREATE OR REPLACE FUNCTION k_merge_department(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE d unit; n unit; l record; v_seats text; v_person bigint; v_note jsonb;
BEGIN
  SELECT * INTO d FROM unit WHERE id = (f ->> 'unit')::bigint;
  SELECT * INTO n FROM unit WHERE id = (f ->> 'into')::bigint AND status = 'active' AND node = 'department' AND legal_id = d.legal_id;
  IF d.status = 'closed' OR n.id IS NULL OR n.id = d.id THEN PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'into')); END IF;
  IF EXISTS (SELECT 1 FROM unit WHERE parent_id = d.id AND status = 'active') THEN
    PERFORM refuse('unit_not_empty', jsonb_build_object('unit', d.id));
  END IF;
  -- Whoever decides or arrives meanwhile goes first, or finds where his department went.
  PERFORM k_running_lock(p_case, ARRAY[d.legal_id]);
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id = d.legal_id) ORDER BY line_id FOR UPDATE;
  PERFORM k_still_there(ARRAY[d.legal_id, d.id, n.id]);
  v_note := k_leaders_note(f, d.id, n.id);
  PERFORM k_release_leaders(p_case, f, d.id, p_on);
  PERFORM k_leaders_follow(p_case, f, v_note, n.id, true, p_on);
  FOR l IN SELECT x.id, x.scope_path FROM quota_line x WHERE x.unit_id = d.legal_id AND x.kind = 'establishment' ORDER BY x.id LOOP
    WITH marked AS (UPDATE post SET department_id = n.id WHERE line_id = l.id AND department_id = d.id RETURNING number)
    SELECT string_agg(number::text, ',' ORDER BY number) INTO v_seats FROM marked;
    CONTINUE WHEN v_seats IS NULL;
    PERFORM chain_append('unit', d.legal_id, 'seats.allotted', p_on, clock_timestamp(), p_case,
      jsonb_build_object('line', l.id, 'department', n.id, 'seats', v_seats), l.scope_path);
  END LOOP;
  FOR v_person IN SELECT person_id FROM occupancy WHERE department_id = d.id AND kind = 'establishment' AND recorded_to IS NULL
      AND ended_on IS NULL ORDER BY person_id LOOP
    PERFORM k_shift(p_case, v_person, n.id, p_on);
  END LOOP;
  PERFORM k_succeed(p_case, d.id, n.id, 'merge', p_on);
  PERFORM k_close_unit(p_case, jsonb_build_object('unit', d.id), p_on);
END $$;

-- The leaders' posts of a body or department end with it, and their numbers.
CREATE OR REPLACE FUNCTION k_release_leaders(p_case bigint, f jsonb, p_scope bigint, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE l record; o occupancy;
BEGIN
  FOR l IN SELECT x.id, t.authorised FROM quota_line x JOIN ledger_total t ON t.line_id = x.id
      JOIN unit w ON w.id = p_scope AND w.legal_id = x.unit_id AND w.id IN (x.unit_id, x.scope_unit_id)
      WHERE x.kind = 'leadership' ORDER BY x.id LOOP
    FOR o IN SELECT * FROM occupancy WHERE line_id = l.id AND recorded_to IS NULL AND ended_on IS NULL ORDER BY person_id LOOP
      PERFORM k_leave(p_case, o, '21', p_on, clock_timestamp());
    END LOOP;
    PERFORM k_surplus_alarm(l.id, p_case);
    IF l.authorised > 0 THEN PERFORM k_set_quota(p_case, f - 'until_on' || jsonb_build_object('line', l.id, 'authorised', 0), p_on); END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ledger_merge_unit(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'merge_unit'); f jsonb := k_plain(r.facts::jsonb);
BEGIN
  PERFORM k_merge_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

CREATE OR REPLACE FUNCTION ledger_move_people(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'move_people'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_move_people(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_absences_go_on(p_case, f);
  PERFORM k_effected(p_case);
END $$;
