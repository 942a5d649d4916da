-- What stops, goes on, and is taken back: the clock of a case, and one's own last word. Each is a decision row of its own.

-- The clock goes on; days that it stood do not count (033_limits.sql).
CREATE OR REPLACE FUNCTION k_clock_go(p_case bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS
$$ UPDATE clock_stop SET ended_at = now() WHERE application_id = p_case AND ended_at IS NULL $$;

-- A side that has nothing to decide in the case any more (its task was enough without it, sent back over, or re-routed)
-- lets its clock go on: nobody else could.
CREATE OR REPLACE FUNCTION k_task_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE clock_stop s SET ended_at = now() WHERE s.application_id = NEW.application_id AND s.ended_at IS NULL
    AND (s.office_id = NEW.office_id OR s.unit_id = NEW.unit_id) AND NOT EXISTS (SELECT 1 FROM task t
      WHERE t.application_id = NEW.application_id AND t.state = 'open' AND (t.office_id = s.office_id OR t.unit_id = s.unit_id));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER task_left AFTER UPDATE OF state ON task FOR EACH ROW
  WHEN (OLD.state = 'open' AND NEW.state <> 'open') EXECUTE FUNCTION k_task_left();

-- One office stops or starts the clock of a case whose task is open with it: requested papers (until the applicant
-- answers), or a reason in the law (until that office lets it go on). The whole case stands still.
CREATE OR REPLACE FUNCTION case_clock(p_task bigint, p_verdict text, p_opinion text, p_side text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t task := k_my_task(p_task); a application; s clock_stop; v_decision bigint;
BEGIN
  SELECT * INTO a FROM application WHERE id = t.application_id FOR UPDATE;
  SELECT * INTO s FROM clock_stop WHERE application_id = a.id AND ended_at IS NULL FOR UPDATE;
  IF p_verdict NOT IN ('request_papers', 'suspend', 'resume') OR btrim(coalesce(p_opinion, '')) = '' THEN
    PERFORM refuse('invalid_input', '{"errors": {"opinion": ["required"]}}');
  ELSIF a.state <> 'running' OR (p_verdict = 'resume') <> (s.id IS NOT NULL) OR (p_verdict = 'resume'
      AND NOT (s.office_id IS NOT DISTINCT FROM t.office_id AND s.unit_id IS NOT DISTINCT FROM t.unit_id)) THEN
    PERFORM refuse('clock_state', jsonb_build_object('verdict', p_verdict));
  END IF;
  v_decision := case_decide(a.id, p_verdict, p_opinion, '[]', p_address);
  IF p_verdict = 'resume' THEN PERFORM k_clock_go(a.id);
  ELSE INSERT INTO clock_stop (application_id, kind, office_id, unit_id, reason, decision_id, scope_path)
    VALUES (a.id, CASE p_verdict WHEN 'suspend' THEN 'law' ELSE 'papers' END, t.office_id, t.unit_id, p_opinion, v_decision, a.scope_path);
  END IF;
  UPDATE application SET changed_at = now() WHERE id = a.id;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, facts, scope_path)
  VALUES (a.id, p_verdict, scope_number(1), acting_name(), p_side, p_opinion, jsonb_build_object('decision', v_decision), a.scope_path);
END $$;

-- The applicant has handed in what was asked for: the clock goes on.
CREATE OR REPLACE FUNCTION case_answer(p_case bigint, p_opinion text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT k_applies_here(a) THEN PERFORM refuse('not_found'); END IF;
  IF a.state <> 'running' OR NOT EXISTS (SELECT 1 FROM clock_stop WHERE application_id = p_case AND kind = 'papers'
      AND ended_at IS NULL) THEN
    PERFORM refuse('clock_state', '{"verdict": "answer"}');
  END IF;
  PERFORM k_clock_go(p_case);
  UPDATE application SET changed_at = now() WHERE id = p_case;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, scope_path)
  VALUES (p_case, 'papers_answered', scope_number(1), acting_name(), CASE WHEN a.office_id IS NULL THEN '申报单位' ELSE '申报部门' END,
    nullif(btrim(p_opinion), ''), a.scope_path);
END $$;

-- Whether the identity is the applying side of a case.
CREATE OR REPLACE FUNCTION k_applies_here(a application) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(CASE WHEN scope_part(3) = 'person' THEN own_case(a.id)
    WHEN a.office_id IS NOT NULL THEN a.office_id = scope_number(7)
    ELSE a.unit_id = scope_unit() AND EXISTS (SELECT 1 FROM process_version v WHERE v.id = a.process_version_id
      AND coalesce(v.definition ->> 'applicant', 'unit') <> 'person') END, false)
$$;

-- One's own last word is taken back while nobody acted on the case since; a seat that rested on it is free again.
CREATE OR REPLACE FUNCTION case_take_back(p_task bigint, p_opinion text, p_side text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t task; a application; r case_record; d decision; v_event bigint; v_decision bigint;
BEGIN
  SELECT application_id INTO t.application_id FROM task WHERE id = p_task;
  SELECT * INTO a FROM application WHERE id = t.application_id FOR UPDATE;
  SELECT * INTO t FROM task WHERE id = p_task FOR UPDATE;
  SELECT * INTO d FROM decision WHERE id = coalesce(t.decision_id, t.first_decision_id);
  IF NOT coalesce(d.user_id = scope_number(1) AND (d.office_id = scope_number(7) OR d.unit_id = scope_number(6)), false) THEN
    PERFORM refuse('not_your_office');
  END IF;
  IF a.state NOT IN ('running', 'returned', 'awaiting') OR t.state = 'cancelled' THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', a.state));
  END IF;
  SELECT max(id) INTO v_event FROM application_event WHERE application_id = a.id AND facts ->> 'decision' = d.id::text;
  IF EXISTS (SELECT 1 FROM decision x WHERE x.case_id = a.id AND x.id > d.id) OR EXISTS (SELECT 1 FROM application_event e
      WHERE e.application_id = a.id AND e.id > v_event AND e.at > d.decided_at
        AND e.kind NOT IN ('reserved', 'approved', 'sent_back', 'urged')) THEN
    PERFORM refuse('acted_since');
  END IF;
  v_decision := case_decide(a.id, 'take_back', p_opinion, '[]', p_address);
  SELECT * INTO r FROM case_record WHERE case_id = a.id FOR UPDATE;
  IF r.status = 'reserved' AND case_missing(r, 'reserve') IS NOT NULL THEN PERFORM ledger_release_seat(a.id); END IF;
  UPDATE task SET first_decision_id = NULL WHERE id = p_task AND state = 'open';
  UPDATE application SET changed_at = now() WHERE id = a.id;
  INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, facts, scope_path)
  VALUES (a.id, 'take_back', scope_number(1), acting_name(), p_side, nullif(btrim(p_opinion), ''),
    jsonb_build_object('decision', v_decision), a.scope_path);
END $$;
