-- 消息: triggers tell a side what concerns it, in the transaction of the step itself: one that is rolled back tells nobody.

-- Whom the identity reads for, in the words of notice.side.
CREATE OR REPLACE FUNCTION my_side() RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce('o' || scope_part(7), 'u' || scope_part(6), 'p' || scope_part(8), scope_part(3))
$$;

-- The n-th working day after a day; a year without a published calendar counts Monday to Friday.
CREATE OR REPLACE FUNCTION workdays_after(p_day date, p_days int) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT p_day + n FROM generate_series(1, 30 + 3 * p_days) n LEFT JOIN working_day w ON w."on" = p_day + n
   WHERE coalesce(w.worked, extract(isodow FROM p_day + n) < 6) ORDER BY n OFFSET p_days - 1 LIMIT 1
$$;

-- Under which kind of hat alone a unit's task is decided: its head's, or the competent department's.
CREATE OR REPLACE FUNCTION k_task_hat(k task) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT CASE WHEN k.unit_id IS NOT NULL AND cardinality(x) = 1 THEN x[1] END FROM role_kinds(k.role, k.unit_id IS NOT NULL) x $$;

-- A task tells the office (or unit) that has to decide it, or only the colleague it is with; its end settles that.
CREATE OR REPLACE FUNCTION k_task_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    UPDATE notice SET settled_at = now()
     WHERE case_id = NEW.application_id AND task_id = NEW.id AND settled_at IS NULL;
  END IF;
  IF NEW.state = 'open' THEN
    INSERT INTO notice (kind, office_id, unit_id, user_id, hat, case_id, task_id, scope_path)
    VALUES (CASE WHEN TG_OP = 'UPDATE' AND NEW.assignee_id IS NOT NULL THEN 'handed_over' ELSE 'task' END,
      NEW.office_id, NEW.unit_id, NEW.assignee_id, k_task_hat(NEW), NEW.application_id, NEW.id, NEW.scope_path);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER task_told AFTER INSERT ON task FOR EACH ROW WHEN (NEW.state = 'open')
  EXECUTE FUNCTION k_task_told();
CREATE OR REPLACE TRIGGER task_told_again AFTER UPDATE OF state, assignee_id ON task FOR EACH ROW
  WHEN (OLD.state = 'open' AND (NEW.state <> 'open' OR NEW.assignee_id IS DISTINCT FROM OLD.assignee_id))
  EXECUTE FUNCTION k_task_told();

-- 督办: beyond the time limit the office's head has it, whoever it is with.
CREATE OR REPLACE FUNCTION k_task_escalated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO notice (kind, office_id, unit_id, hat, case_id, task_id, scope_path)
  VALUES ('escalated', NEW.office_id, NEW.unit_id, CASE WHEN NEW.office_id IS NULL THEN k_task_hat(NEW) ELSE 'office_head' END,
    NEW.application_id, NEW.id, NEW.scope_path);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER task_escalated AFTER UPDATE OF escalated_at ON task FOR EACH ROW
  WHEN (OLD.escalated_at IS NULL AND NEW.escalated_at IS NOT NULL AND NEW.state = 'open')
  EXECUTE FUNCTION k_task_escalated();

-- 会签: one has approved, and a second person, the office's head, has to.
CREATE OR REPLACE FUNCTION k_task_first() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.first_decision_id IS NULL THEN
    UPDATE notice SET settled_at = now() WHERE case_id = NEW.application_id AND kind = 'countersign' AND task_id = NEW.id
      AND settled_at IS NULL;
  ELSIF NEW.state = 'open' AND NEW.office_id IS NOT NULL THEN
    INSERT INTO notice (kind, office_id, hat, case_id, task_id, scope_path)
    VALUES ('countersign', NEW.office_id, 'office_head', NEW.application_id, NEW.id, NEW.scope_path);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER task_first AFTER UPDATE OF first_decision_id ON task FOR EACH ROW
  WHEN (OLD.first_decision_id IS DISTINCT FROM NEW.first_decision_id) EXECUTE FUNCTION k_task_first();

-- To the applicant: its office, the person whose own matter it is, or the case's unit.
CREATE OR REPLACE FUNCTION k_tell_applicant(a application, p_kind text, p_why text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO notice (kind, office_id, person_id, unit_id, case_id, why, scope_path)
  SELECT p_kind, a.office_id, x.person, CASE WHEN a.office_id IS NULL AND x.person IS NULL THEN a.unit_id END, a.id,
    left(nullif(btrim(p_why), ''), 200), a.scope_path
    FROM (SELECT CASE WHEN a.office_id IS NULL THEN (SELECT a.person_id FROM process_version v
      WHERE v.id = a.process_version_id AND v.definition ->> 'applicant' = 'person') END AS person) x
   WHERE num_nonnulls(a.office_id, x.person, a.unit_id) > 0
$$;

-- What a step of the timeline means for others.
CREATE OR REPLACE FUNCTION k_event_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; v_effect text;
BEGIN
  SELECT * INTO a FROM application WHERE id = NEW.application_id;
  IF NEW.kind = 'approved' THEN
    SELECT definition ->> 'effect' INTO v_effect FROM process_version WHERE id = a.process_version_id;
    IF v_effect = 'arrival' THEN
      PERFORM k_tell_applicant(a, 'confirm_arrival', NULL);
    ELSIF v_effect = 'date' AND a.effective_on > kernel_today() THEN
      PERFORM k_tell_applicant(a, 'approved', NULL);
    END IF;
  ELSIF NEW.kind = 'sent_back' THEN  -- to an earlier stage, not to the applicant: what the return said is not for him
    DELETE FROM notice WHERE case_id = a.id AND kind = 'returned' AND at = now();
  ELSIF NEW.kind IN ('urged', 'papers_answered') THEN  -- to whoever has the task now
    UPDATE notice SET settled_at = now() WHERE case_id = a.id AND settled_at IS NULL AND kind = 'papers_requested'
      AND NEW.kind = 'papers_answered';
    INSERT INTO notice (kind, office_id, unit_id, user_id, hat, case_id, task_id, scope_path)
    SELECT NEW.kind, k.office_id, k.unit_id, k.assignee_id, k_task_hat(k), a.id, k.id, a.scope_path
      FROM task k WHERE k.application_id = a.id AND k.state = 'open';
  ELSE
    IF NEW.kind = 'resume' THEN
      UPDATE notice SET settled_at = now() WHERE case_id = a.id AND settled_at IS NULL AND kind = 'suspended';
    END IF;
    PERFORM k_tell_applicant(a, CASE NEW.kind WHEN 'return' THEN 'returned' WHEN 'reject' THEN 'rejected'
      WHEN 'request_papers' THEN 'papers_requested' WHEN 'suspend' THEN 'suspended' WHEN 'resume' THEN 'resumed'
      ELSE NEW.kind END, NEW.opinion);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER event_told AFTER INSERT ON application_event FOR EACH ROW
  WHEN (NEW.kind IN ('return', 'reject', 'sent_back', 'request_papers', 'papers_answered', 'suspend', 'resume', 'approved',
    'effected', 'lapsed', 'urged'))
  EXECUTE FUNCTION k_event_told();

-- A case that goes on settles what the applicant was asked for; one that ends settles all that waited.
CREATE OR REPLACE FUNCTION k_case_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE notice SET settled_at = now() WHERE case_id = NEW.id AND settled_at IS NULL
    AND (kind = OLD.state OR (OLD.state = 'awaiting' AND kind IN ('approved', 'confirm_arrival'))
      OR (NEW.state IN ('done', 'rejected', 'withdrawn') AND kind IN ('papers_requested', 'suspended')));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER case_told AFTER UPDATE OF state ON application FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND OLD.state <> 'draft') EXECUTE FUNCTION k_case_told();

-- 临期: tasks whose time limit ends within a working day, once each. The job's work.
CREATE OR REPLACE FUNCTION notices_amber() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_count int;
BEGIN
  PERFORM k_service();
  INSERT INTO notice (kind, office_id, unit_id, user_id, hat, case_id, task_id, scope_path)
  SELECT 'amber', k.office_id, k.unit_id, k.assignee_id, k_task_hat(k), a.id, k.id, k.scope_path
    FROM task k JOIN application a ON a.id = k.application_id AND a.state = 'running'
   WHERE k.state = 'open' AND k.still_since IS NULL AND a.still_since IS NULL AND k.due_on <= workdays_after(kernel_today(), 1)
     AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.task_id = k.id AND n.kind = 'amber') ORDER BY k.id
  ON CONFLICT (task_id) WHERE kind = 'amber' DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- Old notices that are settled, or that somebody has read, go; the keeper's nightly work.
CREATE OR REPLACE FUNCTION notices_purge(p_days int) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_count int;
BEGIN
  DELETE FROM notice n WHERE n.at < now() - make_interval(days => p_days) AND (n.settled_at IS NOT NULL
    OR EXISTS (SELECT 1 FROM notice_read r WHERE r.notice_id = n.id)
    OR EXISTS (SELECT 1 FROM notice_mark m JOIN account x ON x.id = m.account_id WHERE m.upto >= n.id
      AND (x.office_id = n.office_id OR x.unit_id = n.unit_id OR x.person_id = n.person_id OR x.kind = n.duty)));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
