-- A seat inside its unit: another department (内设机构间调动), another category (编制类型变更). The unit's people stay as many.

CREATE OR REPLACE FUNCTION k_seat_of(p_person bigint) RETURNS occupancy
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE o occupancy;
BEGIN
  SELECT * INTO o FROM occupancy WHERE person_id = p_person AND kind = 'establishment' AND recorded_to IS NULL
    AND ended_on IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_seated', jsonb_build_object('person', p_person)); END IF;
  RETURN o;
END $$;

-- Seats are allotted to departments by document (docs/decisions/0007), so a shift never changes how many each has: the
-- person's seat and a vacant one of the other department change places; where none is vacant the marks stay as they are.
CREATE OR REPLACE FUNCTION k_swap_marks(p_seat bigint, p_to bigint, OUT seat post, OUT other int)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v post;
BEGIN
  SELECT * INTO seat FROM post WHERE id = p_seat FOR UPDATE;
  IF seat.department_id IS NOT DISTINCT FROM p_to THEN RETURN; END IF;
  SELECT * INTO v FROM post WHERE line_id = seat.line_id AND status = 'vacant' AND department_id IS NOT DISTINCT FROM p_to
    ORDER BY number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  UPDATE post SET department_id = p_to WHERE id = seat.id;
  UPDATE post SET department_id = seat.department_id WHERE id = v.id;
  other := v.number;
END $$;

CREATE OR REPLACE FUNCTION k_shift(p_case bigint, p_person bigint, p_to bigint, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o occupancy; n occupancy; v_ended bigint; d unit; v_now timestamptz; v_fields jsonb; m record;
BEGIN
  PERFORM k_lock(p_person, NULL);
  o := k_seat_of(p_person);
  IF p_on < o.started_on THEN
    PERFORM refuse('before_entry', jsonb_build_object('day', o.started_on, 'person', p_person));
  ELSIF p_to IS NOT DISTINCT FROM o.department_id THEN
    PERFORM refuse('same_department', jsonb_build_object('person', p_person));
  END IF;
  SELECT * INTO d FROM unit WHERE id = coalesce(p_to, o.unit_id) AND legal_id = o.unit_id AND status = 'active'
    FOR SHARE;  -- held against its closing
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('department', p_to)); END IF;
  IF p_on < d.opened_on THEN PERFORM refuse('not_yet_open', jsonb_build_object('day', d.opened_on)); END IF;
  v_now := clock_timestamp();
  m := k_swap_marks(o.post_id, p_to);
  UPDATE occupancy SET recorded_to = v_now WHERE id = o.id;
  n := o; n.id := nextval(pg_get_serial_sequence('occupancy', 'id')); n.recorded_at := v_now; n.ended_on := p_on;
  INSERT INTO occupancy SELECT (n).*;
  v_ended := n.id;
  n := o; n.id := nextval(pg_get_serial_sequence('occupancy', 'id')); n.recorded_at := v_now; n.started_on := p_on;
  n.department_id := p_to; n.scope_path := d.scope_path;
  INSERT INTO occupancy SELECT (n).*;
  UPDATE person SET department_id = p_to, scope_path = d.scope_path WHERE id = p_person;
  v_fields := jsonb_build_object('closes', o.id, 'ended', v_ended, 'occupancy', n.id, 'line', o.line_id,
    'seat', (m.seat).number, 'person', p_person, 'department', p_to, 'on', p_on, 'exchanged', m.other,
    'meant_for', (m.seat).department_id);
  PERFORM chain_append('unit', o.unit_id, 'seat.shifted', p_on, v_now, p_case, v_fields,
    (SELECT scope_path FROM quota_line WHERE id = o.line_id));
  PERFORM chain_append('person', p_person, 'seat.shifted', p_on, v_now, p_case, v_fields, n.scope_path);
END $$;

CREATE OR REPLACE FUNCTION ledger_shift(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'shift'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_shift(p_case, (f ->> 'person')::bigint, (f ->> 'department')::bigint, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

-- Which categories a kind of body may hold, as app/domain/quota.py CATEGORIES_OF_BODY (条例第十五条). 12 is held where a
-- document fixed a line of it: that body is one of police, courts, procuratorates or justice.
CREATE OR REPLACE FUNCTION k_category_fits(p_body text, p_category text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT p_category = ANY (CASE p_body WHEN 'organ' THEN ARRAY['11', '12', '13', '14', '15', '31']
    WHEN 'reference' THEN ARRAY['21', '22', '31'] ELSE ARRAY['22', '23', '31'] END)
$$;

-- 编制类型变更: out of one line and into the reserved seat of another in one transaction. What the person leads, and where
-- he works, stay: on every day he sits in the unit.
CREATE OR REPLACE FUNCTION ledger_change_line(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'change_line'); f jsonb := r.facts::jsonb; o occupancy; l quota_line;
  v_on date := k_day((f ->> 'start')::date); v_person bigint := (f ->> 'person')::bigint; v_now timestamptz;
BEGIN
  IF r.status <> 'reserved' THEN PERFORM refuse('case_not_approved', jsonb_build_object('missing', 'reservation')); END IF;
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  PERFORM k_lock(v_person, (f ->> 'line')::bigint);
  o := k_seat_of(v_person);
  SELECT * INTO l FROM quota_line WHERE id = (f ->> 'line')::bigint;
  IF l.id = o.line_id THEN PERFORM refuse('already_seated'); END IF;
  IF l.unit_id <> o.unit_id OR NOT k_category_fits((SELECT body FROM unit WHERE id = l.unit_id), l.category) THEN
    PERFORM refuse('wrong_category', jsonb_build_object('line', l.id));
  END IF;
  v_now := clock_timestamp();
  PERFORM k_leave(p_case, o, NULL, v_on, v_now);
  PERFORM k_surplus_alarm(o.line_id, p_case);
  PERFORM k_free_from(v_person, v_on);
  PERFORM k_fill(p_case, v_person, jsonb_build_object('department', o.department_id, 'entry_way', o.entry_way), v_on, v_now);
  PERFORM k_effected(p_case);
END $$;
