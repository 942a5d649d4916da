-- Alarms: what was refused or found, once for one reason; whom it tells is the rule's to say.

-- Refusals and alarms outlive the rollback: written in a transaction of their own. Each is in the audit; one that
-- names a rule is an alarm too. What is tried again counts in the same open alarm, with the last time and figures.
CREATE OR REPLACE FUNCTION record_refusal(p_rule text, p_code text, p_case bigint, p_facts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_times int; v_user bigint := scope_number(1); a application;
BEGIN
  IF v_user IS NULL AND p_rule IS NOT NULL THEN PERFORM refuse('not_allowed'); END IF;
  IF v_user IS NULL THEN RETURN NULL; END IF;  -- an identity that has ended: nobody to record
  SELECT * INTO a FROM application WHERE id = p_case
    AND (scope_has(scope_path) OR takes_part(p_case));
  IF p_rule IS NOT NULL AND a.id IS NOT NULL THEN
    INSERT INTO alarm (rule, code, standing, state, unit_id, line_id, person_id, case_id, user_id, operator, facts, scope_path)
    VALUES (p_rule, p_code, false, 'open', a.unit_id,
      (SELECT id FROM quota_line WHERE id = (p_facts ->> 'line')::bigint), a.person_id, a.id,
      v_user, kernel_actor(), p_facts, a.scope_path)
    ON CONFLICT (rule, code, case_id, coalesce(person_id, 0), coalesce(office_id, 0))
      WHERE NOT standing AND state = 'open' AND case_id IS NOT NULL
    DO UPDATE SET times = alarm.times + 1, last_at = clock_timestamp(), facts = excluded.facts
    RETURNING id, times INTO v_id, v_times;
  ELSIF p_rule IS NOT NULL THEN
    INSERT INTO alarm (rule, code, standing, state, line_id, user_id, operator, facts, scope_path)
    VALUES (p_rule, p_code, false, 'open', (SELECT id FROM quota_line WHERE id = (p_facts ->> 'line')::bigint),
      v_user, kernel_actor(), p_facts, coalesce(scope_part(4), ''))
    ON CONFLICT (rule, code, user_id, coalesce(line_id, 0))
      WHERE NOT standing AND state = 'open' AND case_id IS NULL AND user_id IS NOT NULL
    DO UPDATE SET times = alarm.times + 1, last_at = clock_timestamp(), facts = excluded.facts
    RETURNING id, times INTO v_id, v_times;
  END IF;
  -- A job tries again and again: one event stands for one reason.
  IF coalesce(v_times, 1) = 1 OR scope_part(3) <> 'service' THEN
    PERFORM record_audit('refusal', NULL, p_facts || jsonb_strip_nulls(jsonb_build_object('code', p_code, 'rule', p_rule,
      'alarm', v_id, 'case', p_case, 'unit', a.unit_id, 'person', a.person_id)));
  END IF;
  RETURN v_id;
END $$;

-- The office of a kind that answers for a place: of the unit's region, else of the longest one that the path lies in (a
-- town's matters are its district's).
CREATE OR REPLACE FUNCTION k_office_of(p_kind text, p_unit bigint, p_path text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT o.id FROM region r JOIN office o ON o.kind = p_kind
     AND o.region_code = CASE r.kind WHEN 'town' THEN r.parent_code ELSE r.code END
   WHERE r.code = (SELECT region_code FROM unit WHERE id = p_unit) OR (p_unit IS NULL AND starts_with(p_path, r.prefix))
   ORDER BY length(r.prefix) DESC LIMIT 1
$$;

-- To whom alarms go, all of a statement at once. What an opening balance brings along is its own report's to say.
CREATE OR REPLACE FUNCTION k_alarms_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO notice (kind, office_id, unit_id, duty, case_id, alarm_id, why, scope_path)
  SELECT 'alarm', x.office, x.unit, x.duty, n.case_id, n.id, n.rule, n.scope_path FROM fresh n JOIN alarm_rule r ON r.code = n.rule,
    unnest(r.tells) who, LATERAL (SELECT
      CASE who WHEN 'establishment' THEN k_office_of('establishment', n.unit_id, n.scope_path) WHEN 'office' THEN n.office_id END AS office,
      CASE WHEN who = 'unit' THEN n.unit_id END AS unit, CASE WHEN who IN ('auditor', 'system_admin') THEN who END AS duty) x
   WHERE n.state = 'open' AND num_nonnulls(x.office, x.unit, x.duty) = 1
     AND NOT EXISTS (SELECT 1 FROM application WHERE id = n.case_id AND process = 'opening') ORDER BY n.id;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS alarm_told ON alarm;
CREATE OR REPLACE TRIGGER alarms_told AFTER INSERT ON alarm REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
  EXECUTE FUNCTION k_alarms_told();

CREATE OR REPLACE FUNCTION k_alarm_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE notice SET settled_at = now() WHERE alarm_id = NEW.id AND settled_at IS NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER alarm_ended AFTER UPDATE OF state ON alarm FOR EACH ROW
  WHEN (OLD.state = 'open' AND NEW.state <> 'open') EXECUTE FUNCTION k_alarm_ended();

-- 处理: what somebody was refused, or what the opening balance left unverified, is looked at by 编办 of the place, with a
-- word on it. Surplus, and what the job raises, end by themselves when their cause does.
CREATE OR REPLACE FUNCTION alarm_ends_itself(a alarm) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.standing OR a.subject IS NOT NULL OR (a.code <> 'id_unverified' AND NOT EXISTS (SELECT 1 FROM account x WHERE x.user_id = a.user_id
    AND x.kind <> 'service'))
$$;

CREATE OR REPLACE FUNCTION alarm_handle(p_alarm bigint, p_note text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm;
BEGIN
  IF NOT k_of_establishment() THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT * INTO a FROM alarm WHERE id = p_alarm AND scope_has(scope_path) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF a.state <> 'open' THEN PERFORM refuse('already_decided', jsonb_build_object('state', a.state)); END IF;
  IF alarm_ends_itself(a) THEN PERFORM refuse('not_allowed'); END IF;
  IF length(btrim(coalesce(p_note, ''))) < 2 THEN
    PERFORM refuse('invalid_input', '{"errors": {"note": ["required"]}}');
  END IF;
  UPDATE alarm SET state = 'handled', closed_at = clock_timestamp(), handled_by = scope_number(1),
    handled_note = left(btrim(p_note), 500) WHERE id = a.id;
  PERFORM k_alarm_event(a.id, 'handled', left(btrim(p_note), 500), '{"before": "open", "after": "handled"}');
  PERFORM record_audit('alarm.handled', p_address, jsonb_build_object('alarm', a.id, 'rule', a.rule, 'case', a.case_id,
    'unit', a.unit_id, 'reason', left(btrim(p_note), 500)));
END $$;
