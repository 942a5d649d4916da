-- What the application itself writes keeps to the kernel's word: triggers, so that no statement goes around them.
-- Row policies say whose rows; these say what a row may become, for every role.

-- A case: whose it is and on which version it runs never changes once it was filed; how it ended is the kernel's to say.
CREATE OR REPLACE FUNCTION guard_application() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_status text;
BEGIN
  IF pg_trigger_depth() > 1 THEN RETURN NEW; END IF;  -- the kernel's own hand: what follows from a movement
  IF OLD.state IN ('done', 'rejected', 'withdrawn') THEN PERFORM refuse('case_closed'); END IF;
  IF (NEW.id, NEW.process, NEW.created_by, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.process, OLD.created_by, OLD.created_at)
    OR NEW.office_id IS DISTINCT FROM OLD.office_id
    OR OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number
    OR OLD.state <> 'draft' AND (NEW.process_version_id, NEW.submitted_at)
      IS DISTINCT FROM (OLD.process_version_id, OLD.submitted_at)
    -- An office's draft, or a case that it is asked to correct, finds its unit in the office's ranges; a unit's stays.
    OR (NEW.unit_id, NEW.scope_path) IS DISTINCT FROM (OLD.unit_id, OLD.scope_path)
      AND NOT coalesce(OLD.state IN ('draft', 'returned') AND OLD.office_id = scope_number(7) AND scope_has(NEW.scope_path)
        AND EXISTS (SELECT 1 FROM unit WHERE id = NEW.unit_id AND scope_path = NEW.scope_path), false) THEN
    PERFORM refuse('not_allowed');
  END IF;
  IF NEW.state <> OLD.state THEN
    SELECT status INTO v_status FROM case_record WHERE case_id = NEW.id;
    IF NOT (CASE coalesce(v_status, 'none') WHEN 'effected' THEN NEW.state = 'done' WHEN 'none' THEN NEW.state = 'withdrawn'
        WHEN 'closed' THEN NEW.state IN ('rejected', 'withdrawn')
        ELSE NEW.state IN ('running', 'returned', 'awaiting') END) THEN
      PERFORM refuse('wrong_state', jsonb_build_object('state', NEW.state));
    END IF;
  END IF;
  RETURN NEW;
END $$;

-- A task: handed only to those whom the published process asks, closed only by a decision of theirs in this case.
CREATE OR REPLACE FUNCTION guard_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  IF pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO r FROM case_record WHERE case_id = NEW.application_id;
    IF NEW.state <> 'open' OR coalesce(NEW.decision_id, NEW.first_decision_id) IS NOT NULL OR NEW.escalated_at IS NOT NULL
      OR NOT coalesce(case_asks(r, NEW.office_id, NEW.unit_id, NEW.role, NULL), false)
      OR NEW.scope_path IS DISTINCT FROM (SELECT scope_path FROM application WHERE id = NEW.application_id) THEN
      PERFORM refuse('not_allowed');
    END IF;
  ELSE
    IF (NEW.id, NEW.application_id, NEW.stage, NEW.code, NEW.role, NEW.opened_at, NEW.scope_path)
        IS DISTINCT FROM (OLD.id, OLD.application_id, OLD.stage, OLD.code, OLD.role, OLD.opened_at, OLD.scope_path)
      OR NEW.office_id IS DISTINCT FROM OLD.office_id OR NEW.unit_id IS DISTINCT FROM OLD.unit_id
      OR OLD.state <> 'open' AND NEW.state <> OLD.state AND (OLD.state, NEW.state) <> ('approved', 'cancelled')
      OR OLD.decision_id IS NOT NULL AND NEW.decision_id IS DISTINCT FROM OLD.decision_id THEN
      PERFORM refuse('not_allowed');
    END IF;
    IF NEW.state IN ('approved', 'returned', 'rejected') AND NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM decision d
        WHERE d.id = NEW.decision_id AND d.case_id = NEW.application_id
          AND (d.office_id = NEW.office_id OR d.unit_id = NEW.unit_id)
          AND NEW.state = CASE d.verdict WHEN 'approve' THEN 'approved' WHEN 'return' THEN 'returned' ELSE 'rejected' END) THEN
      PERFORM refuse('case_not_approved', jsonb_build_object('task', NEW.id));
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_application BEFORE UPDATE ON application
  FOR EACH ROW EXECUTE FUNCTION guard_application();
CREATE OR REPLACE TRIGGER guard_task BEFORE INSERT OR UPDATE ON task
  FOR EACH ROW EXECUTE FUNCTION guard_task();
