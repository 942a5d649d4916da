-- What the kernel believes of a case: its filed facts and the decisions taken on exactly these facts.

-- The index under the key that rules now: during a change of keys an older one leads to the same person.
CREATE OR REPLACE FUNCTION current_index(p_index bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT new_index FROM index_alias WHERE old_index = p_index), p_index) $$;

-- The encrypted number of a case's person, kept apart from the hashed facts so that its key can be changed.
CREATE OR REPLACE FUNCTION case_secret_of(p_case bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT jsonb_build_object('id_cipher', encode(id_cipher, 'hex')) FROM case_secret
    WHERE case_id = p_case), '{}')
$$;

-- The movement that ends a case of this version; a reservation only prepares it.
CREATE OR REPLACE FUNCTION case_movement(r case_record) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT k FROM process_version v, jsonb_object_keys(v.requirements) k
   WHERE v.id = r.process_version_id AND k <> 'reserve' ORDER BY k LIMIT 1
$$;

-- Movements of the establishment side whose place is the fact ``unit``, and those that a division answers for.
CREATE OR REPLACE FUNCTION k_unit_movements() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT ARRAY['change_unit', 'close_unit', 'network', 'merge_unit', 'transfer_unit', 'move_department', 'split_unit', 'signboard', 'temporary',
    'sanding', 'duties', 'set_cap', 'engage', 'engage_change', 'rank_quota', 'post_plan']
$$;
CREATE OR REPLACE FUNCTION k_region_movements() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT ARRAY['open_unit', 'open_balance', 'organ_limit', 'set_pool', 'reform']
$$;

-- What a movement will touch, and where: never a fact that the movement does not use, so that no office can be asked
-- about another region's seats, and no unit can file another's.
CREATE OR REPLACE FUNCTION case_place(r case_record, p_movement text, OUT unit bigint, OUT category text)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := k_facts_now(r.facts)::jsonb;
BEGIN
  IF p_movement = 'reform' THEN category := k_reform_category((f ->> 'steps')::jsonb);  -- many units: the region answers
  ELSIF p_movement = ANY (k_region_movements()) THEN
    unit := (f ->> 'parent')::bigint; category := CASE WHEN p_movement = 'set_pool' THEN f ->> 'category' END;
  ELSIF p_movement = 'end_part' THEN
    SELECT l.unit_id, l.category INTO unit, category FROM quota_part q JOIN quota_line l ON l.id = q.line_id WHERE q.id = (f ->> 'part')::bigint;
  ELSIF p_movement = ANY (k_unit_movements()) OR (p_movement = 'set_quota' AND f ->> 'line' IS NULL) THEN
    unit := (f ->> 'unit')::bigint; category := f ->> 'category';
  ELSIF p_movement = 'permit_plan' THEN unit := r.unit_id;
  ELSIF p_movement IN ('permit_extend', 'permit_cancel') THEN
    SELECT l.unit_id, l.category INTO unit, category FROM permit m JOIN quota_line l ON l.id = m.line_id
     WHERE m.id = (f ->> 'permit')::bigint;
  ELSIF p_movement = 'correct' AND f ->> 'occupancy' IS NOT NULL THEN
    SELECT l.unit_id, l.category INTO unit, category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.id = (f ->> 'occupancy')::bigint;
  ELSIF p_movement IN ('verify_year', 'certificate', 'none') THEN unit := r.unit_id;
  ELSIF p_movement IN ('correct', 'vacate', 'record', 'shift', 'absence_begin', 'absence_extend', 'absence_end') THEN
    SELECT l.unit_id, l.category INTO unit, category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
     WHERE o.person_id = (f ->> 'person')::bigint AND o.recorded_to IS NULL
     ORDER BY o.kind = 'establishment' DESC, o.ended_on IS NULL DESC, o.started_on DESC, o.id DESC LIMIT 1;
  ELSE
    SELECT l.unit_id, l.category INTO unit, category FROM quota_line l WHERE l.id = (f ->> 'line')::bigint;
  END IF;
END $$;

-- Facts as they are stored and hashed: one flat object of texts and whole numbers, in one spelling (NFC), its days
-- written out. What a day like 'yesterday' means would change between the approval and the movement.
CREATE OR REPLACE FUNCTION case_facts_text(p_facts text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := normalize((p_facts::jsonb)::text, NFC)::jsonb; v_bad text;
BEGIN
  IF jsonb_typeof(f) <> 'object' THEN PERFORM refuse('invalid_input', '{"errors": {"facts": ["required"]}}'); END IF;
  SELECT string_agg(key, ',' ORDER BY key) INTO v_bad FROM jsonb_each(f) WHERE CASE jsonb_typeof(value)
    WHEN 'null' THEN false WHEN 'number' THEN value::text !~ '^-?[0-9]{1,18}$'
    WHEN 'string' THEN (key IN ('start', 'end') OR key LIKE '%\_on') AND key NOT LIKE 'commit%'
      AND value #>> '{}' !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
    ELSE true END;
  IF v_bad IS NOT NULL THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(v_bad, '["format"]'::jsonb)));
  END IF;
  RETURN f::text;
END $$;

-- Whose business a process is: its published applicant's. The establishment office may also file for a unit below it; a
-- person files what is his own, through the unit that he sits in.
CREATE OR REPLACE FUNCTION case_applies(p_version bigint, p_unit bigint, p_scope text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(CASE WHEN scope_part(3) IN ('unit_clerk', 'unit_head') THEN p_unit = scope_number(6)
      AND coalesce(v.definition ->> 'applicant', 'unit') = 'unit'
    WHEN scope_part(3) = 'person' THEN v.definition ->> 'applicant' = 'person'
      AND p_unit = (SELECT unit_id FROM person WHERE id = scope_number(8))
    ELSE scope_part(3) IN ('office_member', 'office_head', 'service') AND scope_part(9) = CASE WHEN v.definition ->> 'applicant'
      IN ('organisation', 'human_resources') THEN v.definition ->> 'applicant' ELSE 'establishment' END
      AND scope_has(p_scope) END, false)
  FROM process_version v WHERE v.id = p_version
$$;

-- The applicant files the facts of a case; decisions rest on them by their hash.
CREATE OR REPLACE FUNCTION case_file(p_case bigint, p_facts text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  a application; r case_record; v_all jsonb := case_facts_text(p_facts)::jsonb; v_cipher bytea := decode(v_all ->> 'id_cipher', 'hex');
  f jsonb := v_all - 'id_cipher' - 'private'; v_facts text := f::text;
  v_hash text := encode(sha256(convert_to(v_facts, 'UTF8')), 'hex'); v_key bytea; v_place bigint;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  -- What was filed first stays: the row of the application is the application's own to write.
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT coalesce(case_applies(coalesce(r.process_version_id, a.process_version_id),
      CASE WHEN r.case_id IS NULL THEN a.unit_id ELSE r.unit_id END, a.scope_path), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  -- A known person's own key comes first, so no other one can hide a second running case.
  v_key := CASE WHEN f ->> 'person' IS NOT NULL THEN (SELECT id_index FROM person WHERE id = (f ->> 'person')::bigint)
    ELSE current_index(decode(f ->> 'person_index', 'hex')) END;
  v_key := k_running_key(coalesce(r.process_version_id, a.process_version_id), f, v_key);
  IF r.case_id IS NULL THEN
    -- A version that was replaced may ask for less: it serves the cases that run on it and no new one.
    IF a.process_version_id IS DISTINCT FROM process_in_force(a.process, kernel_today()) THEN
      PERFORM refuse('facts_changed');
    END IF;
    INSERT INTO case_record (case_id, process_version_id, unit_id, filed_by, revision, facts, facts_hash, person_key, status)
    VALUES (p_case, a.process_version_id, a.unit_id, scope_number(1), 1, v_facts, v_hash, v_key, 'filed')
    RETURNING * INTO r;
  ELSE
    IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
    IF r.status = 'reserved' AND (r.facts::jsonb ->> 'line', r.facts::jsonb ->> 'permit')
        IS DISTINCT FROM (f ->> 'line', f ->> 'permit') THEN
      PERFORM ledger_release_seat(p_case);
    END IF;
    UPDATE case_record SET revision = r.revision + 1, facts = v_facts, facts_hash = v_hash, person_key = v_key,
      filed_by = scope_number(1), unit_id = CASE WHEN scope_number(6) IS NULL THEN a.unit_id ELSE unit_id END
     WHERE case_id = p_case RETURNING * INTO r;
  END IF;
  -- A unit's own matters, or those of units below the office.
  v_place := (case_place(r, case_movement(r))).unit;
  IF scope_part(3) = 'person' THEN
    IF (f ->> 'person')::bigint IS DISTINCT FROM scope_number(8) THEN PERFORM refuse('not_found'); END IF;
  ELSIF v_place IS NOT NULL AND NOT EXISTS (SELECT 1 FROM unit WHERE id = v_place
      AND scope_has(scope_path))
    OR v_place IS NULL AND case_movement(r) = ANY (k_region_movements()) AND EXISTS (SELECT 1 FROM region
      WHERE code = f ->> 'region' AND NOT scope_has(prefix)) THEN
    PERFORM refuse('not_found', jsonb_build_object('unit', v_place));
  END IF;
  IF case_movement(r) IN ('occupy', 'engage') AND f ->> 'person' IS NULL AND (v_key IS NULL OR v_cipher IS NULL) THEN
    PERFORM refuse('invalid_input', '{"errors": {"id_number": ["required"]}}');
  END IF;
  INSERT INTO case_facts (case_id, revision, facts, facts_hash, filed_by)
  VALUES (p_case, r.revision, v_facts, v_hash, r.filed_by);
  PERFORM k_keep_private(p_case, r.revision, f, v_all ->> 'private');
  DELETE FROM case_secret WHERE case_id = p_case;
  IF v_cipher IS NOT NULL THEN
    INSERT INTO case_secret (case_id, id_type, id_cipher) VALUES (p_case, coalesce(f ->> 'id_type', 'resident'), v_cipher);
  END IF;
  RETURN r.revision;
END $$;

-- Why somebody may not decide a case: 'filed' by him, or 'subject' of it; null where nothing stands in the way.
CREATE OR REPLACE FUNCTION k_own_matter(r case_record, p_user bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN r.filed_by = p_user THEN 'filed' WHEN EXISTS (SELECT 1 FROM account x WHERE x.user_id = p_user
    AND x.person_id = coalesce((r.facts::jsonb ->> 'person')::bigint,
      (SELECT person_id FROM occupancy WHERE id = (r.facts::jsonb ->> 'occupancy')::bigint))) THEN 'subject' END
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
  ELSIF v_kind IN ('unit_clerk', 'unit_head', 'supervisor') THEN v_unit := scope_number(6); END IF;
  IF v_office IS NULL AND v_unit IS NULL THEN PERFORM refuse('not_allowed'); END IF;
  -- A service answers for nobody but in an opening balance, whose approval is the batch's own.
  IF NOT coalesce(case_asks(r, v_office, v_unit, NULL, v_kind), false) OR (v_kind = 'service' AND case_movement(r) <> 'open_balance') THEN
    PERFORM refuse('not_your_office');
  END IF;
  IF v_kind <> 'service' AND k_own_matter(r, scope_number(1)) IS NOT NULL THEN PERFORM refuse('self_approval'); END IF;
  INSERT INTO decision (case_id, office_id, unit_id, user_id, account_id, verdict, opinion, facts_hash, checks, address)
  VALUES (p_case, v_office, v_unit, scope_number(1), scope_number(2), p_verdict, p_opinion, r.facts_hash,
    coalesce(p_checks, '{}'), p_address) RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- Which approval a movement still lacks on the present facts; null when it has all that its published version demands.
-- A requirement is {"role": …, "people": 1 | 2}; who answers for a role, or that nobody has to, says case_side.
CREATE OR REPLACE FUNCTION case_missing(r case_record, p_movement text) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v process_version; v_requirements jsonb; q jsonb; s record; v_asked int := 0; v_count int; v_heads int;
BEGIN
  SELECT * INTO v FROM process_version WHERE id = r.process_version_id;
  v_requirements := v.requirements -> p_movement;
  IF v_requirements IS NULL OR jsonb_typeof(v_requirements) <> 'array' OR jsonb_array_length(v_requirements) = 0 THEN
    RETURN 'not in the process';
  END IF;
  FOR q IN SELECT * FROM jsonb_array_elements(v_requirements) LOOP
    s := case_side(q ->> 'role', r, p_movement);
    CONTINUE WHEN s.skipped;
    v_asked := v_asked + 1;
    IF q ->> 'role' = 'commission' AND NOT k_commission_said(r, 'approve') THEN RETURN 'commission'; END IF;
    -- The latest word of each person counts (a stopped clock is no word on the matter), and nobody may have rejected.
    SELECT count(*), count(*) FILTER (WHERE kind = 'office_head') INTO v_count, v_heads FROM (
      SELECT DISTINCT ON (d.user_id) d.verdict, d.facts_hash, a.kind FROM decision d
       JOIN account a ON a.id = d.account_id AND a.kind = ANY (s.kinds)
       WHERE d.case_id = r.case_id AND (d.office_id = s.office OR d.unit_id = s.unit)
         AND d.verdict IN ('approve', 'return', 'reject', 'take_back')
       ORDER BY d.user_id, d.id DESC) latest WHERE verdict = 'approve' AND facts_hash = r.facts_hash;
    -- Where the definition has the head countersign, one of the two is a head.
    IF v_heads = 0 AND (q ->> 'people')::int > 1 AND jsonb_path_exists(v.definition,
        '$.stages[*].tasks[*] ? (@.role == $role && @.countersign == true)', jsonb_build_object('role', q ->> 'role')) THEN
      RETURN q ->> 'role';
    END IF;
    IF v_count < coalesce((q ->> 'people')::int, 1) OR EXISTS (
      SELECT 1 FROM decision d WHERE d.case_id = r.case_id AND d.facts_hash = r.facts_hash AND d.verdict = 'reject') THEN
      RETURN q ->> 'role';
    END IF;
  END LOOP;
  -- A movement that nobody had to approve is none that was approved.
  RETURN CASE WHEN v_asked = 0 THEN 'nobody is asked' END;
END $$;

-- One document says one thing of a unit once: 文号 that was used for the same change of the same unit is refused.
CREATE OR REPLACE FUNCTION k_document_fresh(r case_record, p_movement text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE f jsonb := r.facts::jsonb; v_number text;
BEGIN
  IF p_movement NOT IN ('change_unit', 'close_unit', 'merge_unit', 'transfer_unit', 'move_department', 'split_unit') THEN RETURN; END IF;
  -- Two cases of one document that take effect at once come one after the other.
  PERFORM pg_advisory_xact_lock(hashtext(concat_ws(':', 'document', f ->> 'unit', f ->> 'document_no')));
  SELECT a.number INTO v_number FROM application a JOIN case_record c ON c.case_id = a.id JOIN process_version v ON v.id = c.process_version_id
   WHERE a.unit_id = (f ->> 'unit')::bigint AND c.status = 'effected' AND c.case_id <> r.case_id
     AND v.process = (SELECT process FROM process_version WHERE id = r.process_version_id)
     AND c.facts::jsonb ->> 'unit' = f ->> 'unit' AND c.facts::jsonb ->> 'document_no' = f ->> 'document_no' LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('document_used', jsonb_build_object('document_no', f ->> 'document_no', 'case', v_number, 'unit', f ->> 'unit'));
  END IF;
END $$;

-- Opens a movement: locks the case and demands its approvals.
CREATE OR REPLACE FUNCTION case_open_movement(p_case bigint, p_movement text) RETURNS case_record
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE r case_record; v_missing text;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
  v_missing := case_missing(r, p_movement);
  IF v_missing IS NOT NULL THEN
    PERFORM refuse('case_not_approved', jsonb_build_object('movement', p_movement, 'missing', v_missing));
  END IF;
  -- Who posts has a part in the case: its unit, a side that decided it, or the system's own service.
  IF NOT coalesce(scope_part(3) = 'service' OR r.unit_id = scope_number(6) OR EXISTS (SELECT 1 FROM decision d
      WHERE d.case_id = p_case AND (d.office_id = scope_number(7) OR d.unit_id = scope_number(6))), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  PERFORM k_passed_over(r, p_movement);
  PERFORM k_document_fresh(r, p_movement);
  -- What was approved stays as it was filed; what has ended meanwhile stands for its successor.
  r.facts := k_facts_now(r.facts);
  RETURN r;
END $$;

-- "Approved, not effected", "nobody can go on", "not arrived" end with the case, whichever way.
CREATE OR REPLACE FUNCTION case_alarms_end(p_case bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  UPDATE alarm SET state = 'cleared', closed_at = clock_timestamp() WHERE case_id = p_case AND rule IN ('AL27', 'AL28', 'AL30')
    AND state = 'open'
$$;

-- Ends a case that will not take effect: withdrawn by the applicant, rejected by an office, or lapsed.
CREATE OR REPLACE FUNCTION case_close(p_case bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF r.status IN ('effected', 'closed') THEN PERFORM refuse('case_closed'); END IF;
  IF NOT coalesce((p_reason = 'withdrawn' AND CASE WHEN scope_number(6) IS NOT NULL
        THEN case_applies(r.process_version_id, r.unit_id, NULL)
        WHEN scope_part(3) = 'person' THEN own_case(p_case)
        ELSE EXISTS (SELECT 1 FROM account x WHERE x.user_id = r.filed_by AND x.office_id = scope_number(7)) END)
    OR (p_reason = 'rejected' AND EXISTS (SELECT 1 FROM decision d WHERE d.case_id = p_case
        AND d.user_id = scope_number(1) AND d.verdict = 'reject' AND d.facts_hash = r.facts_hash))
    OR (p_reason = 'lapsed' AND scope_part(3) = 'service' AND (SELECT waited > 2 * allowed FROM k_arrival(p_case))), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  IF r.status = 'reserved' THEN PERFORM ledger_release_seat(p_case); END IF;
  UPDATE case_record SET status = 'closed', closed_reason = p_reason WHERE case_id = p_case;
  PERFORM k_clock_go(p_case);
  PERFORM case_alarms_end(p_case);
END $$;
