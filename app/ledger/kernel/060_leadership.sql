-- Leadership positions (领导职数) and corrections (更正).

-- Whether a person holds an establishment seat of a unit on every day of a period.
CREATE OR REPLACE FUNCTION k_seated(p_person bigint, p_unit bigint, p_period daterange) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(range_agg(daterange(started_on, ended_on)) @> p_period, false) FROM occupancy
   WHERE person_id = p_person AND unit_id = p_unit AND kind = 'establishment' AND recorded_to IS NULL
$$;

-- 主职务: of several positions one is the main one. Called with the person's row held.
CREATE OR REPLACE FUNCTION k_one_main(p_person bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_unit text;
BEGIN
  IF coalesce((f ->> 'main')::int, 1) <> 1 THEN RETURN; END IF;
  SELECT CASE WHEN u.not_networked THEN '' ELSE u.name END INTO v_unit FROM occupancy o JOIN unit u ON u.id = o.unit_id
   WHERE o.person_id = p_person AND o.kind = 'leadership' AND o.main AND o.recorded_to IS NULL
     AND (o.ended_on IS NULL OR o.ended_on > p_on) LIMIT 1;
  IF FOUND THEN PERFORM refuse('second_main', jsonb_build_object('unit', v_unit)); END IF;
END $$;

-- 非领导职务 were replaced by ranks on 2019-06-01 (《公务员职务与职级并行规定》): none are authorised from that day on.
CREATE OR REPLACE FUNCTION k_non_leading() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.started_on >= DATE '2019-06-01' AND NEW.authorised > 0
      AND EXISTS (SELECT 1 FROM quota_line WHERE id = NEW.line_id AND role = 'nonleading') THEN
    PERFORM refuse('non_leading', jsonb_build_object('day', NEW.started_on));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER non_leading BEFORE INSERT ON quota FOR EACH ROW EXECUTE FUNCTION k_non_leading();

CREATE OR REPLACE FUNCTION k_take_lead(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE l quota_line; v_person bigint := (f ->> 'person')::bigint; v_nature text := coalesce(f ->> 'nature', 'regular');
  v_id bigint; v_bad date; v_now timestamptz;
BEGIN
  l := k_enterable((f ->> 'line')::bigint);
  IF l.kind <> 'leadership' THEN PERFORM refuse('wrong_category'); END IF;
  PERFORM 1 FROM person WHERE id = v_person FOR UPDATE;
  IF v_nature = 'regular' AND NOT k_seated(v_person, l.unit_id, daterange(p_on, NULL)) THEN
    PERFORM refuse('leader_without_seat', jsonb_build_object('person', v_person, 'unit', l.unit_id));
  ELSIF v_nature <> 'regular' AND coalesce(f ->> 'home_unit', '') = '' THEN
    PERFORM refuse('leader_without_seat', jsonb_build_object('person', v_person, 'missing', 'home_unit'));
  END IF;
  IF l.role = 'nonleading' AND p_on >= DATE '2019-06-01' THEN PERFORM refuse('non_leading', jsonb_build_object('day', p_on)); END IF;
  -- Under the line's lock: nobody holds two positions of one line on one day.
  IF EXISTS (SELECT 1 FROM occupancy WHERE person_id = v_person AND line_id = l.id AND recorded_to IS NULL
      AND (ended_on IS NULL OR ended_on > p_on)) THEN
    PERFORM refuse('already_leading', jsonb_build_object('person', v_person, 'line', l.id));
  END IF;
  PERFORM k_one_main(v_person, f, p_on);
  v_now := clock_timestamp();
  v_id := k_sit_free(p_case, l.id, v_person, f, p_on, v_now);
  v_bad := k_first_bad_day(l.id, p_on, v_now);
  IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', l.id)); END IF;
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION ledger_take_lead(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'take_lead'); f jsonb := r.facts::jsonb; v_id bigint;
BEGIN
  PERFORM k_lead_record(p_case, f);
  v_id := k_take_lead(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION ledger_leave_lead(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'leave_lead'); f jsonb := r.facts::jsonb; o occupancy;
  v_on date := k_day((f ->> 'end')::date);
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
  PERFORM 1 FROM person WHERE id = (f ->> 'person')::bigint FOR UPDATE;
  SELECT * INTO o FROM occupancy WHERE line_id = (f ->> 'line')::bigint AND person_id = (f ->> 'person')::bigint
    AND kind = 'leadership' AND recorded_to IS NULL AND ended_on IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_seated'); END IF;
  PERFORM k_leave(p_case, o, f ->> 'reason', v_on, clock_timestamp());
  PERFORM k_surplus_alarm(o.line_id, p_case);
  PERFORM k_effected(p_case);
END $$;

-- The later rows that a correction would contradict: whose, which days, which entry of the person's chain.
CREATE OR REPLACE FUNCTION k_later(p_rows bigint[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('later', string_agg(concat(x.person_name, ' ', x.started_on, '/', x.ended_on, ' #', (
      SELECT max(e.sequence) FROM ledger_entry e WHERE e.chain_kind = 'person' AND e.chain_id = x.person_id
        AND (e.fields ->> 'ended' = x.id::text OR e.fields ->> 'occupancy' = x.id::text AND e.type <> 'seat.vacated'))),
    '; ' ORDER BY x.started_on, x.id)) FROM occupancy x WHERE x.id = ANY (p_rows)
$$;

-- 更正 of a person's locked fields, or of the first day of a seat: new entries that name what they correct.
CREATE OR REPLACE FUNCTION ledger_correct(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'correct'); f jsonb := r.facts::jsonb || case_secret_of(p_case); p person; o occupancy;
  n occupancy; v_now timestamptz; v_fields jsonb; v_bad date; v_new date; v_made date; v_later bigint[];
BEGIN
  IF f ->> 'occupancy' IS NULL THEN
    SELECT * INTO p FROM person WHERE id = (f ->> 'person')::bigint FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
    PERFORM k_committed(f);
    IF (f ->> 'id_cipher' IS NULL) <> (f ->> 'new_index' IS NULL) THEN
      PERFORM refuse('invalid_input', '{"errors": {"id_number": ["required"]}}');
    END IF;
    v_now := clock_timestamp();
    UPDATE person SET name = coalesce(f ->> 'person_name', name), pinyin = coalesce(f ->> 'pinyin', pinyin),
      pinyin_initials = coalesce(f ->> 'pinyin_initials', pinyin_initials), sex = coalesce(f ->> 'sex', sex),
      birth_on = coalesce((f ->> 'birth_on')::date, birth_on),
      work_started_on = coalesce((f ->> 'work_started_on')::date, work_started_on),
      level = coalesce(f ->> 'level', level), rank = coalesce(f ->> 'rank', rank), entry_way = coalesce(f ->> 'entry_way', entry_way),
      id_verified = id_verified OR f ->> 'new_index' IS NOT NULL AND coalesce((f ->> 'verified')::int, 0) = 1,
      id_proof = CASE WHEN f ->> 'new_index' IS NULL THEN id_proof ELSE f ->> 'proof' END,
      id_cipher = coalesce(decode(f ->> 'id_cipher', 'hex'), id_cipher),
      id_index = coalesce(current_index(decode(f ->> 'new_index', 'hex')), id_index), id_mask = coalesce(f ->> 'id_mask', id_mask)
     WHERE id = p.id RETURNING * INTO p;
    UPDATE occupancy SET person_name = p.name WHERE person_id = p.id AND recorded_to IS NULL;
    PERFORM chain_append('person', p.id, 'person.corrected', kernel_today(), v_now, p_case,
      k_registered_fields(p, f) || jsonb_build_object('corrects', (SELECT max(sequence) FROM ledger_entry
        WHERE chain_kind = 'person' AND chain_id = p.id AND type IN ('person.registered', 'person.corrected'))), p.scope_path);
  ELSE
    SELECT * INTO o FROM occupancy WHERE id = (f ->> 'occupancy')::bigint;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('occupancy', f ->> 'occupancy')); END IF;
    PERFORM 1 FROM ledger_total WHERE line_id = o.line_id FOR UPDATE;
    PERFORM 1 FROM person WHERE id = o.person_id FOR UPDATE;
    SELECT * INTO n FROM occupancy WHERE id = o.id AND recorded_to IS NULL;
    IF NOT FOUND THEN
      PERFORM refuse('later_entries', k_later(ARRAY(SELECT id FROM occupancy WHERE person_id = o.person_id
        AND post_id = o.post_id AND recorded_to IS NULL)));
    END IF;
    o := n;
    v_now := clock_timestamp(); v_new := k_day((f ->> 'start')::date);
    SELECT greatest(x.created_on, d.opened_on) INTO v_made FROM post x LEFT JOIN unit d ON d.id = o.department_id WHERE x.id = o.post_id;
    -- Not before the seat or the department was there; an old seat held since before its document (opening balance) may be
    -- held from any such day.
    IF v_new < v_made AND o.started_on >= v_made OR v_new > coalesce(o.ended_on, v_new) THEN
      PERFORM refuse('bad_day', jsonb_build_object('day', v_new, 'line', o.line_id));
    END IF;
    -- Whoever was on the seat, or where the person sat, on the new days; and who moved from another seat in one step:
    -- that seat's last day rests on this first one.
    v_later := ARRAY(SELECT x.id FROM occupancy x WHERE x.recorded_to IS NULL AND x.id <> o.id
      AND ((x.post_id = o.post_id OR (x.person_id = o.person_id AND x.kind = o.kind AND o.kind = 'establishment'))
          AND daterange(x.started_on, x.ended_on) && daterange(v_new, o.ended_on)
        OR o.kind = 'establishment' AND x.person_id = o.person_id AND x.kind = o.kind AND x.ended_on = o.started_on));
    IF v_later <> '{}' THEN PERFORM refuse('later_entries', k_later(v_later)); END IF;
    UPDATE occupancy SET recorded_to = v_now WHERE id = o.id;
    n := o; n.id := nextval(pg_get_serial_sequence('occupancy', 'id')); n.started_on := v_new; n.recorded_at := v_now;
    INSERT INTO occupancy SELECT (n).*;
    -- A leader sits in his unit on every day that he leads it.
    IF o.kind = 'leadership' AND o.nature = 'regular' AND NOT k_seated(o.person_id, o.unit_id, daterange(v_new, o.ended_on)) THEN
      PERFORM refuse('leader_without_seat', jsonb_build_object('person', o.person_id, 'unit', o.unit_id));
    ELSIF o.kind = 'establishment' THEN
      v_later := ARRAY(SELECT x.id FROM occupancy x WHERE x.person_id = o.person_id
        AND x.unit_id = o.unit_id AND x.kind = 'leadership' AND x.nature = 'regular' AND x.recorded_to IS NULL
        AND NOT k_seated(o.person_id, o.unit_id, daterange(x.started_on, x.ended_on)));
      IF v_later <> '{}' THEN PERFORM refuse('later_entries', k_later(v_later)); END IF;
    END IF;
    v_bad := k_first_bad_day(o.line_id, v_new, v_now);
    IF v_bad IS NOT NULL THEN
      PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', o.line_id));
    END IF;
    v_fields := jsonb_build_object('closes', o.id, 'occupancy', n.id, 'started_on', v_new, 'person', o.person_id,
      'line', o.line_id, 'was', o.started_on);
    PERFORM chain_append('unit', o.unit_id, 'seat.corrected', v_new, v_now, p_case, v_fields,
      (SELECT scope_path FROM quota_line WHERE id = o.line_id));
    PERFORM chain_append('person', o.person_id, 'seat.corrected', v_new, v_now, p_case, v_fields, o.scope_path);
  END IF;
  PERFORM k_effected(p_case);
END $$;
