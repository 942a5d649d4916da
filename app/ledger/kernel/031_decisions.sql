-- What a decision rests on and does: the checks' view of a case, and one office's word in one journey.

-- Whether the identity has a part in a case: it filed it, it is its unit, or its office or unit has a task.
CREATE OR REPLACE FUNCTION case_party(r case_record) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(r.filed_by = scope_number(1) OR r.unit_id = scope_number(6), false) OR takes_part(r.case_id)
$$;

-- The person a case is about, as far as the register knows one; a row of nulls where it does not, none where the case is
-- about nobody. The case names its person, so this is no look-up that is counted.
CREATE OR REPLACE FUNCTION case_person(p_case bigint) RETURNS TABLE (name text, id_mask text, unit_name text, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.name::text, p.id_mask::text, u.name::text, p.state::text
    FROM case_record r LEFT JOIN person p ON p.id = coalesce((r.facts::jsonb ->> 'person')::bigint, (SELECT x.id FROM person x
        WHERE x.id_index = (SELECT current_index(decode(r.facts::jsonb ->> 'person_index', 'hex')))))
      AND NOT coalesce(p.scope_path <@ scope_ranges(16), true)
    LEFT JOIN unit u ON u.id = p.unit_id
   WHERE r.case_id = p_case AND coalesce(r.facts::jsonb ->> 'person', r.facts::jsonb ->> 'person_index') IS NOT NULL
     AND case_party(r)
$$;

-- What conditions of a definition may ask beside the filed facts: the unit's grade and region, the person's level and rank.
CREATE OR REPLACE FUNCTION case_setting(p_case bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record; p record; f jsonb; u unit; g region; v_source unit; v_person person;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case;
  IF NOT FOUND OR NOT case_party(r) THEN RETURN '{}'; END IF;
  f := r.facts::jsonb;
  SELECT * INTO p FROM case_place(r, case_movement(r));
  SELECT * INTO u FROM unit WHERE id = coalesce(p.unit, r.unit_id);
  SELECT * INTO g FROM region WHERE code = coalesce(u.region_code, f ->> 'region');
  SELECT * INTO v_source FROM unit WHERE id = (case_left(r)).unit;
  SELECT * INTO v_person FROM person WHERE id = (f ->> 'person')::bigint;
  RETURN jsonb_build_object('unit_grade', u.grade, 'region', g.code, 'region_kind', g.kind,
    'category', coalesce(nullif(p.category, ''), f ->> 'category'), 'level', coalesce(f ->> 'level', v_person.level),
    'rank', coalesce(f ->> 'rank', v_person.rank),
    'cross_region', (v_source.id IS NOT NULL AND office_region(v_source.region_code) <> office_region(g.code)),
    'has_head', unit_answers(u.id, 'unit_head', r.filed_by), 'has_supervisor', unit_supervisor(u.id) IS NOT NULL);
END $$;

-- An open task of the identity's own side, under a hat that answers for its role; locked.
CREATE OR REPLACE FUNCTION k_my_task(p_task bigint) RETURNS task
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE t task;
BEGIN
  SELECT * INTO t FROM task WHERE id = p_task FOR UPDATE;
  IF NOT coalesce((t.office_id = scope_number(7) OR t.unit_id = scope_number(6))
      AND scope_part(3) = ANY (role_kinds(t.role, t.unit_id IS NOT NULL)), false) THEN
    PERFORM refuse('not_your_office');
  ELSIF t.state <> 'open' THEN
    PERFORM refuse('already_decided', jsonb_build_object('state', t.state));
  END IF;
  RETURN t;
END $$;

-- One office settles its task: the decision with what was checked, its seat where one is reserved, the task closed and the
-- step on record; all or nothing, in one journey. Under countersignature (``p_two``) the first approval leaves the task
-- open for another person, and one of the two is the office's head.
DROP FUNCTION IF EXISTS case_settle(bigint, text, text, text, boolean, text);
DROP FUNCTION IF EXISTS case_settle(bigint, text, text, text, boolean, text, jsonb);
CREATE OR REPLACE FUNCTION case_settle(p_task bigint, p_verdict text, p_opinion text, p_side text, p_reserve boolean,
  p_address text, p_checks jsonb, p_two boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t task := k_my_task(p_task); v_scope text; v_decision bigint; v_first decision; v_head boolean; v_state text;
BEGIN
  IF p_verdict NOT IN ('approve', 'return', 'reject') THEN PERFORM refuse('invalid_input', '{"errors": {"verdict": ["required"]}}'); END IF;
  IF p_two AND p_verdict = 'approve' AND t.first_decision_id IS NOT NULL THEN
    SELECT * INTO v_first FROM decision WHERE id = t.first_decision_id;
    v_head := scope_part(3) = 'office_head' OR EXISTS (SELECT 1 FROM account WHERE id = v_first.account_id AND kind = 'office_head');
    IF scope_number(1) IN (v_first.user_id, v_first.delegator_id) OR scope_number(18) = v_first.user_id OR NOT v_head THEN
      PERFORM refuse('second_person');
    END IF;
  END IF;
  v_decision := case_decide(t.application_id, p_verdict, p_opinion, p_checks, p_address);
  -- Whoever had stopped the clock and decides now lets it go on.
  UPDATE clock_stop SET ended_at = now() WHERE application_id = t.application_id AND ended_at IS NULL
    AND (office_id = t.office_id OR unit_id = t.unit_id);
  v_state := CASE p_verdict WHEN 'return' THEN 'returned' WHEN 'reject' THEN 'rejected'
    ELSE CASE WHEN p_two AND t.first_decision_id IS NULL THEN 'open' ELSE 'approved' END END;
  IF p_reserve AND v_state = 'approved' THEN PERFORM ledger_reserve(t.application_id); END IF;
  IF v_state = 'open' THEN UPDATE task SET first_decision_id = v_decision, assignee_id = NULL WHERE id = p_task;
  ELSE UPDATE task SET decision_id = v_decision, closed_at = now(), state = v_state WHERE id = p_task; END IF;
  UPDATE application SET changed_at = now() WHERE id = t.application_id RETURNING scope_path INTO v_scope;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, facts, scope_path)
  SELECT t.application_id, x.kind, scope_number(1), acting_name(), x.side, x.opinion,
    CASE x.n WHEN 1 THEN jsonb_build_object('decision', v_decision) ELSE '{}' END, v_scope
    FROM (VALUES (1, p_verdict, p_side, p_opinion), (2, 'reserved', '台账', NULL)) x(n, kind, side, opinion)
   WHERE x.n = 1 OR (p_reserve AND v_state = 'approved') ORDER BY x.n;
  RETURN v_state;
END $$;

-- A case whose result is a paper only: approved like any other, and nothing moves.
CREATE OR REPLACE FUNCTION ledger_none(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'none');
BEGIN
  UPDATE case_record SET status = 'effected' WHERE case_id = r.case_id;
  PERFORM case_alarms_end(p_case);
END $$;
