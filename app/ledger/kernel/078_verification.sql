-- 年度核查: 编办 opens a year's round for its region, each unit goes through its roster and marks what is not so, its head
-- signs; the confirmation is an entry of the unit's chain that names the entry at which the confirmed roster stood.

-- The round of a year: the city's own bodies, or those of a district with its towns.
CREATE OR REPLACE FUNCTION verification_open(p_year int, p_due date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_round bigint; v_region region; v_units int;
BEGIN
  IF coalesce(scope_part(9), '') <> 'establishment' OR scope_part(3) NOT IN ('office_member', 'office_head') THEN
    PERFORM refuse('not_allowed');
  END IF;
  IF NOT coalesce(p_due >= kernel_today() AND p_due <= kernel_today() + 366, false) THEN
    PERFORM refuse('invalid_input', '{"errors": {"due_on": ["required"]}}');
  ELSIF NOT coalesce(p_year BETWEEN extract(year FROM kernel_today()) - 1 AND extract(year FROM kernel_today()), false) THEN
    PERFORM refuse('invalid_input', '{"errors": {"year": ["required"]}}');
  END IF;
  SELECT r.* INTO v_region FROM office o JOIN region r ON r.code = o.region_code WHERE o.id = scope_number(7);
  INSERT INTO verification_round (year, region_code, office_id, due_on, units, opened_by)
  VALUES (p_year, v_region.code, scope_number(7), p_due, 0, scope_number(1)) RETURNING id INTO v_round;
  INSERT INTO verification (round_id, unit_id, year, due_on, scope_path)
  SELECT v_round, u.id, p_year, p_due, u.scope_path FROM unit u JOIN region r ON r.code = u.region_code
   WHERE u.node = 'legal' AND u.status = 'active'
     AND CASE v_region.kind WHEN 'city' THEN r.code = v_region.code ELSE starts_with(r.prefix, v_region.prefix) END;
  INSERT INTO notice (kind, unit_id, why, scope_path)
  SELECT 'verification', unit_id, p_year || '：' || p_due, scope_path FROM verification WHERE round_id = v_round;
  -- Everybody reads the row of a round: it does not tell how many units are not on the network.
  SELECT count(*) INTO v_units FROM verification v JOIN unit u ON u.id = v.unit_id AND NOT u.not_networked
   WHERE v.round_id = v_round;
  UPDATE verification_round SET units = v_units WHERE id = v_round;
  PERFORM record_audit('verification.opened', NULL,
    jsonb_build_object('year', p_year, 'due', p_due, 'region', v_region.code, 'units', v_units));
  RETURN v_round;
END $$;

-- One's own unit's verification, locked, while nothing of it has been filed; a foreign one answers as an absent one.
CREATE OR REPLACE FUNCTION k_verification(p_id bigint) RETURNS verification
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v verification;
BEGIN
  SELECT * INTO v FROM verification WHERE id = p_id AND unit_id = scope_number(6) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF v.confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM case_record WHERE case_id = v.case_id
      AND status IN ('filed', 'reserved', 'effected')
      AND (SELECT state FROM application WHERE id = v.case_id) <> 'returned') THEN
    PERFORM refuse('already_decided');
  END IF;
  RETURN v;
END $$;

-- A row of the roster that is not so, or (without a person) somebody whom the roster lacks; a second mark replaces the first.
DROP FUNCTION IF EXISTS verification_mark(bigint, bigint, text, text, text);
CREATE OR REPLACE FUNCTION verification_mark(p_id bigint, p_person bigint, p_name text, p_kind text, p_business text, p_note text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v verification := k_verification(p_id); v_name text := btrim(coalesce(p_name, '')); v_mark bigint;
BEGIN
  IF p_kind IS NULL OR p_kind NOT IN ('left', 'wrong_data', 'unknown', 'missing') OR (p_kind = 'missing') <> (p_person IS NULL)
    OR p_kind IN ('wrong_data', 'unknown') AND length(btrim(coalesce(p_note, ''))) < 2
    OR (p_kind = 'wrong_data') <> (coalesce(p_business, '') ~ '^[a-z_]{1,40}$')
    OR p_kind = 'missing' AND length(v_name) NOT BETWEEN 2 AND 50 OR length(p_note) > 300 THEN
    PERFORM refuse('invalid_input', '{"errors": {"note": ["required"]}}');
  END IF;
  IF p_person IS NOT NULL THEN
    SELECT person_name INTO v_name FROM occupancy WHERE person_id = p_person AND unit_id = v.unit_id AND kind = 'establishment'
      AND recorded_to IS NULL AND ended_on IS NULL;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('person', p_person)); END IF;
  ELSIF (SELECT count(*) FROM verification_mark WHERE verification_id = v.id AND person_id IS NULL) >= 200 THEN
    PERFORM refuse('not_allowed');
  END IF;
  INSERT INTO verification_mark (verification_id, person_id, person_name, kind, business, note, marked_by, scope_path)
  VALUES (v.id, p_person, v_name, p_kind, coalesce(p_business, ''), btrim(coalesce(p_note, '')), scope_number(1), v.scope_path)
  ON CONFLICT (verification_id, person_id) WHERE person_id IS NOT NULL DO UPDATE SET kind = excluded.kind,
    business = excluded.business, note = excluded.note, marked_by = excluded.marked_by, marked_at = now()
  RETURNING id INTO v_mark;
  PERFORM record_audit('verification.marked', NULL, jsonb_build_object('verification', v.id, 'unit', v.unit_id,
    'person', p_person, 'kind', p_kind, 'mark', v_mark));
  RETURN v_mark;
END $$;

CREATE OR REPLACE FUNCTION verification_unmark(p_mark bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m verification_mark; v verification;
BEGIN
  SELECT * INTO m FROM verification_mark WHERE id = p_mark;
  v := k_verification(m.verification_id);
  -- A draft begun for the difference is the unit's to throw away; the mark stays as what was found.
  IF m.case_id IS NOT NULL THEN PERFORM refuse('already_decided'); END IF;
  DELETE FROM verification_mark WHERE id = m.id AND verification_id = v.id;
  PERFORM record_audit('verification.unmarked', NULL, jsonb_build_object('verification', v.id, 'unit', v.unit_id,
    'person', m.person_id, 'kind', m.kind, 'mark', m.id));
END $$;

-- The head of a unit's chain, and how many sat there: one statement, so that both are of one moment.
CREATE OR REPLACE FUNCTION verification_head(p_id bigint, OUT sequence int, OUT head text, OUT people int, OUT differences int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.sequence, c.hash, (SELECT count(*) FROM occupancy o WHERE o.unit_id = v.unit_id AND o.kind = 'establishment'
      AND o.recorded_to IS NULL AND o.ended_on IS NULL)::int,
    (SELECT count(*) FROM verification_mark m WHERE m.verification_id = v.id)::int
  FROM verification v JOIN ledger_chain c ON c.chain_kind = 'unit' AND c.chain_id = v.unit_id
  WHERE v.id = p_id AND v.unit_id = scope_number(6)
$$;

-- The case by which the unit confirms, and the drafts that mend the differences.
CREATE OR REPLACE FUNCTION verification_filed(p_id bigint, p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v verification := k_verification(p_id);
BEGIN
  IF NOT EXISTS (SELECT 1 FROM application WHERE id = p_case AND unit_id = v.unit_id AND process = 'verify_year'
      AND state IN ('draft', 'returned')) THEN PERFORM refuse('not_found', jsonb_build_object('case', p_case)); END IF;
  UPDATE verification SET case_id = p_case WHERE id = v.id;
END $$;

CREATE OR REPLACE FUNCTION verification_mended(p_mark bigint, p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m verification_mark; v verification;
BEGIN
  SELECT * INTO m FROM verification_mark WHERE id = p_mark;
  v := k_verification(m.verification_id);
  IF m.case_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM application WHERE id = p_case AND unit_id = v.unit_id
      AND state = 'draft') THEN PERFORM refuse('not_found', jsonb_build_object('case', p_case)); END IF;
  UPDATE verification_mark SET case_id = p_case WHERE id = m.id;
END $$;

-- The roster as it stood at that entry is what was confirmed: so many people, and a hash that is the chain's own.
CREATE OR REPLACE FUNCTION ledger_verify_year(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'verify_year'); f jsonb := r.facts::jsonb; v verification; e ledger_entry;
  v_now timestamptz; v_people int;
BEGIN
  SELECT * INTO v FROM verification WHERE id = (f ->> 'verification')::bigint AND unit_id = r.unit_id AND case_id = p_case
    FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('verification', f ->> 'verification')); END IF;
  IF v.confirmed_at IS NOT NULL THEN PERFORM refuse('already_decided'); END IF;
  SELECT * INTO e FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = v.unit_id AND sequence = (f ->> 'sequence')::int
    AND hash = f ->> 'head';
  SELECT count(*) INTO v_people FROM occupancy o WHERE o.unit_id = v.unit_id AND o.kind = 'establishment'
    AND o.recorded_at <= e.recorded_at AND (o.recorded_to IS NULL OR o.recorded_to > e.recorded_at) AND o.ended_on IS NULL;
  IF e.id IS NULL OR v_people IS DISTINCT FROM (f ->> 'people')::int THEN
    PERFORM refuse('facts_changed', jsonb_build_object('people', v_people));
  END IF;
  v_now := clock_timestamp();
  UPDATE verification SET people = v_people, differences = (f ->> 'differences')::int, head_sequence = e.sequence,
    head_hash = e.hash, confirmed_by = r.filed_by, confirmed_at = v_now WHERE id = v.id RETURNING * INTO v;
  PERFORM chain_append('unit', v.unit_id, 'year.verified', kernel_today(), v_now, p_case, jsonb_build_object(
    'verification', v.id, 'year', v.year, 'people', v.people, 'differences', v.differences, 'sequence', v.head_sequence,
    'head', v.head_hash, 'confirmed_by', v.confirmed_by), v.scope_path);
  UPDATE notice SET settled_at = v_now WHERE unit_id = v.unit_id AND kind = 'verification' AND settled_at IS NULL
    AND starts_with(why, v.year || '：');
  UPDATE alarm SET state = 'cleared', closed_at = v_now WHERE rule = 'AL22' AND code = 'verification_overdue'
    AND unit_id = v.unit_id AND state = 'open' AND (facts ->> 'year')::int = v.year;
  PERFORM k_effected(p_case);
END $$;

-- AL22: not confirmed by the round's day. How many are new.
CREATE OR REPLACE FUNCTION verification_watch() RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_new int;
BEGIN
  INSERT INTO alarm (rule, code, standing, state, unit_id, operator, facts, scope_path)
  SELECT 'AL22', 'verification_overdue', false, 'open', v.unit_id, 'svc-worker', jsonb_build_object('year', v.year,
      'sentence', v.year || ' 年度核查应于 ' || v.due_on || ' 前确认名册，尚未确认'), v.scope_path
    FROM verification v WHERE v.confirmed_at IS NULL AND v.due_on < kernel_today() AND NOT EXISTS (
      SELECT 1 FROM alarm x WHERE x.rule = 'AL22' AND x.code = 'verification_overdue' AND x.unit_id = v.unit_id
        AND x.state = 'open' AND (x.facts ->> 'year')::int = v.year);
  GET DIAGNOSTICS v_new = ROW_COUNT;
  RETURN v_new;
END $$;
