-- Seats: reserve, release, occupy, vacate, move. Locks: case, totals by id, post, person, chain heads.

CREATE OR REPLACE FUNCTION k_line_figures(t ledger_total) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('line', t.line_id, 'authorised', t.authorised, 'occupied', t.occupied,
    'reserved', t.reserved, 'surplus', greatest(0, t.occupied - coalesce(t.authorised, t.occupied)))
$$;

-- Locks a line and refuses unless one more may enter.
CREATE OR REPLACE FUNCTION k_enterable(p_line bigint) RETURNS quota_line
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE t ledger_total; l quota_line;
BEGIN
  SELECT * INTO t FROM ledger_total WHERE line_id = p_line FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  SELECT * INTO l FROM quota_line WHERE id = p_line;
  IF l.closed_to_entry THEN PERFORM refuse('line_closed', k_line_figures(t)); END IF;
  IF t.occupied > t.authorised THEN
    PERFORM refuse(CASE l.kind WHEN 'leadership' THEN 'leadership_exhausted' ELSE 'surplus_line' END, k_line_figures(t));
  ELSIF t.authorised IS NULL OR t.occupied + t.reserved >= t.authorised THEN
    PERFORM refuse(CASE l.kind WHEN 'leadership' THEN 'leadership_exhausted' ELSE 'quota_exhausted' END, k_line_figures(t));
  END IF;
  RETURN l;
END $$;

-- The locks of a movement, in the one order: totals by id, people by id (with the surplus holders whom an exit
-- may move), the units' chain heads by id. Whoever appends to a person's chain holds the person's row.
DROP FUNCTION IF EXISTS k_lock_lines(bigint, bigint);
CREATE OR REPLACE FUNCTION k_lock(p_person bigint, p_line bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_lines bigint[];
BEGIN
  IF p_person IS NULL THEN  -- a newcomer: nothing but the line that he enters
    PERFORM 1 FROM ledger_total WHERE line_id = p_line FOR UPDATE;
    PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = (SELECT unit_id FROM quota_line WHERE id = p_line) FOR UPDATE;
    RETURN;
  END IF;
  LOOP
    -- One list of keys, not an OR: each is looked up by its index.
    v_lines := array_remove(ARRAY(SELECT p_line UNION SELECT line_id FROM occupancy
      WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL), NULL);
    PERFORM 1 FROM ledger_total WHERE line_id = ANY (v_lines) ORDER BY line_id FOR UPDATE;
    -- Who waited here may find the person on another line: his body was merged meanwhile.
    EXIT WHEN NOT EXISTS (SELECT 1 FROM occupancy WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL
      AND line_id <> ALL (v_lines));
  END LOOP;
  PERFORM 1 FROM person WHERE id = ANY (ARRAY(SELECT p_person UNION SELECT o.person_id FROM occupancy o
    JOIN post x ON x.id = o.post_id AND x.surplus WHERE o.recorded_to IS NULL AND o.ended_on IS NULL AND o.line_id IN (
      SELECT line_id FROM occupancy WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL)))
    ORDER BY id FOR UPDATE;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = ANY (ARRAY(
    SELECT unit_id FROM occupancy WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL
    UNION SELECT unit_id FROM quota_line WHERE id = p_line)) ORDER BY chain_id FOR UPDATE;
END $$;

CREATE OR REPLACE FUNCTION ledger_reserve(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'reserve'); f jsonb := r.facts::jsonb; l quota_line; p post;
BEGIN
  IF r.status = 'reserved' THEN RETURN (SELECT id FROM post WHERE reserved_case_id = p_case); END IF;
  -- All that a transfer will need, since it may take effect in this same transaction.
  PERFORM k_lock((f ->> 'person')::bigint, (f ->> 'line')::bigint);
  IF coalesce(f ->> 'permit', '') <> '' THEN  -- its seats are held already: one of them goes to this case
    p := k_permit_claim(p_case, (f ->> 'permit')::bigint, (f ->> 'line')::bigint);
    UPDATE case_record SET status = 'reserved' WHERE case_id = p_case;
    RETURN p.id;
  ELSIF EXISTS (SELECT 1 FROM process_version WHERE id = r.process_version_id AND definition -> 'fields' ? 'permit_needed') THEN
    PERFORM refuse('permit_missing', jsonb_build_object('line', f ->> 'line'));
  END IF;
  l := k_enterable((f ->> 'line')::bigint);
  IF l.kind <> 'establishment' THEN PERFORM refuse('wrong_category'); END IF;
  SELECT * INTO p FROM post WHERE line_id = l.id AND status = 'vacant' ORDER BY number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('quota_exhausted', jsonb_build_object('line', l.id)); END IF;
  UPDATE ledger_total SET reserved = reserved + 1 WHERE line_id = l.id;
  UPDATE post SET status = 'reserved', reserved_case_id = p_case WHERE id = p.id;
  PERFORM chain_append('unit', l.unit_id, 'seat.reserved', kernel_today(), clock_timestamp(), p_case,
    jsonb_build_object('line', l.id, 'seat', p.number), l.scope_path);
  UPDATE case_record SET status = 'reserved' WHERE case_id = p_case;
  RETURN p.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_release_seat(p_case bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p post; v_line bigint;
BEGIN
  SELECT line_id INTO v_line FROM post WHERE reserved_case_id = p_case;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM 1 FROM ledger_total WHERE line_id = v_line FOR UPDATE;
  SELECT * INTO p FROM post WHERE reserved_case_id = p_case FOR UPDATE;
  IF p.permit_id IS NOT NULL THEN
    PERFORM k_permit_return(p_case, p);
  ELSE
    UPDATE ledger_total SET reserved = reserved - 1 WHERE line_id = p.line_id;
    UPDATE post SET status = 'vacant', reserved_case_id = NULL WHERE id = p.id;
    PERFORM chain_append('unit', p.unit_id, 'seat.released', kernel_today(), clock_timestamp(), p_case,
      jsonb_build_object('line', p.line_id, 'seat', p.number), p.scope_path);
  END IF;
  UPDATE case_record SET status = 'filed' WHERE case_id = p_case AND status = 'reserved';
END $$;

CREATE OR REPLACE FUNCTION k_occupied_fields(o occupancy, p post, p_from_case bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('occupancy', o.id, 'line', o.line_id, 'seat', p.number, 'surplus', p.surplus::int,
    'person', o.person_id, 'unit', o.unit_id, 'department', o.department_id, 'kind', o.kind, 'main', o.main::int,
    'nature', o.nature, 'home_unit', o.home_unit, 'started_on', o.started_on, 'entry_way', o.entry_way,
    'entry_case', p_from_case)
$$;

CREATE OR REPLACE FUNCTION k_personnel_class(p_category text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_category IN ('11', '12', '21') THEN 'civil' WHEN p_category = '22' THEN 'public'
    WHEN p_category IN ('13', '14', '15', '23') THEN 'support' ELSE 'other' END
$$;

-- Puts a person on a seat and writes both chains. The caller holds the line's lock and has set the totals.
CREATE OR REPLACE FUNCTION k_sit(p_case bigint, p_post post, p_person bigint, f jsonb, p_on date, p_now timestamptz)
RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o occupancy; l quota_line; v_fields jsonb; v_scope text; v_department bigint := (f ->> 'department')::bigint; v_opened date;
BEGIN
  SELECT * INTO l FROM quota_line WHERE id = p_post.line_id;
  IF p_on < p_post.created_on THEN
    PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', l.id, 'seat_since', p_post.created_on));
  END IF;
  IF l.kind = 'leadership' THEN v_department := nullif(l.scope_unit_id, l.unit_id); END IF;
  SELECT scope_path, opened_on INTO v_scope, v_opened FROM unit WHERE id = coalesce(v_department, l.unit_id) AND status = 'active'
    AND (legal_id = l.unit_id OR id = l.unit_id) FOR SHARE;  -- held against its closing
  IF v_scope IS NULL THEN PERFORM refuse('not_found', jsonb_build_object('department', v_department)); END IF;
  -- A leader's position begins with its number, and that one not before its department.
  IF l.kind = 'establishment' AND p_on < v_opened THEN PERFORM refuse('not_yet_open', jsonb_build_object('day', v_opened)); END IF;
  INSERT INTO occupancy (person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature, home_unit,
    started_on, entry_way, entry_case_id, recorded_at, scope_path)
  SELECT p_person, name, p_post.id, l.id, l.unit_id, v_department, l.kind, coalesce((f ->> 'main')::int, 1) = 1,
    coalesce(f ->> 'nature', 'regular'), f ->> 'home_unit', p_on, f ->> 'entry_way', p_case, p_now, v_scope
  FROM person WHERE id = p_person RETURNING * INTO o;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('person', p_person)); END IF;
  UPDATE post SET status = 'occupied', reserved_case_id = NULL, permit_id = NULL WHERE id = p_post.id;
  v_fields := k_occupied_fields(o, p_post, p_case);
  IF p_post.permit_id IS NOT NULL THEN
    PERFORM k_permit_use(p_post.permit_id);
    v_fields := v_fields || jsonb_build_object('permit', p_post.permit_id);
  END IF;
  IF l.kind = 'establishment' THEN
    UPDATE person SET unit_id = l.unit_id, department_id = v_department, scope_path = v_scope, state = 'serving',
      personnel_class = k_personnel_class(l.category) WHERE id = p_person;
  END IF;
  PERFORM chain_append('unit', l.unit_id, 'seat.occupied', p_on, p_now, p_case, v_fields, l.scope_path);
  PERFORM chain_append('person', p_person, 'seat.occupied', p_on, p_now, p_case, v_fields, v_scope);
  RETURN o.id;
END $$;

-- On a seat of a line that nobody holds since that day, by number; those meant for a department first, where one is named
-- (none: meant for nobody; 0: whichever). The caller holds the line, which has room, and looks at its days afterwards.
CREATE OR REPLACE FUNCTION k_sit_free(p_case bigint, p_line bigint, p_person bigint, f jsonb, p_on date, p_now timestamptz,
  p_meant bigint DEFAULT 0) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p post;
BEGIN
  SELECT x.* INTO p FROM post x WHERE x.line_id = p_line AND x.status = 'vacant' AND k_free_since(x, p_on)
   ORDER BY p_meant IS DISTINCT FROM 0 AND x.department_id IS DISTINCT FROM p_meant, x.number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', p_line)); END IF;
  UPDATE ledger_total SET occupied = occupied + 1 WHERE line_id = p_line;
  RETURN k_sit(p_case, p, p_person, f, p_on, p_now);
END $$;

CREATE OR REPLACE FUNCTION k_registered_fields(p person, f jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('person', p.id, 'id_type', p.id_type, 'verified', p.id_verified::int,
    'commit_name', f ->> 'commit_name', 'commit_id', f ->> 'commit_id', 'commit_sex', f ->> 'commit_sex',
    'commit_birth_on', f ->> 'commit_birth_on', 'commit_work_started_on', f ->> 'commit_work_started_on',
    'commit_level', f ->> 'commit_level', 'commit_rank', f ->> 'commit_rank')
$$;

DROP FUNCTION IF EXISTS k_person_row(jsonb, text);
CREATE OR REPLACE FUNCTION k_person_row(f jsonb, p_scope text, p_unit bigint DEFAULT NULL, p_department bigint DEFAULT NULL)
RETURNS person
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p person;
BEGIN
  p.id := coalesce((f ->> 'id')::bigint, nextval('person_id_seq'));
  p.name := f ->> 'person_name'; p.pinyin := coalesce(f ->> 'pinyin', '');
  p.pinyin_initials := coalesce(f ->> 'pinyin_initials', '');
  p.id_type := f ->> 'id_type'; p.id_cipher := decode(f ->> 'id_cipher', 'hex');
  p.id_index := current_index(decode(f ->> 'person_index', 'hex')); p.id_mask := f ->> 'id_mask';
  p.id_verified := coalesce((f ->> 'verified')::int, 1) = 1; p.id_proof := f ->> 'proof';
  p.sex := f ->> 'sex'; p.birth_on := (f ->> 'birth_on')::date; p.ethnicity := f ->> 'ethnicity';
  p.political := f ->> 'political'; p.education := f ->> 'education'; p.degree := f ->> 'degree';
  p.native_place := f ->> 'native_place'; p.work_started_on := (f ->> 'work_started_on')::date;
  p.level := f ->> 'level'; p.rank := f ->> 'rank'; p.entry_way := f ->> 'entry_way';
  p.personnel_class := coalesce(f ->> 'personnel_class', 'other'); p.state := coalesce(f ->> 'state', 'serving');
  p.unit_id := p_unit; p.department_id := p_department; p.scope_path := p_scope;
  RETURN p;
END $$;

-- The locked fields of a person are never written without a commitment to each.
CREATE OR REPLACE FUNCTION k_committed(f jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_missing text;
BEGIN
  SELECT string_agg(k, ',') INTO v_missing FROM unnest(ARRAY['commit_name', 'commit_id', 'commit_sex', 'commit_birth_on',
    'commit_work_started_on', 'commit_level', 'commit_rank']) k WHERE coalesce(f ->> k, '') = '';
  IF v_missing IS NOT NULL THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(v_missing, '["required"]'::jsonb)));
  END IF;
END $$;

-- 登记: a person the city does not know yet; an already known identity document is refused or, if left, taken up.
CREATE OR REPLACE FUNCTION k_register(p_case bigint, f jsonb, p_scope text, p_on date, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p person; v_known person;
BEGIN
  SELECT * INTO v_known FROM person WHERE id_index = current_index(decode(f ->> 'person_index', 'hex')) FOR UPDATE;
  IF FOUND THEN
    IF v_known.state = 'serving' THEN PERFORM refuse('duplicate_person', jsonb_build_object('person', v_known.id)); END IF;
    RETURN v_known.id;
  END IF;
  PERFORM k_committed(f);
  -- The number of a row and where a person serves are the kernel's to say, not the form's.
  p := k_person_row(f - 'id' - 'personnel_class' || '{"state": "outside"}', p_scope);
  INSERT INTO person SELECT (p).*;
  PERFORM chain_append('person', p.id, 'person.registered', p_on, p_now, p_case, k_registered_fields(p, f), p_scope);
  RETURN p.id;
END $$;

-- A person may sit from p_on: no seat on that day or later, and not before the last exit.
CREATE OR REPLACE FUNCTION k_free_from(p_person bigint, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o occupancy;
BEGIN
  SELECT * INTO o FROM occupancy WHERE person_id = p_person AND kind = 'establishment' AND recorded_to IS NULL
    AND (ended_on IS NULL OR ended_on > p_on) ORDER BY started_on DESC LIMIT 1;
  IF FOUND THEN
    PERFORM refuse(CASE WHEN o.ended_on IS NULL THEN 'already_seated' ELSE 'before_entry' END,
      jsonb_build_object('person', p_person, 'day', coalesce(o.ended_on, o.started_on), 'unit', o.unit_id));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION k_fill(p_case bigint, p_person bigint, f jsonb, p_on date, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p post; v_id bigint; v_bad date; v_other post;
BEGIN
  SELECT * INTO p FROM post WHERE reserved_case_id = p_case FOR UPDATE;
  IF NOT k_free_since(p, p_on) THEN
    -- The reserved seat was in use on that day, or not yet made; another of the line may have been free since.
    SELECT x.* INTO v_other FROM post x WHERE x.line_id = p.line_id AND x.status = 'vacant' AND k_free_since(x, p_on)
     ORDER BY x.number LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', p.line_id)); END IF;
    UPDATE post SET status = 'vacant', reserved_case_id = NULL, permit_id = NULL WHERE id = p.id;
    UPDATE post SET status = 'reserved', reserved_case_id = p_case, permit_id = p.permit_id WHERE id = v_other.id;
    PERFORM chain_append('unit', p.unit_id, 'seat.released', kernel_today(), p_now, p_case,
      jsonb_build_object('line', p.line_id, 'seat', p.number), p.scope_path);
    PERFORM chain_append('unit', p.unit_id, 'seat.reserved', kernel_today(), p_now, p_case, jsonb_strip_nulls(
      jsonb_build_object('line', p.line_id, 'seat', v_other.number, 'permit', p.permit_id)), p.scope_path);
    v_other.permit_id := p.permit_id;
    p := v_other;
  END IF;
  UPDATE ledger_total SET reserved = reserved - 1, occupied = occupied + 1 WHERE line_id = p.line_id;
  v_id := k_sit(p_case, p, p_person, f, p_on, p_now);
  v_bad := k_first_bad_day(p.line_id, p_on, p_now);
  IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', p.line_id)); END IF;
  RETURN v_id;
END $$;

-- 入编: takes effect on the confirmed arrival; fills the case's reserved seat.
CREATE OR REPLACE FUNCTION ledger_occupy(p_case bigint, p_on date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  r case_record := case_open_movement(p_case, 'occupy'); f jsonb := r.facts::jsonb || case_secret_of(p_case); v_on date;
  v_person bigint := (f ->> 'person')::bigint; v_line bigint := (f ->> 'line')::bigint; v_now timestamptz; v_scope text;
BEGIN
  IF r.status <> 'reserved' THEN PERFORM refuse('case_not_approved', jsonb_build_object('missing', 'reservation')); END IF;
  -- The unit itself says who has come, and when; where a document fixes the day, the approved facts do.
  IF (SELECT definition ->> 'effect' FROM process_version WHERE id = r.process_version_id) <> 'arrival' THEN
    v_on := k_day((f ->> 'start')::date);
  ELSIF coalesce(scope_part(3) = 'service' OR r.unit_id = scope_number(6), false) THEN v_on := k_day(p_on);
  ELSE PERFORM refuse('not_allowed'); END IF;
  SELECT scope_path INTO v_scope FROM ledger_total WHERE line_id = v_line FOR UPDATE;
  v_now := clock_timestamp();
  IF v_person IS NULL THEN v_person := k_register(p_case, f, v_scope, v_on, v_now); END IF;
  PERFORM 1 FROM person WHERE id = v_person FOR UPDATE;
  PERFORM k_free_from(v_person, v_on);
  PERFORM k_fill(p_case, v_person, f, v_on, v_now);
  PERFORM k_effected(p_case);
  RETURN v_person;
END $$;

-- Ends one occupancy. On a line with surplus the freed seat takes a surplus holder in the same movement.
CREATE OR REPLACE FUNCTION k_leave(p_case bigint, o occupancy, p_reason text, p_on date, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p post; n occupancy; m occupancy; s post; v_surplus boolean; v_fields jsonb; l quota_line; v_from bigint;
BEGIN
  IF p_on < o.started_on THEN
    PERFORM refuse('before_entry', jsonb_build_object('day', o.started_on, 'person', o.person_id));
  END IF;
  SELECT * INTO l FROM quota_line WHERE id = o.line_id;
  PERFORM k_lead_left(p_case, o, p_on, p_now);
  SELECT * INTO p FROM post WHERE id = o.post_id FOR UPDATE;
  UPDATE occupancy SET recorded_to = p_now WHERE id = o.id;
  n := o; n.id := nextval(pg_get_serial_sequence('occupancy', 'id')); n.ended_on := p_on; n.recorded_at := p_now;
  n.exit_reason := p_reason; n.exit_case_id := p_case;
  INSERT INTO occupancy SELECT (n).*;
  UPDATE ledger_total SET occupied = occupied - 1 WHERE line_id = o.line_id;
  UPDATE post SET status = CASE WHEN surplus THEN 'abolished' ELSE 'vacant' END,
    abolished_on = CASE WHEN surplus THEN p_on END WHERE id = p.id;
  v_fields := jsonb_build_object('occupancy', o.id, 'ended', n.id, 'line', o.line_id, 'seat', p.number,
    'person', o.person_id, 'ended_on', p_on, 'reason', p_reason, 'abolished', p.surplus::int);
  PERFORM chain_append('unit', o.unit_id, 'seat.vacated', p_on, p_now, p_case, v_fields, l.scope_path);
  PERFORM chain_append('person', o.person_id, 'seat.vacated', p_on, p_now, p_case, v_fields, o.scope_path);
  IF p.surplus THEN RETURN; END IF;
  -- 只出不进: the holder of the lowest surplus seat moves into the freed one, that surplus seat dies.
  SELECT x.* INTO s FROM post x WHERE x.line_id = o.line_id AND x.surplus AND x.status = 'occupied'
    ORDER BY x.number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM k_take_along(p_case, l, p_on);
    RETURN;
  END IF;
  SELECT * INTO m FROM occupancy WHERE post_id = s.id AND recorded_to IS NULL AND ended_on IS NULL;
  v_from := m.id;
  UPDATE occupancy SET recorded_to = p_now WHERE id = m.id;
  n := m; n.id := nextval(pg_get_serial_sequence('occupancy', 'id')); n.recorded_at := p_now;
  n.ended_on := greatest(p_on, m.started_on);
  INSERT INTO occupancy SELECT (n).*;
  m.id := nextval(pg_get_serial_sequence('occupancy', 'id')); m.recorded_at := p_now; m.post_id := p.id;
  m.started_on := n.ended_on;
  INSERT INTO occupancy SELECT (m).*;
  UPDATE post SET status = 'abolished', abolished_on = n.ended_on WHERE id = s.id;
  UPDATE post SET status = 'occupied' WHERE id = p.id;
  v_fields := jsonb_build_object('line', o.line_id, 'from_seat', s.number, 'seat', p.number, 'person', m.person_id,
    'closes', v_from, 'ended', n.id, 'occupancy', m.id, 'on', n.ended_on);
  PERFORM chain_append('unit', o.unit_id, 'seat.absorbed', n.ended_on, p_now, p_case, v_fields, l.scope_path);
  PERFORM chain_append('person', m.person_id, 'seat.absorbed', n.ended_on, p_now, p_case, v_fields, m.scope_path);
END $$;

-- Leaves the establishment seat and the regular leadership seats with it; with p_all every leadership seat in the city.
DROP FUNCTION IF EXISTS k_vacate(bigint, bigint, text, date, timestamptz);
CREATE OR REPLACE FUNCTION k_vacate(p_case bigint, p_person bigint, p_reason text, p_on date, p_now timestamptz, p_all boolean)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o occupancy;
BEGIN
  FOR o IN SELECT * FROM occupancy WHERE person_id = p_person AND recorded_to IS NULL AND ended_on IS NULL
      AND (p_all OR kind = 'establishment' OR nature = 'regular') ORDER BY kind DESC, line_id LOOP
    PERFORM k_leave(p_case, o, p_reason, p_on, p_now);
    PERFORM k_surplus_alarm(o.line_id, p_case);
  END LOOP;
END $$;

-- 出编: retirement and every other exit; whatever the person leads is left on the same day.
CREATE OR REPLACE FUNCTION ledger_vacate(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'vacate'); f jsonb := r.facts::jsonb;
  v_on date := k_day((f ->> 'end')::date); v_person bigint := (f ->> 'person')::bigint;
BEGIN
  PERFORM k_lock(v_person, NULL);
  IF NOT EXISTS (SELECT 1 FROM occupancy WHERE person_id = v_person AND kind = 'establishment'
      AND recorded_to IS NULL AND ended_on IS NULL) THEN PERFORM refuse('not_seated'); END IF;
  PERFORM k_vacate(p_case, v_person, f ->> 'reason', v_on, clock_timestamp(), true);
  UPDATE person SET state = CASE WHEN f ->> 'reason' LIKE '31%' OR f ->> 'reason' = '93' THEN 'retired' ELSE 'left' END WHERE id = v_person;
  PERFORM k_effected(p_case);
END $$;

-- 调动: out of one unit and into another in one movement; the city's number of people never changes.
CREATE OR REPLACE FUNCTION ledger_move(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'move'); f jsonb := r.facts::jsonb; v_now timestamptz;
  v_on date := k_day((f ->> 'start')::date); v_person bigint := (f ->> 'person')::bigint;
BEGIN
  IF r.status <> 'reserved' THEN PERFORM refuse('case_not_approved', jsonb_build_object('missing', 'reservation')); END IF;
  PERFORM k_lock(v_person, (f ->> 'line')::bigint);
  IF NOT EXISTS (SELECT 1 FROM occupancy WHERE person_id = v_person AND kind = 'establishment'
      AND recorded_to IS NULL AND ended_on IS NULL) THEN PERFORM refuse('not_seated'); END IF;
  -- From a line into the same one nobody moves.
  IF EXISTS (SELECT 1 FROM occupancy WHERE person_id = v_person AND line_id = (f ->> 'line')::bigint
      AND recorded_to IS NULL AND ended_on IS NULL) THEN PERFORM refuse('already_seated'); END IF;
  v_now := clock_timestamp();
  PERFORM k_vacate(p_case, v_person, coalesce(f ->> 'reason', '11'), v_on, v_now, false);
  PERFORM k_free_from(v_person, v_on);
  PERFORM k_fill(p_case, v_person, f, v_on, v_now);
  PERFORM k_effected(p_case);
END $$;
