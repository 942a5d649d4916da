-- 编委会: meetings with agenda, minutes and one decision over many cases. Role ``commission`` is answered for by the
-- establishment office as the commission's office; no word of that role counts but one that a settled meeting bears.

-- A meeting of the reader's own office, locked; a foreign one answers as an absent one.
CREATE OR REPLACE FUNCTION k_meeting(p_meeting bigint, p_state text) RETURNS meeting
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE m meeting;
BEGIN
  IF NOT k_of_establishment() THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT * INTO m FROM meeting WHERE id = p_meeting AND office_id = scope_number(7) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('meeting', p_meeting)); END IF;
  IF m.state <> p_state THEN PERFORM refuse('wrong_state', jsonb_build_object('state', m.state)); END IF;
  RETURN m;
END $$;

-- What the region's chain keeps of a text of a meeting: minutes are the office's alone, entries are read by more.
CREATE OR REPLACE FUNCTION meeting_mark(p_nonce text, p_what text, p_text text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT encode(sha256(convert_to(p_nonce || ':' || p_what || ':' || p_text, 'UTF8')), 'hex') $$;

-- Every step of a meeting is an entry of its region's chain, of no case: what a case rests on is its decision.
CREATE OR REPLACE FUNCTION k_meeting_entry(p_meeting bigint, p_type text, p_now timestamptz, p_fields jsonb) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT chain_append('region', region_code::bigint, 'meeting.' || p_type, held_on, p_now, NULL,
    jsonb_build_object('meeting', id) || p_fields, scope_path) FROM meeting WHERE id = p_meeting
$$;

CREATE OR REPLACE FUNCTION commission_open(p_on date, p_place text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_year int := extract(year FROM p_on); v_id bigint; v_office bigint := scope_number(7); v_region text;
BEGIN
  IF NOT k_of_establishment() THEN
    PERFORM refuse('not_allowed');
  END IF;
  IF p_on IS NULL OR p_on NOT BETWEEN kernel_today() - 366 AND kernel_today() + 366 THEN
    PERFORM refuse('invalid_input', '{"errors": {"on": ["required"]}}');
  END IF;
  SELECT region_code INTO v_region FROM office WHERE id = v_office;
  INSERT INTO meeting (office_id, region_code, year, serial, held_on, place, state, opened_by, scope_path)
  VALUES (v_office, v_region, v_year, k_next_number('commission:' || v_office, v_year, 1), p_on, left(coalesce(p_place, ''), 100),
    'agenda', scope_number(1), (SELECT prefix FROM region WHERE code = v_region)) RETURNING id INTO v_id;
  PERFORM k_meeting_entry(v_id, 'opened', clock_timestamp(), (SELECT jsonb_build_object('office', office_id, 'region', region_code,
    'year', year, 'serial', serial, 'place', meeting_mark(nonce, 'place', place), 'members', meeting_mark(nonce, 'members', ''),
    'minutes', meeting_mark(nonce, 'minutes', ''), 'opened_by', opened_by) FROM meeting WHERE id = v_id));
  RETURN v_id;
END $$;

-- A case on the agenda: it waits for the commission's word, and stands on no other open agenda.
CREATE OR REPLACE FUNCTION commission_put(p_meeting bigint, p_case bigint, p_note text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m meeting := k_meeting(p_meeting, 'agenda'); v_id bigint;
BEGIN
  PERFORM 1 FROM task WHERE application_id = p_case AND role = 'commission' AND office_id = m.office_id AND state = 'open' FOR SHARE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('case', p_case)); END IF;
  IF EXISTS (SELECT 1 FROM agenda_item i JOIN meeting x ON x.id = i.meeting_id WHERE i.application_id = p_case
      AND x.state <> 'settled') THEN
    PERFORM refuse('on_agenda', jsonb_build_object('case', p_case));
  END IF;
  INSERT INTO agenda_item (meeting_id, application_id, position, note)
  SELECT m.id, p_case, coalesce(max(position), 0) + 1, left(coalesce(p_note, ''), 1000) FROM agenda_item WHERE meeting_id = m.id
  RETURNING id INTO v_id;
  PERFORM k_meeting_entry(m.id, 'put', clock_timestamp(), (SELECT jsonb_build_object('item', id, 'case', application_id,
    'position', position, 'note', meeting_mark(m.nonce, 'note', note), 'resolution', meeting_mark(m.nonce, 'resolution', ''))
    FROM agenda_item WHERE id = v_id));
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION commission_drop(p_meeting bigint, p_item bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m meeting := k_meeting(p_meeting, 'agenda');
BEGIN
  DELETE FROM agenda_item WHERE id = p_item AND meeting_id = m.id;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  PERFORM k_meeting_entry(m.id, 'dropped', clock_timestamp(), jsonb_build_object('item', p_item));
END $$;

-- The secretary writes down who was there, the minutes and the word on each case: {"<item>": {"verdict", "resolution"}}.
-- The word is on the facts of this moment; facts filed later need another meeting.
CREATE OR REPLACE FUNCTION commission_record(p_meeting bigint, p_members text, p_minutes text, p_words jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m meeting := k_meeting(p_meeting, 'agenda'); i agenda_item; w jsonb;
BEGIN
  IF m.held_on > kernel_today() THEN PERFORM refuse('future_effect', jsonb_build_object('day', m.held_on)); END IF;
  IF btrim(coalesce(p_members, '')) = '' OR btrim(coalesce(p_minutes, '')) = '' THEN
    PERFORM refuse('invalid_input', '{"errors": {"minutes": ["required"]}}');
  END IF;
  FOR i IN SELECT * FROM agenda_item WHERE meeting_id = m.id ORDER BY position LOOP
    w := p_words -> i.id::text;
    IF coalesce(w ->> 'verdict', '') NOT IN ('approve', 'return', 'reject', 'defer')
      OR (w ->> 'verdict' IN ('return', 'reject') AND btrim(coalesce(w ->> 'resolution', '')) = '') THEN
      PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object('item' || i.position, '["required"]'::jsonb)));
    END IF;
    UPDATE agenda_item SET verdict = w ->> 'verdict', resolution = left(coalesce(w ->> 'resolution', ''), 1000),
      facts_hash = (SELECT facts_hash FROM case_record WHERE case_id = i.application_id) WHERE id = i.id;
  END LOOP;
  UPDATE meeting SET state = 'recorded', members = left(p_members, 2000), minutes = left(p_minutes, 20000),
    recorded_by = scope_number(1) WHERE id = m.id;
  PERFORM k_meeting_entry(m.id, 'recorded', clock_timestamp(), (SELECT jsonb_build_object('recorded_by', recorded_by,
    'members', meeting_mark(nonce, 'members', members), 'minutes', meeting_mark(nonce, 'minutes', minutes), 'words',
    coalesce((SELECT string_agg(concat_ws(':', x.id, meeting_mark(m.nonce, 'verdict', x.verdict), x.facts_hash, meeting_mark(m.nonce, 'resolution', x.resolution)), ','
      ORDER BY x.position) FROM agenda_item x WHERE x.meeting_id = m.id), '')) FROM meeting WHERE id = m.id));
END $$;

-- Another official stands for the minutes: from now on they never change, and the words on the cases may be carried out.
CREATE OR REPLACE FUNCTION commission_settle(p_meeting bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m meeting := k_meeting(p_meeting, 'recorded'); v_now timestamptz := clock_timestamp();
BEGIN
  IF scope_number(1) = m.recorded_by OR scope_number(18) = m.recorded_by THEN PERFORM refuse('second_person'); END IF;
  UPDATE meeting SET state = 'settled', settled_by = scope_number(1), settled_at = v_now WHERE id = m.id;
  PERFORM k_meeting_entry(m.id, 'settled', v_now, jsonb_build_object('settled_by', scope_number(1)));
END $$;

-- Back to the agenda, by whoever does not agree with what was written down.
CREATE OR REPLACE FUNCTION commission_reopen(p_meeting bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m meeting := k_meeting(p_meeting, 'recorded');
BEGIN
  UPDATE agenda_item SET verdict = NULL, facts_hash = NULL WHERE meeting_id = m.id;
  UPDATE meeting SET state = 'agenda', recorded_by = NULL WHERE id = m.id;
  PERFORM k_meeting_entry(m.id, 'reopened', clock_timestamp(), '{}');
END $$;

-- Whether a settled meeting said this of a case, on its present facts.
CREATE OR REPLACE FUNCTION k_commission_said(r case_record, p_verdict text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM agenda_item i JOIN meeting m ON m.id = i.meeting_id AND m.state = 'settled'
    WHERE i.application_id = r.case_id AND i.facts_hash = r.facts_hash AND i.verdict = p_verdict
      AND m.id = (SELECT max(j.meeting_id) FROM agenda_item j JOIN meeting n ON n.id = j.meeting_id AND n.state = 'settled'
        WHERE j.application_id = r.case_id))
$$;

-- No task of the commission is closed but as its meeting said, whoever writes the row.
CREATE OR REPLACE FUNCTION guard_commission() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = NEW.application_id;
  IF NOT k_commission_said(r, CASE NEW.state WHEN 'approved' THEN 'approve' WHEN 'returned' THEN 'return' ELSE 'reject' END) THEN
    PERFORM refuse('commission_first', jsonb_build_object('task', NEW.id));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_commission BEFORE UPDATE ON task FOR EACH ROW
  WHEN (NEW.role = 'commission' AND NEW.state <> OLD.state AND NEW.state IN ('approved', 'returned', 'rejected'))
  EXECUTE FUNCTION guard_commission();

-- What a settled meeting said stays.
CREATE OR REPLACE FUNCTION meeting_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN RAISE EXCEPTION 'a settled meeting never changes' USING ERRCODE = '42501'; END $$;
CREATE OR REPLACE TRIGGER meeting_keep BEFORE UPDATE OR DELETE ON meeting FOR EACH ROW
  WHEN (OLD.state = 'settled') EXECUTE FUNCTION meeting_keep();
CREATE OR REPLACE FUNCTION agenda_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM meeting WHERE id = OLD.meeting_id AND state = 'settled') THEN
    RAISE EXCEPTION 'a settled meeting never changes' USING ERRCODE = '42501';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER agenda_keep BEFORE UPDATE OR DELETE ON agenda_item FOR EACH ROW EXECUTE FUNCTION agenda_keep();

-- The meeting on which a case's 批复 rests, for whoever may have it issued.
CREATE OR REPLACE FUNCTION commission_ground(p_case bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('year', m.year, 'serial', m.serial, 'held_on', m.held_on, 'resolution', i.resolution)
    FROM agenda_item i JOIN meeting m ON m.id = i.meeting_id AND m.state = 'settled' JOIN application a ON a.id = i.application_id
   WHERE i.application_id = p_case AND i.verdict = 'approve' AND case_issues(a) ORDER BY m.id DESC LIMIT 1
$$;
