-- 办理时限: days count as the calendar says, and not while the clock stands still: while the applicant corrects or
-- brings papers, or while the law suspends (clock_stop). Kept by triggers, so that nobody writes his own deadline.

-- Days on which a clock stood still: the days after its stop up to the day it went on.
CREATE OR REPLACE FUNCTION k_still(p_since date, p_until date) RETURNS datemultirange
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_until > p_since THEN datemultirange(daterange(p_since + 1, p_until + 1)) ELSE '{}' END
$$;

-- The day on which a limit ends: the n-th working day after a day, those on which the clock stood still left out.
CREATE OR REPLACE FUNCTION k_limit(p_from date, p_days int, p_still datemultirange) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT p_from + n FROM generate_series(1, 30 + 3 * p_days + greatest(coalesce(upper(p_still), p_from) - p_from, 0)) n
    LEFT JOIN working_day w ON w."on" = p_from + n
   WHERE coalesce(w.worked, extract(isodow FROM p_from + n) < 6) AND NOT (p_from + n) <@ p_still
   ORDER BY n OFFSET greatest(p_days, 1) - 1 LIMIT 1
$$;

-- Working days from a day to a day, the first not counted, nor those on which the clock stood still.
CREATE OR REPLACE FUNCTION k_spent(p_from date, p_to date, p_still datemultirange) RETURNS int
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF p_to <= p_from THEN RETURN 0; END IF;
  RETURN (SELECT count(*)::int FROM generate_series(1, p_to - p_from) n LEFT JOIN working_day w ON w."on" = p_from + n
   WHERE coalesce(w.worked, extract(isodow FROM p_from + n) < 6) AND NOT (p_from + n) <@ p_still);
END $$;

-- A case's own limits: from its submission; a return to the applicant stops its clock; what counts ends with the last
-- decision. A definition without limits (of the first form) promises the sum of its stages.
CREATE OR REPLACE FUNCTION k_case_limits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d jsonb; v_today date := kernel_today();
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.still := '{}'; NEW.still_since := NULL; NEW.decided_at := NULL;
    IF NEW.state = 'draft' THEN
      NEW.due_on := NULL; NEW.statutory_on := NULL; NEW.promised_days := NULL; NEW.statutory_days := NULL;
      RETURN NEW;
    END IF;
  END IF;
  IF NEW.promised_days IS NULL AND NEW.state IN ('running', 'awaiting', 'done', 'rejected') THEN
    SELECT definition INTO d FROM process_version WHERE id = NEW.process_version_id;
    NEW.promised_days := coalesce((d #>> '{days,promised}')::int, (SELECT sum(x.days)::int FROM (
      SELECT max((t ->> 'days')::int) AS days FROM jsonb_array_elements(d -> 'stages') WITH ORDINALITY s(stage, n),
        jsonb_array_elements(s.stage -> 'tasks') t GROUP BY s.n) x), 3);
    NEW.statutory_days := greatest(coalesce((d #>> '{days,statutory}')::int, NEW.promised_days), NEW.promised_days);
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.state <> OLD.state THEN
    IF NEW.state = 'returned' THEN NEW.still_since := coalesce(NEW.still_since, v_today);
    ELSIF OLD.state = 'returned' AND NOT k_stopped(NEW.id, NULL) THEN
      NEW.still := NEW.still + k_still(NEW.still_since, v_today); NEW.still_since := NULL;
    END IF;
    IF NEW.state IN ('running', 'returned') THEN NEW.decided_at := NULL;
    ELSIF OLD.state <> 'draft' THEN NEW.decided_at := coalesce(NEW.decided_at, now()); END IF;
  END IF;
  IF NEW.promised_days IS NOT NULL THEN
    NEW.due_on := k_limit(k_city_day(coalesce(NEW.submitted_at, now())), NEW.promised_days, NEW.still);
    NEW.statutory_on := k_limit(k_city_day(coalesce(NEW.submitted_at, now())), NEW.statutory_days, NEW.still);
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER limits_case BEFORE INSERT OR UPDATE OF state, still, submitted_at ON application
  FOR EACH ROW EXECUTE FUNCTION k_case_limits();

-- Open tasks follow a clock of the case that went on; a decided case leaves what it took.
CREATE OR REPLACE FUNCTION k_case_limits_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.still IS DISTINCT FROM OLD.still THEN
    UPDATE task SET still = still WHERE application_id = NEW.id AND state = 'open';
  END IF;
  IF NEW.decided_at IS NULL AND OLD.decided_at IS NOT NULL THEN
    DELETE FROM time_record WHERE application_id = NEW.id AND task_id IS NULL;
  ELSIF NEW.decided_at IS NOT NULL AND OLD.decided_at IS NULL AND NEW.state <> 'withdrawn' THEN
    INSERT INTO time_record (application_id, process, closed_on, spent, allowed, scope_path)
    VALUES (NEW.id, NEW.process, kernel_today(), k_spent(k_city_day(NEW.submitted_at), kernel_today(), NEW.still),
      NEW.promised_days, NEW.scope_path) ON CONFLICT (application_id) WHERE task_id IS NULL DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER limits_case_after AFTER UPDATE OF state, still ON application FOR EACH ROW
  WHEN (NEW.submitted_at IS NOT NULL) EXECUTE FUNCTION k_case_limits_after();

-- A task's limit, from its opening; a head's concern ends where a stopped clock makes it timely again.
CREATE OR REPLACE FUNCTION k_task_limits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN NEW.still := '{}'; NEW.still_since := NULL; END IF;
  IF NEW.days IS NOT NULL THEN
    NEW.due_on := k_limit(k_city_day(NEW.opened_at), NEW.days,
      NEW.still + coalesce((SELECT still FROM application WHERE id = NEW.application_id), '{}'));
    IF NEW.due_on >= kernel_today() THEN NEW.escalated_at := NULL; END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER limits_task BEFORE INSERT OR UPDATE OF still ON task
  FOR EACH ROW EXECUTE FUNCTION k_task_limits();

CREATE OR REPLACE FUNCTION k_task_limits_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO time_record (application_id, task_id, process, office_id, unit_id, closed_on, spent, allowed, scope_path)
  SELECT a.id, NEW.id, a.process, NEW.office_id, NEW.unit_id, kernel_today(),
    k_spent(k_city_day(NEW.opened_at), kernel_today(), NEW.still + a.still), coalesce(NEW.days, a.promised_days, 3),
    NEW.scope_path
  FROM application a WHERE a.id = NEW.application_id ON CONFLICT (task_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER limits_task_after AFTER UPDATE OF state ON task FOR EACH ROW
  WHEN (OLD.state = 'open' AND NEW.state IN ('approved', 'returned', 'rejected')) EXECUTE FUNCTION k_task_limits_after();

-- Whether a clock stands still by a stop that has not ended: of the case, or of one task.
CREATE OR REPLACE FUNCTION k_stopped(p_case bigint, p_task bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF to_regclass('public.clock_stop') IS NULL THEN RETURN false; END IF;
  RETURN EXISTS (SELECT 1 FROM clock_stop s WHERE s.application_id = p_case AND s.task_id IS NOT DISTINCT FROM p_task
    AND s.ended_at IS NULL);
END $$;

-- A stop begins, or ends.
CREATE OR REPLACE FUNCTION k_clock_stopped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_still datemultirange := '{}'; v_since date := k_city_day(NEW.started_at); v_open boolean;
BEGIN
  IF NEW.ended_at IS NOT NULL THEN v_still := k_still(v_since, k_city_day(NEW.ended_at)); END IF;
  v_open := k_stopped(NEW.application_id, NEW.task_id);
  IF NEW.task_id IS NOT NULL THEN
    UPDATE task SET still = still + v_still, still_since = CASE WHEN v_open THEN least(still_since, v_since) END
     WHERE id = NEW.task_id;
  ELSE
    UPDATE application SET still = still + v_still,
      still_since = CASE WHEN v_open OR state = 'returned' THEN least(still_since, v_since) END
     WHERE id = NEW.application_id;
  END IF;
  RETURN NULL;
END $$;
DO $$ BEGIN
  IF to_regclass('public.clock_stop') IS NOT NULL THEN
    EXECUTE 'CREATE OR REPLACE TRIGGER clock_stopped AFTER INSERT OR UPDATE OF ended_at ON clock_stop'
      ' FOR EACH ROW EXECUTE FUNCTION k_clock_stopped()';
  END IF;
END $$;

-- 督办: what is beyond its limit and not stopped comes before the head of the office, once. The job's work.
CREATE OR REPLACE FUNCTION limits_escalate() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE k record; v_count int := 0;
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'service' THEN PERFORM refuse('not_allowed'); END IF;
  PERFORM k_absent_tasks();  -- an absence that begins today
  PERFORM k_sum_months();
  PERFORM k_due_sum();
  FOR k IN SELECT t.id, t.due_on, a.id AS case_id, a.scope_path, coalesce(o.name, unit_name(t.unit_id)) AS side
      FROM task t JOIN application a ON a.id = t.application_id AND a.state = 'running' AND a.still_since IS NULL
      LEFT JOIN office o ON o.id = t.office_id
     WHERE t.state = 'open' AND t.due_on < kernel_today() AND t.escalated_at IS NULL AND t.still_since IS NULL
     ORDER BY a.id, t.id FOR UPDATE OF a, t SKIP LOCKED LOOP
    UPDATE task SET escalated_at = clock_timestamp() WHERE id = k.id;
    INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, facts, scope_path)
    VALUES (k.case_id, 'escalated', scope_number(1), acting_name(), coalesce(k.side, '—'), NULL,
      jsonb_build_object('task', k.id, 'on', k.due_on), k.scope_path);
    v_count := v_count + 1;
  END LOOP;
  RETURN v_count;
END $$;
