-- 编外: a unit's cap by document, and engagements against it. No seat, no total of establishment; over the cap is an alarm
-- (AL23), no refusal: the law names no limit that the kernel could enforce.

-- 编外控制数: the next document ends the one before.
CREATE OR REPLACE FUNCTION k_set_cap(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; c staff_cap; n staff_cap; v_now timestamptz; v_closes bigint; v_ended bigint; v_number int := (f ->> 'number')::int;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF coalesce(v_number NOT BETWEEN 0 AND 20000, true) THEN PERFORM refuse('invalid_input', '{"errors": {"number": ["required"]}}'); END IF;
  u := k_body((f ->> 'unit')::bigint);
  IF EXISTS (SELECT 1 FROM staff_cap WHERE unit_id = u.id AND document_no = f ->> 'document_no') THEN
    PERFORM refuse('invalid_input', '{"errors": {"document_no": ["document_again"]}}');
  END IF;
  v_now := clock_timestamp();
  SELECT * INTO c FROM staff_cap WHERE unit_id = u.id AND ended_on IS NULL AND recorded_to IS NULL;
  IF FOUND THEN
    IF p_on < c.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'unit', u.id)); END IF;
    UPDATE staff_cap SET recorded_to = v_now WHERE id = c.id;
    v_closes := c.id;
    c.id := nextval(pg_get_serial_sequence('staff_cap', 'id')); c.ended_on := p_on; c.recorded_at := v_now;
    INSERT INTO staff_cap SELECT (c).*;
    v_ended := c.id;
  END IF;
  INSERT INTO staff_cap (unit_id, number, document_no, issuer, started_on, case_id, recorded_at, scope_path)
  VALUES (u.id, v_number, f ->> 'document_no', coalesce(f ->> 'issuer', ''), p_on, p_case, v_now, u.scope_path) RETURNING * INTO n;
  PERFORM chain_append('unit', u.id, 'cap.set', p_on, v_now, p_case, jsonb_build_object('cap', n.id, 'number', n.number,
    'document_no', n.document_no, 'issuer', n.issuer, 'closes', v_closes, 'ended', v_ended), u.scope_path);
  RETURN n.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_set_cap(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'set_cap'); f jsonb := r.facts::jsonb; v_id bigint;
BEGIN
  v_id := k_set_cap(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- 聘用: whoever holds a seat is in the establishment and engaged nowhere.
CREATE OR REPLACE FUNCTION ledger_engage(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'engage'); f jsonb := r.facts::jsonb || case_secret_of(p_case); u unit;
  e engagement; v_on date := k_day((f ->> 'start')::date); v_now timestamptz; v_person bigint;
BEGIN
  IF coalesce((f ->> 'until_on')::date < v_on, true) THEN
    PERFORM refuse('invalid_input', '{"errors": {"until_on": ["until_before"]}}');
  ELSIF coalesce(btrim(f ->> 'engage_task'), '') = '' OR coalesce(f ->> 'engage_funding', '') = '' THEN
    PERFORM refuse('invalid_input', '{"errors": {"engage_task": ["required"]}}');
  END IF;
  u := k_body((f ->> 'unit')::bigint);
  v_now := clock_timestamp();
  v_person := k_register(p_case, f, u.scope_path, v_on, v_now);
  PERFORM 1 FROM person WHERE id = v_person FOR UPDATE;
  PERFORM k_free_from(v_person, v_on);
  IF EXISTS (SELECT 1 FROM engagement WHERE person_id = v_person AND recorded_to IS NULL AND (ended_on IS NULL OR ended_on > v_on)) THEN
    PERFORM refuse('already_engaged', jsonb_build_object('person', v_person));
  END IF;
  -- Whoever never sat here is seen where he works now.
  UPDATE person SET scope_path = u.scope_path WHERE id = v_person AND state = 'outside';
  INSERT INTO engagement (person_id, unit_id, task, funding, started_on, until_on, case_id, recorded_at, scope_path)
  VALUES (v_person, u.id, btrim(f ->> 'engage_task'), f ->> 'engage_funding', v_on, (f ->> 'until_on')::date, p_case, v_now,
    u.scope_path) RETURNING * INTO e;
  PERFORM chain_append('person', v_person, 'engagement.begun', v_on, v_now, p_case, jsonb_build_object('engagement', e.id,
    'person', v_person, 'unit', u.id, 'task', e.task, 'funding', e.funding, 'started_on', v_on, 'until_on', e.until_on), u.scope_path);
  INSERT INTO alarm_touched (unit_id) VALUES (u.id);
  PERFORM k_effected(p_case);
  RETURN e.id;
END $$;

-- The next version of an engagement: a later last day, or the end.
CREATE OR REPLACE FUNCTION k_engagement_next(e engagement, p_case bigint, p_until date, p_end date, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE n engagement := e;
BEGIN
  UPDATE engagement SET recorded_to = p_now WHERE id = e.id;
  n.id := nextval(pg_get_serial_sequence('engagement', 'id')); n.recorded_at := p_now; n.until_on := p_until; n.ended_on := p_end;
  IF p_end IS NOT NULL THEN n.end_case_id := p_case; END IF;
  INSERT INTO engagement SELECT (n).*;
  PERFORM chain_append('person', e.person_id, CASE WHEN p_end IS NULL THEN 'engagement.extended' ELSE 'engagement.ended' END,
    coalesce(p_end, kernel_today()), p_now, p_case, jsonb_build_object('closes', e.id, 'engagement', n.id, 'person', e.person_id,
    'unit', e.unit_id, 'until_on', p_until, 'ended_on', p_end), e.scope_path);
  INSERT INTO alarm_touched (unit_id) VALUES (e.unit_id);
END $$;

-- 续聘、解聘: of somebody whom the named unit engages. ``until_on`` extends, ``end`` ends.
CREATE OR REPLACE FUNCTION ledger_engage_change(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'engage_change'); f jsonb := r.facts::jsonb; e engagement;
  v_person bigint := (f ->> 'engaged')::bigint; v_end date := (f ->> 'end')::date; v_until date := (f ->> 'until_on')::date;
BEGIN
  PERFORM 1 FROM person WHERE id = v_person FOR UPDATE;
  SELECT * INTO e FROM engagement WHERE person_id = v_person AND unit_id = (f ->> 'unit')::bigint AND recorded_to IS NULL
    AND ended_on IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_engaged', jsonb_build_object('person', v_person)); END IF;
  IF num_nonnulls(v_end, v_until) <> 1 OR v_until <= e.until_on THEN
    PERFORM refuse('invalid_input', '{"errors": {"until_on": ["until_before"]}}');
  ELSIF v_end < e.started_on THEN PERFORM refuse('before_entry', jsonb_build_object('day', e.started_on, 'person', v_person));
  END IF;
  PERFORM k_engagement_next(e, p_case, coalesce(v_until, e.until_on), CASE WHEN v_end IS NOT NULL THEN k_day(v_end) END,
    clock_timestamp());
  PERFORM k_effected(p_case);
END $$;

-- Whoever takes a seat is engaged no longer: from that day on, at the latest from the day the engagement began.
CREATE OR REPLACE FUNCTION k_engaged_seated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE e engagement; v record;
BEGIN
  FOR v IN SELECT n.* FROM fresh n JOIN engagement g ON g.person_id = n.person_id AND g.recorded_to IS NULL AND g.ended_on IS NULL
      WHERE n.kind = 'establishment' AND n.ended_on IS NULL AND n.recorded_to IS NULL ORDER BY n.person_id LOOP
    SELECT * INTO e FROM engagement WHERE person_id = v.person_id AND recorded_to IS NULL AND ended_on IS NULL;
    PERFORM k_engagement_next(e, v.entry_case_id, e.until_on, greatest(v.started_on, e.started_on), v.recorded_at);
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER engaged_seated AFTER INSERT ON occupancy REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
  EXECUTE FUNCTION k_engaged_seated();

