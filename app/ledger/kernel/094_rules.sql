-- Alarms found by rule (app/alarms): raised and cleared for a subject, and the queue of units that movements touched.

-- Raises the alarm of a rule for a subject, in the caller's transaction; never two open ones: what happens again counts
-- (times, last_at) and brings its present facts. It is nobody's deed: the operator is named, no user (uq_alarm_user). One that was accepted stays accepted until its day.
CREATE OR REPLACE FUNCTION k_alarm_raise(p_rule text, p_subject text, p_facts jsonb, p_scope text, p_unit bigint,
  p_line bigint DEFAULT NULL, p_person bigint DEFAULT NULL, p_case bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  INSERT INTO alarm (rule, code, subject, standing, state, unit_id, line_id, person_id, case_id, user_id, operator, facts, scope_path)
  VALUES (p_rule, 'found', p_subject, false, 'open', p_unit, p_line, p_person, p_case, NULL,
    CASE WHEN scope_part(1) IS NULL THEN 'svc-worker' ELSE kernel_actor() END, p_facts, p_scope)
  ON CONFLICT (rule, subject) WHERE subject IS NOT NULL AND state IN ('open', 'accepted')
  DO UPDATE SET times = alarm.times + 1, last_at = clock_timestamp(), facts = excluded.facts, unit_id = excluded.unit_id,
    line_id = excluded.line_id, person_id = excluded.person_id, case_id = coalesce(excluded.case_id, alarm.case_id),
    scope_path = excluded.scope_path
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- Its cause is gone. Nothing happens where none is open.
CREATE OR REPLACE FUNCTION k_alarm_clear(p_rule text, p_subject text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  UPDATE alarm SET state = 'cleared', closed_at = clock_timestamp()
   WHERE rule = p_rule AND subject = p_subject AND state IN ('open', 'accepted')
$$;

-- The parameter of a rule: what 编办 set here, else the registry's own, which the caller passes.
CREATE OR REPLACE FUNCTION rule_number(p_rule text, p_name text, p_default int) RETURNS int
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT (params ->> p_name)::int FROM alarm_rule WHERE code = p_rule), p_default)
$$;

-- Until when an alarm is to be answered: working days of its rule.
CREATE OR REPLACE FUNCTION k_alarm_due() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  NEW.due_on := workdays_after(kernel_today(), rule_number(NEW.rule, 'days',
    (SELECT answer_days FROM alarm_rule WHERE code = NEW.rule)));
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER alarm_due BEFORE INSERT ON alarm FOR EACH ROW WHEN (NEW.due_on IS NULL AND NEW.state = 'open')
  EXECUTE FUNCTION k_alarm_due();

-- Which units' rules are looked at anew within the minute. A queue without a key: two movements never wait for each other
-- here.
CREATE OR REPLACE FUNCTION k_alarm_touch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO alarm_touched (unit_id)
  SELECT DISTINCT u.legal_id FROM fresh e LEFT JOIN person p ON e.chain_kind = 'person' AND p.id = e.chain_id
    JOIN unit u ON u.id = CASE e.chain_kind WHEN 'unit' THEN e.chain_id ELSE p.unit_id END;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER entry_touches AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION k_alarm_touch();
