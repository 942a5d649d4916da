-- What the kernel believes of a case: its filed facts and the decisions taken on exactly these facts.

CREATE OR REPLACE FUNCTION publish_version(p_process text, p_version int, p_definition jsonb, p_requirements jsonb)
RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v process_version; v_hash text := encode(sha256(convert_to(p_definition::text || p_requirements::text, 'UTF8')), 'hex');
BEGIN
  SELECT * INTO v FROM process_version WHERE process = p_process AND version = p_version;
  IF FOUND AND v.hash <> v_hash THEN
    PERFORM refuse('facts_changed', jsonb_build_object('process', p_process, 'version', p_version));
  ELSIF NOT FOUND THEN
    INSERT INTO process_version (process, version, definition, requirements, hash)
    VALUES (p_process, p_version, p_definition, p_requirements, v_hash) RETURNING * INTO v;
  END IF;
  RETURN v.id;
END $$;

-- The applicant files the facts of a case; decisions rest on them by their hash.
CREATE OR REPLACE FUNCTION case_file(p_case bigint, p_facts text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  a application; r case_record; v_hash text := encode(sha256(convert_to(p_facts, 'UTF8')), 'hex');
  f jsonb := p_facts::jsonb; v_key bytea; v_kind text := scope_part(3);
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF NOT coalesce((v_kind IN ('unit_clerk', 'unit_head') AND a.unit_id = scope_number(6))
     OR (v_kind IN ('office_member', 'office_head', 'service') AND scope_part(9) = 'establishment'
         AND scope_has(a.scope_path)), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  -- A known person's own key comes first, so no other one can hide a second running case.
  v_key := CASE WHEN f ->> 'person' IS NOT NULL THEN (SELECT id_index FROM person WHERE id = (f ->> 'person')::bigint)
    ELSE decode(f ->> 'person_index', 'hex') END;
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO case_record (case_id, process_version_id, unit_id, filed_by, revision, facts, facts_hash, person_key, status)
    VALUES (p_case, a.process_version_id, a.unit_id, scope_number(1), 1, p_facts, v_hash, v_key, 'filed')
    RETURNING * INTO r;
  ELSE
    IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
    IF r.status = 'reserved' AND (r.facts::jsonb ->> 'line') IS DISTINCT FROM (f ->> 'line') THEN
      PERFORM ledger_release_seat(p_case);
    END IF;
    UPDATE case_record SET revision = r.revision + 1, facts = p_facts, facts_hash = v_hash, person_key = v_key,
      filed_by = scope_number(1) WHERE case_id = p_case RETURNING * INTO r;
  END IF;
  INSERT INTO case_facts (case_id, revision, facts, facts_hash, filed_by)
  VALUES (p_case, r.revision, p_facts, v_hash, r.filed_by);
  RETURN r.revision;
END $$;

-- The movement that ends a case of this version; a reservation only prepares it.
CREATE OR REPLACE FUNCTION case_movement(r case_record) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT k FROM process_version v, jsonb_object_keys(v.requirements) k
   WHERE v.id = r.process_version_id AND k <> 'reserve' ORDER BY k LIMIT 1
$$;

-- Where a person sits now: the unit whose consent a transfer needs.
CREATE OR REPLACE FUNCTION case_source(r case_record) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT unit_id FROM occupancy WHERE person_id = (r.facts::jsonb ->> 'person')::bigint
    AND kind = 'establishment' AND recorded_to IS NULL AND ended_on IS NULL
$$;

-- What a movement will touch names the office responsible: never a fact that the movement does not use, so that
-- no office can be asked about another region's seats.
DROP FUNCTION IF EXISTS case_office(text, case_record);
CREATE OR REPLACE FUNCTION case_office(p_role text, r case_record, p_movement text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := r.facts::jsonb; v_unit bigint; v_category text;
BEGIN
  IF p_movement IN ('open_unit', 'open_balance') AND f ->> 'parent' IS NULL THEN  -- a town's is its district's
    RETURN (SELECT o.id FROM office o JOIN region g ON CASE WHEN f ->> 'region' IS NULL THEN g.kind = 'city'
        ELSE g.code = f ->> 'region' END
      AND o.region_code = CASE WHEN g.kind = 'town' THEN g.parent_code ELSE g.code END WHERE o.kind = p_role);
  ELSIF p_movement = 'open_unit' THEN v_unit := (f ->> 'parent')::bigint;
  ELSIF p_movement IN ('change_unit', 'close_unit') OR (p_movement = 'set_quota' AND f ->> 'line' IS NULL) THEN
    v_unit := (f ->> 'unit')::bigint; v_category := f ->> 'category';
  ELSIF p_movement = 'correct' AND f ->> 'occupancy' IS NOT NULL THEN
    SELECT l.unit_id, l.category INTO v_unit, v_category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.id = (f ->> 'occupancy')::bigint;
  ELSIF p_movement IN ('correct', 'vacate') THEN
    SELECT l.unit_id, l.category INTO v_unit, v_category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.person_id = (f ->> 'person')::bigint AND o.recorded_to IS NULL
     ORDER BY o.kind = 'establishment' DESC, o.ended_on IS NULL DESC, o.started_on DESC, o.id DESC LIMIT 1;
  ELSE
    SELECT unit_id, category INTO v_unit, v_category FROM quota_line WHERE id = (f ->> 'line')::bigint;
  END IF;
  RETURN responsible_office(p_role, v_unit, coalesce(nullif(v_category, ''), '11'));
END $$;

-- Whether the case's published process asks this office or unit for its word.
CREATE OR REPLACE FUNCTION case_asks(r case_record, p_office bigint, p_unit bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM (
      SELECT q ->> 'role' AS role FROM jsonb_each(v.requirements) m(k, qs), jsonb_array_elements(qs) q
      UNION SELECT t ->> 'role' FROM jsonb_array_elements(v.definition -> 'stages') s, jsonb_array_elements(s -> 'tasks') t) x
    WHERE CASE x.role WHEN 'source_unit' THEN p_unit = case_source(r)
      ELSE p_office = case_office(x.role, r, case_movement(r)) END)
  FROM process_version v WHERE v.id = r.process_version_id
$$;

-- One decision of the office (or the asked unit) that the identity stands for; nobody decides what he filed or his own matter.
CREATE OR REPLACE FUNCTION case_decide(p_case bigint, p_verdict text, p_opinion text, p_checks jsonb, p_address text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record; v_id bigint; v_kind text := scope_part(3); v_office bigint; v_unit bigint;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
  IF v_kind IN ('office_member', 'office_head', 'service') THEN v_office := scope_number(7);
  ELSIF v_kind IN ('unit_clerk', 'unit_head') THEN v_unit := scope_number(6); END IF;
  IF v_office IS NULL AND v_unit IS NULL THEN PERFORM refuse('not_allowed'); END IF;
  IF NOT coalesce(case_asks(r, v_office, v_unit), false) THEN PERFORM refuse('not_your_office'); END IF;
  IF v_kind <> 'service' AND (r.filed_by = scope_number(1) OR EXISTS (SELECT 1 FROM account x
      WHERE x.user_id = scope_number(1) AND x.person_id = coalesce((r.facts::jsonb ->> 'person')::bigint,
        (SELECT person_id FROM occupancy WHERE id = (r.facts::jsonb ->> 'occupancy')::bigint)))) THEN
    PERFORM refuse('self_approval');
  END IF;
  INSERT INTO decision (case_id, office_id, unit_id, user_id, account_id, verdict, opinion, facts_hash, checks, address)
  VALUES (p_case, v_office, v_unit, scope_number(1), scope_number(2), p_verdict, p_opinion, r.facts_hash,
    coalesce(p_checks, '{}'), p_address) RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- Opens a movement: locks the case, finds the approvals its published version demands, on these facts.
-- A requirement is {"role": "establishment" | "personnel" | "source_unit", "people": 1 | 2}.
CREATE OR REPLACE FUNCTION case_open_movement(p_case bigint, p_movement text) RETURNS case_record
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE r case_record; v_requirements jsonb; q jsonb; v_office bigint; v_unit bigint; v_count int;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
  SELECT requirements -> p_movement INTO v_requirements FROM process_version WHERE id = r.process_version_id;
  IF v_requirements IS NULL OR jsonb_typeof(v_requirements) <> 'array' OR jsonb_array_length(v_requirements) = 0 THEN
    PERFORM refuse('case_not_approved', jsonb_build_object('movement', p_movement, 'missing', 'not in the process'));
  END IF;
  FOR q IN SELECT * FROM jsonb_array_elements(v_requirements) LOOP
    v_office := NULL; v_unit := NULL;
    IF q ->> 'role' = 'source_unit' THEN v_unit := case_source(r);
    ELSE v_office := case_office(q ->> 'role', r, p_movement); END IF;
    -- The latest word of each person counts, and no other of that side may have rejected since.
    SELECT count(*) FILTER (WHERE verdict = 'approve' AND facts_hash = r.facts_hash) INTO v_count FROM (
      SELECT DISTINCT ON (d.user_id) d.verdict, d.facts_hash FROM decision d
       WHERE d.case_id = p_case AND (d.office_id = v_office OR d.unit_id = v_unit)
       ORDER BY d.user_id, d.id DESC) latest;
    IF v_count < coalesce((q ->> 'people')::int, 1) OR EXISTS (
      SELECT 1 FROM decision d WHERE d.case_id = p_case AND d.facts_hash = r.facts_hash AND d.verdict = 'reject') THEN
      PERFORM refuse('case_not_approved', jsonb_build_object('movement', p_movement, 'missing', q ->> 'role'));
    END IF;
  END LOOP;
  -- Who posts has a part in the case: its unit, a side that decided it, or the system's own service.
  IF NOT coalesce(scope_part(3) = 'service' OR r.unit_id = scope_number(6) OR EXISTS (SELECT 1 FROM decision d
      WHERE d.case_id = p_case AND (d.office_id = scope_number(7) OR d.unit_id = scope_number(6))), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  RETURN r;
END $$;

-- Ends a case that will not take effect: withdrawn by the applicant, rejected by an office, or lapsed.
CREATE OR REPLACE FUNCTION case_close(p_case bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
  IF NOT coalesce((p_reason = 'withdrawn' AND (r.unit_id = scope_number(6) OR EXISTS (SELECT 1 FROM account x
        WHERE x.user_id = r.filed_by AND x.office_id = scope_number(7))))
    OR (p_reason = 'rejected' AND EXISTS (SELECT 1 FROM decision d WHERE d.case_id = p_case
        AND d.user_id = scope_number(1) AND d.verdict = 'reject' AND d.facts_hash = r.facts_hash))
    OR (p_reason = 'lapsed' AND scope_part(3) = 'service'), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  IF r.status = 'reserved' THEN PERFORM ledger_release_seat(p_case); END IF;
  UPDATE case_record SET status = 'closed', closed_reason = p_reason WHERE case_id = p_case;
END $$;

-- Refusals and alarms outlive the rollback: written in a transaction of their own.
CREATE OR REPLACE FUNCTION record_refusal(p_rule text, p_code text, p_case bigint, p_facts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_user bigint := scope_number(1); a application;
BEGIN
  IF v_user IS NULL THEN PERFORM refuse('not_allowed'); END IF;
  SELECT * INTO a FROM application WHERE id = p_case
    AND (scope_has(scope_path) OR takes_part(p_case));
  INSERT INTO alarm (rule, code, standing, state, unit_id, line_id, person_id, case_id, user_id, operator, facts, scope_path)
  VALUES (p_rule, p_code, false, 'open', a.unit_id,
    (SELECT id FROM quota_line WHERE id = (p_facts ->> 'line')::bigint), a.person_id, a.id,
    v_user, kernel_actor(), p_facts, coalesce(a.scope_path, scope_part(4), ''))
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION record_audit(p_kind text, p_address text, p_facts jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO audit_event (kind, user_id, account_id, operator, address, facts)
  VALUES (p_kind, scope_number(1), scope_number(2), kernel_actor(), p_address, p_facts)
$$;
