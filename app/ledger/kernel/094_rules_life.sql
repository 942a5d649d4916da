-- The life of an alarm: explained, rectified, accepted until a day, escalated, cleared; each step a row that never changes.

-- 法定退休日 (app/domain/retirement.py): the former age, plus a month for each step of months of birth from 2025 on. Both are
-- one expression without settings, so that the planner takes them into a query over a million people.
CREATE OR REPLACE FUNCTION k_delayed(p_born date, p_age int, p_step int, p_cap int) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_born + make_interval(months => p_age * 12 + greatest(0, least(p_cap,
    floor(((extract(year FROM p_born)::int + p_age - 2025) * 12 + extract(month FROM p_born)::int - 1)::float8 / p_step)::int + 1))))::date
$$;
CREATE OR REPLACE FUNCTION k_retires_on(p_sex text, p_born date, p_worker boolean, p_senior boolean) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_sex = '1' OR (p_sex = '2' AND p_senior) THEN public.k_delayed(p_born, 60, 4, 36)
    WHEN p_sex = '2' AND p_worker THEN public.k_delayed(p_born, 50, 2, 60) WHEN p_sex = '2' THEN public.k_delayed(p_born, 55, 4, 36) END
$$;

CREATE OR REPLACE FUNCTION k_alarm_event(p_alarm bigint, p_kind text, p_note text, p_facts jsonb) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO alarm_event (alarm_id, kind, user_id, operator, note, facts) VALUES (p_alarm, p_kind, scope_number(1),
    CASE WHEN scope_part(1) IS NULL THEN 'svc-worker' ELSE kernel_actor() END, p_note, p_facts)
$$;

-- The record of what was done is nobody's to change, the owner's neither.
CREATE OR REPLACE FUNCTION k_never_changes() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% never changes', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE OR REPLACE TRIGGER alarm_event_kept BEFORE UPDATE OR DELETE ON alarm_event FOR EACH STATEMENT
  EXECUTE FUNCTION k_never_changes();
CREATE OR REPLACE TRIGGER alarm_event_whole BEFORE TRUNCATE ON alarm_event FOR EACH STATEMENT
  EXECUTE FUNCTION k_never_changes();
CREATE OR REPLACE TRIGGER accountability_kept BEFORE UPDATE OR DELETE ON accountability FOR EACH STATEMENT
  EXECUTE FUNCTION k_never_changes();

CREATE OR REPLACE FUNCTION k_alarm_cleared() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_alarm_event(NEW.id, 'cleared', NULL, jsonb_build_object('before', OLD.state, 'after', NEW.state, 'facts', NEW.facts));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER alarm_cleared AFTER UPDATE OF state ON alarm FOR EACH ROW
  WHEN (OLD.state IN ('open', 'accepted') AND NEW.state = 'cleared') EXECUTE FUNCTION k_alarm_cleared();

-- An open alarm within reach, locked; whoever sees a person's alarm sees the person (app/security/policies.py).
CREATE OR REPLACE FUNCTION k_alarm_mine(p_alarm bigint) RETURNS alarm
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a alarm;
BEGIN
  SELECT * INTO a FROM alarm WHERE id = p_alarm AND (scope_has(scope_path) OR office_id = scope_number(7))
    AND scope_can('cases') AND (rule <> 'AL18' OR scope_can('discipline')) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF a.state <> 'open' THEN PERFORM refuse('already_decided', jsonb_build_object('state', a.state)); END IF;
  RETURN a;
END $$;

CREATE OR REPLACE FUNCTION k_said(p_note text) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF length(btrim(coalesce(p_note, ''))) < 2 THEN PERFORM refuse('invalid_input', '{"errors": {"note": ["required"]}}'); END IF;
  RETURN left(btrim(p_note), 1000);
END $$;

-- 说明: by the unit that was told, by the office that it waits for, or by 编办 itself. It ends nothing: the cause stands.
CREATE OR REPLACE FUNCTION alarm_explain(p_alarm bigint, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm := k_alarm_mine(p_alarm);
BEGIN
  IF NOT (k_of_establishment() OR coalesce(a.office_id = scope_number(7), false)
    OR coalesce(scope_part(3) IN ('unit_clerk', 'unit_head') AND a.unit_id = scope_number(6), false)) THEN
    PERFORM refuse('not_allowed');
  END IF;
  PERFORM k_alarm_event(a.id, 'explained', k_said(p_note), '{}');
  UPDATE alarm SET answered_at = clock_timestamp() WHERE id = a.id;
END $$;

-- 整改: the draft that its reader has just begun mends it; the alarm ends when its cause is gone, not with the case.
CREATE OR REPLACE FUNCTION alarm_rectify(p_alarm bigint, p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm := k_alarm_mine(p_alarm); c application;
BEGIN
  SELECT * INTO c FROM application WHERE id = p_case AND created_by = scope_number(1) AND state = 'draft'
    AND (unit_id IS NULL OR unit_id = a.unit_id OR unit_id IN (SELECT id FROM unit WHERE legal_id = a.unit_id)) FOR KEY SHARE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  PERFORM k_alarm_event(a.id, 'rectify', NULL, jsonb_build_object('case', c.id, 'process', c.process, 'before', a.remedy_case_id));
  UPDATE alarm SET answered_at = clock_timestamp(), remedy_case_id = c.id WHERE id = a.id;
END $$;

-- The last proposal to accept an alarm, while nobody has settled it.
CREATE OR REPLACE FUNCTION k_alarm_proposal(p_alarm bigint) RETURNS alarm_event
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT e FROM alarm_event e WHERE e.alarm_id = p_alarm AND e.kind = 'proposed' AND NOT EXISTS (SELECT 1 FROM alarm_event x
    WHERE x.alarm_id = p_alarm AND x.id > e.id AND x.kind IN ('accepted', 'refused', 'proposed', 'reopened'))
$$;

-- 认可（豁免）: proposed by one official of 编办 with document and last day, settled by another.
CREATE OR REPLACE FUNCTION alarm_propose(p_alarm bigint, p_note text, p_document text, p_until date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm := k_alarm_mine(p_alarm); v_errors jsonb := '{}';
BEGIN
  IF NOT k_of_establishment() THEN PERFORM refuse('not_allowed'); END IF;
  IF a.subject IS NULL AND NOT a.standing THEN PERFORM refuse('not_allowed'); END IF;
  IF length(btrim(coalesce(p_document, ''))) < 4 THEN v_errors := v_errors || '{"document_no": ["required"]}'; END IF;
  IF p_until IS NULL OR p_until <= kernel_today() OR p_until > kernel_today() + 1830 THEN v_errors := v_errors || '{"until": ["out_of_range"]}'; END IF;
  IF v_errors <> '{}' THEN PERFORM refuse('invalid_input', jsonb_build_object('errors', v_errors)); END IF;
  PERFORM k_alarm_event(a.id, 'proposed', k_said(p_note), jsonb_build_object('document_no', left(btrim(p_document), 80), 'until', p_until));
END $$;

CREATE OR REPLACE FUNCTION alarm_settle(p_alarm bigint, p_accept boolean, p_note text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm := k_alarm_mine(p_alarm); e alarm_event; v_note text := nullif(left(btrim(coalesce(p_note, '')), 1000), '');
BEGIN
  IF NOT k_of_establishment() THEN PERFORM refuse('not_allowed'); END IF;
  SELECT * INTO e FROM k_alarm_proposal(a.id);
  IF e.id IS NULL THEN PERFORM refuse('not_found'); END IF;
  IF e.user_id = scope_number(1) OR e.user_id = scope_number(18) THEN PERFORM refuse('same_person'); END IF;
  IF (e.facts ->> 'until')::date <= kernel_today() THEN PERFORM refuse('invalid_input', '{"errors": {"until": ["out_of_range"]}}'); END IF;
  PERFORM k_alarm_event(a.id, CASE WHEN p_accept THEN 'accepted' ELSE 'refused' END, v_note,
    e.facts || jsonb_build_object('proposed_by', e.user_id, 'before', a.state, 'after', CASE WHEN p_accept THEN 'accepted' ELSE a.state END));
  IF p_accept THEN
    UPDATE alarm SET state = 'accepted', accepted_until = (e.facts ->> 'until')::date, answered_at = clock_timestamp() WHERE id = a.id;
    PERFORM record_audit('alarm.accepted', p_address, e.facts || jsonb_build_object('alarm', a.id, 'rule', a.rule, 'unit', a.unit_id,
      'person', a.person_id));
  END IF;
END $$;

-- 催办: unanswered after its day, the office's head is told; after as many days again, the city's 编办. What was accepted
-- comes back after its last day; a remedy that ended without effect is no answer. The job's; once for each step.
CREATE OR REPLACE FUNCTION alarm_watch(OUT risen int, OUT returned int) RETURNS record
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  WITH back AS (UPDATE alarm SET state = 'open', answered_at = NULL, escalated = 0, due_on = workdays_after(kernel_today(), 5)
      WHERE state = 'accepted' AND accepted_until < kernel_today() RETURNING *),
    said AS (INSERT INTO alarm_event (alarm_id, kind, operator, facts) SELECT id, 'reopened', 'svc-worker',
        jsonb_build_object('before', 'accepted', 'after', 'open', 'until', accepted_until) FROM back),
    told AS (INSERT INTO notice (kind, office_id, alarm_id, why, scope_path) SELECT 'alarm', o, id, rule, scope_path
        FROM (SELECT b.*, k_office_of('establishment', b.unit_id, b.scope_path) AS o FROM back b) x WHERE o IS NOT NULL)
  SELECT count(*) INTO returned FROM back;
  UPDATE alarm a SET answered_at = NULL FROM case_record c, application p WHERE a.state = 'open' AND a.answered_at IS NOT NULL
    AND p.id = a.remedy_case_id AND c.case_id = p.id AND c.status = 'closed' AND NOT EXISTS (SELECT 1 FROM alarm_event e
      WHERE e.alarm_id = a.id AND e.kind = 'explained');
  WITH late AS (UPDATE alarm a SET escalated = a.escalated + 1 FROM alarm_rule r
      WHERE r.code = a.rule AND a.state = 'open' AND a.answered_at IS NULL AND a.escalated < 2 AND a.due_on < kernel_today()
        AND (a.escalated = 0 OR workdays_after(a.due_on, rule_number(r.code, 'days', r.answer_days)) < kernel_today())
      RETURNING a.*),
    said AS (INSERT INTO alarm_event (alarm_id, kind, operator, facts) SELECT id, 'escalated', 'svc-worker',
        jsonb_build_object('to', CASE escalated WHEN 1 THEN 'office_head' ELSE 'city' END, 'due_on', due_on) FROM late),
    told AS (INSERT INTO notice (kind, office_id, hat, alarm_id, why, scope_path) SELECT 'alarm', o, 'office_head', id, rule, scope_path
        FROM (SELECT l.*, CASE escalated WHEN 1 THEN k_office_of('establishment', l.unit_id, l.scope_path) ELSE (SELECT o.id
          FROM office o JOIN region r ON r.code = o.region_code AND r.kind = 'city' WHERE o.kind = 'establishment') END AS o
          FROM late l) x WHERE o IS NOT NULL)
  SELECT count(*) INTO risen FROM late;
END $$;

-- A full run on demand: asked for by a head of 编办, begun by the job within the minute. The one that waits is enough.
CREATE OR REPLACE FUNCTION alarm_sweep_ask(p_address text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  IF NOT (k_of_establishment() AND scope_part(3) = 'office_head') THEN PERFORM refuse('not_allowed'); END IF;
  INSERT INTO alarm_sweep (kind, state, asked_by) VALUES ('full', 'waiting', scope_number(1)) ON CONFLICT DO NOTHING RETURNING id INTO v_id;
  IF v_id IS NOT NULL THEN PERFORM record_audit('alarm.run', p_address, jsonb_build_object('sweep', v_id)); END IF;
  RETURN coalesce(v_id, (SELECT id FROM alarm_sweep WHERE state = 'waiting' AND kind = 'full'));
END $$;

-- When each rule last ran, and what it lacked: no numbers, which are the whole city's.
CREATE OR REPLACE FUNCTION alarm_runs() RETURNS TABLE (rule text, state text, at timestamptz, reason jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.code, r.state, r.ended_at, r.reason FROM alarm_rule c, LATERAL (SELECT x.state, x.ended_at, x.reason FROM alarm_run x
     WHERE x.rule = c.code ORDER BY x.id DESC LIMIT 1) r WHERE scope_part(1) IS NOT NULL ORDER BY c.code
$$;
CREATE OR REPLACE FUNCTION alarm_progress(p_sweep bigint) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*)::int FROM alarm_run WHERE sweep_id = p_sweep AND scope_part(1) IS NOT NULL
$$;

-- A rule's parameters: the city's head of 编办, on record with what stood before.
CREATE OR REPLACE FUNCTION alarm_set_rule(p_rule text, p_params jsonb, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r alarm_rule;
BEGIN
  IF NOT (k_of_establishment() AND scope_part(3) = 'office_head' AND EXISTS (SELECT 1 FROM office o JOIN region g
      ON g.code = o.region_code AND g.kind = 'city' WHERE o.id = scope_number(7))) THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT * INTO r FROM alarm_rule WHERE code = p_rule FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF jsonb_typeof(p_params) <> 'object' OR EXISTS (SELECT 1 FROM jsonb_each(p_params) x WHERE jsonb_typeof(x.value) <> 'number'
      OR x.value::text !~ '^[0-9]{1,5}$') THEN
    PERFORM refuse('invalid_input', '{"errors": {"params": ["out_of_range"]}}');
  END IF;
  UPDATE alarm_rule SET params = p_params WHERE code = p_rule;
  PERFORM record_audit('alarm.rule', p_address, jsonb_build_object('rule', p_rule, 'before', r.params, 'after', p_params));
END $$;

-- 责任追究: what was breached, who approved it (from the decisions of its case), what followed. Written by 编办, never changed: a
-- correction is a further row that names what it corrects.
CREATE OR REPLACE FUNCTION accountability_add(f jsonb, p_address text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE n accountability; a alarm; v_errors jsonb := '{}'; v_key text;
BEGIN
  IF NOT k_of_establishment() THEN PERFORM refuse('not_allowed'); END IF;
  SELECT * INTO a FROM alarm WHERE id = (f ->> 'alarm')::bigint AND scope_has(scope_path)
    AND (rule <> 'AL18' OR scope_can('discipline'));
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  FOREACH v_key IN ARRAY ARRAY['breached', 'held', 'measure', 'document_no', 'decided_on'] LOOP
    IF coalesce(btrim(f ->> v_key), '') = '' THEN v_errors := v_errors || jsonb_build_object(v_key, '["required"]'::jsonb); END IF;
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM code WHERE code_set = 'accountability' AND code = f ->> 'measure' AND ended_on IS NULL) THEN
    v_errors := v_errors || '{"measure": ["unknown"]}';
  END IF;
  IF (f ->> 'decided_on')::date > kernel_today() THEN v_errors := v_errors || '{"decided_on": ["out_of_range"]}'; END IF;
  IF v_errors <> '{}' THEN PERFORM refuse('invalid_input', jsonb_build_object('errors', v_errors)); END IF;
  n.corrects_id := (f ->> 'corrects')::bigint;
  IF n.corrects_id IS NOT NULL THEN
    PERFORM 1 FROM accountability WHERE id = n.corrects_id AND alarm_id = a.id
      AND NOT EXISTS (SELECT 1 FROM accountability x WHERE x.corrects_id = n.corrects_id);
    IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  END IF;
  INSERT INTO accountability (alarm_id, case_id, unit_id, breached, approved, held, measure, document_no, decided_on, note,
    corrects_id, recorded_by, operator, scope_path)
  VALUES (a.id, a.case_id, a.unit_id, left(btrim(f ->> 'breached'), 500), coalesce((SELECT jsonb_agg(jsonb_build_object(
      'who', operator_name(d.user_id), 'office', o.name, 'at', d.decided_at) ORDER BY d.id)
      FROM decision d LEFT JOIN office o ON o.id = d.office_id WHERE d.case_id = a.case_id AND d.verdict = 'approve'), '[]'),
    left(btrim(f ->> 'held'), 200), f ->> 'measure', left(btrim(f ->> 'document_no'), 80), (f ->> 'decided_on')::date,
    left(btrim(coalesce(f ->> 'note', '')), 1000), n.corrects_id, scope_number(1), kernel_actor(), a.scope_path)
  RETURNING id INTO n.id;
  PERFORM record_audit('alarm.accountability', p_address, jsonb_build_object('alarm', a.id, 'record', n.id, 'corrects', n.corrects_id,
    'unit', a.unit_id, 'case', a.case_id));
  RETURN n.id;
END $$;
