-- A case never hangs: which running cases nobody can go on with, the alarm for it (AL28), and the way on.

-- Whether somebody answers for a side today under a hat of these kinds.
CREATE OR REPLACE FUNCTION k_somebody(p_office bigint, p_unit bigint, p_kinds text[], p_but bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
    WHERE (a.office_id = p_office OR a.unit_id = p_unit) AND a.kind = ANY (p_kinds) AND in_force(a.started_on, a.ended_on)
      AND a.user_id IS DISTINCT FROM p_but::int)
$$;

-- Running cases that nobody can go on with: an office or unit without anybody, a colleague gone to whom the task was handed,
-- nobody left to countersign, no task at all, a definition that does not read (``p_bad``: those versions).
CREATE OR REPLACE FUNCTION k_stuck(p_bad bigint[]) RETURNS TABLE (case_id bigint, code text, office_id bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT t.application_id, x.code, t.office_id
    FROM task t JOIN application a ON a.id = t.application_id AND a.state = 'running' CROSS JOIN LATERAL (SELECT CASE
      WHEN NOT k_somebody(t.office_id, t.unit_id, array_remove(role_kinds(t.role, t.unit_id IS NOT NULL), 'service'),
        (SELECT filed_by FROM case_record WHERE case_record.case_id = a.id))  -- whoever filed it decides nothing in it
        THEN 'no_members'
      WHEN t.assignee_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM account m JOIN ab_user u ON u.id = m.user_id AND u.active
        WHERE m.user_id = t.assignee_id AND m.office_id = t.office_id AND in_force(m.started_on, m.ended_on)) THEN 'assignee_left'
      WHEN t.first_decision_id IS NOT NULL AND NOT k_somebody(t.office_id, t.unit_id,
        (SELECT CASE WHEN m.kind = 'office_head' THEN ARRAY['office_head', 'office_member'] ELSE ARRAY['office_head'] END
          FROM decision d JOIN account m ON m.id = d.account_id WHERE d.id = t.first_decision_id),
        (SELECT user_id FROM decision WHERE id = t.first_decision_id)) THEN 'no_head' END AS code) x
   WHERE t.state = 'open' AND x.code IS NOT NULL
  UNION ALL SELECT a.id, 'no_task', NULL FROM application a WHERE a.state = 'running'
    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.application_id = a.id AND t.state = 'open')
  UNION ALL SELECT a.id, 'definition', NULL FROM application a WHERE a.state IN ('running', 'returned', 'awaiting')
    AND a.process_version_id = ANY (p_bad)
$$;

-- Raises the alarm for each of them, once; one that goes on again ends its alarm. A service's; returns how many stand.
CREATE OR REPLACE FUNCTION watch_stuck(p_bad bigint[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_standing int;
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'service' THEN PERFORM refuse('not_allowed'); END IF;
  WITH stuck AS MATERIALIZED (SELECT DISTINCT ON (k.case_id, k.code) k.* FROM k_stuck(p_bad) k ORDER BY k.case_id, k.code),
  ended AS (UPDATE alarm m SET state = 'cleared', closed_at = clock_timestamp() WHERE m.rule = 'AL28' AND m.state = 'open'
    AND m.case_id IS NOT NULL
    AND (m.code <> 'no_office' OR EXISTS (SELECT 1 FROM application a WHERE a.id = m.case_id AND a.state <> 'draft'))
    AND NOT EXISTS (SELECT 1 FROM stuck n WHERE n.case_id = m.case_id AND n.code = m.code)),
  made AS (INSERT INTO alarm (rule, code, standing, state, unit_id, case_id, user_id, operator, facts, scope_path)
    SELECT 'AL28', n.code, false, 'open', a.unit_id, a.id, scope_number(1), kernel_actor(),
      jsonb_strip_nulls(jsonb_build_object('office', n.office_id)), a.scope_path
      FROM stuck n JOIN application a ON a.id = n.case_id WHERE NOT EXISTS (SELECT 1 FROM alarm m
        WHERE m.rule = 'AL28' AND m.code = n.code AND m.case_id = n.case_id AND m.state = 'open'))
  SELECT count(*) INTO v_standing FROM stuck;
  RETURN v_standing;
END $$;

-- What an administrator sees of it: the case by its number, the business, whom it waits for and why; no person.
CREATE OR REPLACE FUNCTION stuck_cases() RETURNS TABLE (case_id bigint, number text, process text, unit text, waits_for text,
  code text, since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, a.number::text, (v.definition ->> 'title')::text, u.name::text,
    (SELECT string_agg(coalesce(o.name, w.name), '、' ORDER BY t.id) FROM task t LEFT JOIN office o ON o.id = t.office_id
      LEFT JOIN unit w ON w.id = t.unit_id AND NOT w.not_networked WHERE t.application_id = a.id AND t.state = 'open'),
    m.code::text, m.raised_at
  FROM alarm m JOIN application a ON a.id = m.case_id JOIN process_version v ON v.id = a.process_version_id
    LEFT JOIN unit u ON u.id = a.unit_id AND NOT u.not_networked
 WHERE m.rule = 'AL28' AND m.state = 'open' AND scope_part(3) IN ('system_admin', 'security_admin')
 ORDER BY m.id LIMIT 200
$$;

-- The way on: each open task goes to whoever is responsible now; a colleague gone gives it back to the office; what nobody
-- has to answer any more is closed. The system administrator's, where an alarm stands; or the head's of an office in it.
CREATE OR REPLACE FUNCTION case_reroute(p_case bigint, p_reason text, p_address text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; r case_record; t task; s record; v_done int := 0;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT coalesce(CASE scope_part(3) WHEN 'system_admin' THEN EXISTS (SELECT 1 FROM alarm
        WHERE case_id = p_case AND rule = 'AL28' AND state = 'open')
      WHEN 'office_head' THEN EXISTS (SELECT 1 FROM task WHERE application_id = p_case AND state = 'open'
        AND office_id = scope_number(7)) END, false) THEN
    PERFORM refuse('not_found', jsonb_build_object('case', p_case));
  ELSIF a.state <> 'running' THEN PERFORM refuse('wrong_state', jsonb_build_object('state', a.state));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN PERFORM refuse('invalid_input', '{"errors": {"reason": ["required"]}}');
  END IF;
  SELECT * INTO r FROM case_record WHERE case_id = p_case FOR UPDATE;
  FOR t IN SELECT * FROM task WHERE application_id = p_case AND state = 'open' ORDER BY id FOR UPDATE LOOP
    s := case_side(t.role, r, case_movement(r));
    IF s.skipped THEN
      UPDATE task SET state = 'cancelled', closed_at = now() WHERE id = t.id; v_done := v_done + 1;
    ELSIF s.office IS NULL AND s.unit IS NULL THEN PERFORM refuse('no_office', jsonb_build_object('role', t.role));
    ELSIF (s.office, s.unit) IS DISTINCT FROM (t.office_id, t.unit_id) THEN
      UPDATE task SET state = 'cancelled', closed_at = now() WHERE id = t.id;
      INSERT INTO task (application_id, stage, code, role, days, office_id, unit_id, state, due_on, scope_path)
      VALUES (p_case, t.stage, t.code, t.role, t.days, s.office, s.unit, 'open', kernel_today(), t.scope_path);
      v_done := v_done + 1;
    ELSIF t.assignee_id IS NOT NULL THEN
      UPDATE task SET assignee_id = NULL WHERE id = t.id; v_done := v_done + 1;
    END IF;
  END LOOP;
  IF v_done = 0 THEN PERFORM refuse('still_responsible'); END IF;
  UPDATE application SET changed_at = now() WHERE id = p_case;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, scope_path)
  VALUES (p_case, 'rerouted', scope_number(1), acting_name(),
    CASE scope_part(3) WHEN 'system_admin' THEN '系统管理' ELSE '办理部门' END, p_reason, a.scope_path);
  PERFORM record_audit('case.rerouted', p_address, jsonb_build_object('case', p_case, 'reason', p_reason, 'tasks', v_done));
  RETURN v_done;
END $$;
