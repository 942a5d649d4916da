-- Duties of people: leaving a post ends the hats, delegation for an absence, who may act in a case.

-- 离岗: whoever leaves the roll keeps only the own card; whoever moves loses the hats of the unit left.
CREATE OR REPLACE FUNCTION k_person_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  FOR v_id IN SELECT a.id FROM account a WHERE a.kind <> 'person' AND (a.ended_on IS NULL OR a.ended_on > kernel_today())
      AND a.user_id IN (SELECT user_id FROM account WHERE person_id = NEW.id)
      AND (NEW.state <> 'serving' OR a.unit_id = OLD.unit_id) ORDER BY a.id LOOP
    PERFORM k_end_account(v_id, 'left');
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER person_left AFTER UPDATE OF state, unit_id ON person FOR EACH ROW
  WHEN (OLD.state = 'serving' AND (NEW.state <> 'serving' OR NEW.unit_id IS DISTINCT FROM OLD.unit_id))
  EXECUTE FUNCTION k_person_left();

CREATE OR REPLACE FUNCTION k_unit_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  FOR v_id IN SELECT id FROM account WHERE unit_id = NEW.id AND (ended_on IS NULL OR ended_on > kernel_today())
    ORDER BY id LOOP
    PERFORM k_end_account(v_id, 'unit closed');
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER unit_closed AFTER UPDATE OF status ON unit FOR EACH ROW
  WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION k_unit_closed();

-- 人员类别 of a seat: of its line; a leadership seat's is its holder's, or that of the body where the holder sits elsewhere.
CREATE OR REPLACE FUNCTION k_seat_class() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.personnel_class IS NULL THEN
    NEW.personnel_class := CASE WHEN NEW.kind = 'establishment'
      THEN (SELECT k_personnel_class(category) FROM quota_line WHERE id = NEW.line_id)
      ELSE coalesce((SELECT nullif(personnel_class, 'other') FROM person WHERE id = NEW.person_id),
        (SELECT CASE body WHEN 'institution' THEN 'public' ELSE 'civil' END FROM unit WHERE id = NEW.unit_id)) END;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER seat_class BEFORE INSERT ON occupancy FOR EACH ROW EXECUTE FUNCTION k_seat_class();

-- 人员类别 of a case, from its filed facts: the line a person enters, or the person's own.
CREATE OR REPLACE FUNCTION k_case_class() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE f jsonb := NEW.facts::jsonb;
BEGIN
  UPDATE application SET personnel_class = CASE WHEN NOT f ?| ARRAY['person', 'person_index', 'occupancy'] THEN NULL
    ELSE coalesce(
      (SELECT k_personnel_class(category) FROM quota_line WHERE id = (f ->> 'line')::bigint AND kind = 'establishment'),
      (SELECT personnel_class FROM person WHERE id = (f ->> 'person')::bigint),
      (SELECT personnel_class FROM occupancy WHERE id = (f ->> 'occupancy')::bigint), 'other') END
   WHERE id = NEW.case_id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER case_class AFTER INSERT OR UPDATE OF facts ON case_record FOR EACH ROW
  EXECUTE FUNCTION k_case_class();

-- Who may write tasks and steps of a case: who applied, whoever has a task in it, the system's services.
CREATE OR REPLACE FUNCTION acts_in(p_case bigint, p_path text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM application a WHERE a.id = p_case AND (p_path IS NULL OR a.scope_path = p_path)
    AND NOT coalesce(a.scope_path <@ scope_ranges(16), true)
    AND ((a.office_id IS NULL AND a.unit_id = scope_unit()) OR a.office_id = scope_number(7) OR takes_part(a.id)
      OR own_case(a.id) OR (scope_part(3) = 'service' AND scope_has(a.scope_path))))
$$;

-- Whether somebody of an office is away: his hat there is in a deputy's hands today.
CREATE OR REPLACE FUNCTION k_absent(p_user bigint, p_office bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account a JOIN account d ON d.delegated_from = a.id AND in_force(d.started_on, d.ended_on)
    WHERE a.user_id = p_user AND a.office_id = p_office)
$$;

-- What was handed to somebody who is away goes back to the office; at the beginning of an absence, and by the job.
CREATE OR REPLACE FUNCTION k_absent_tasks() RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  UPDATE task SET assignee_id = NULL WHERE state = 'open' AND assignee_id IS NOT NULL AND k_absent(assignee_id, office_id)
$$;

-- 委托: for an absence, to a colleague of the same unit or office, who then acts in one's place under a hat of its own.
CREATE OR REPLACE FUNCTION delegate(p_user int, p_from date, p_to date, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a account; d account;
BEGIN
  SELECT * INTO a FROM account WHERE id = scope_number(2);
  IF NOT FOUND OR a.delegated_from IS NOT NULL
     OR a.kind NOT IN ('unit_clerk', 'unit_head', 'office_member', 'office_head') THEN PERFORM refuse('not_allowed'); END IF;
  IF NOT coalesce(p_from >= kernel_today() AND p_to > p_from AND p_to <= p_from + 90, false) OR p_user = a.user_id
     OR NOT EXISTS (SELECT 1 FROM colleagues() c WHERE c.user_id = p_user) THEN PERFORM refuse('bad_delegation'); END IF;
  IF length(btrim(coalesce(p_reason, ''))) < 2 THEN
    PERFORM refuse('invalid_input', '{"errors": {"reason": ["required"]}}');
  END IF;
  INSERT INTO account (user_id, kind, unit_id, office_id, started_on, ended_on, delegated_from)
  VALUES (p_user, a.kind, a.unit_id, a.office_id, p_from, p_to, a.id) RETURNING * INTO d;
  PERFORM record_audit('delegation.given', NULL,
    jsonb_build_object('reason', btrim(p_reason), 'before', NULL, 'after', to_jsonb(d)));
  PERFORM k_absent_tasks();
  RETURN d.id;
END $$;

CREATE OR REPLACE FUNCTION delegation_end(p_account bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account WHERE id = p_account AND delegated_from = scope_number(2)) THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM k_end_account(p_account, 'recalled');
END $$;

-- Delegations given from this hat that have not ended.
CREATE OR REPLACE FUNCTION delegations() RETURNS TABLE (id bigint, name text, started_on date, ended_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, operator_name(a.user_id), a.started_on, a.ended_on FROM account a
   WHERE a.delegated_from = scope_number(2) AND a.ended_on > kernel_today() ORDER BY a.id
$$;

-- Whoever holds an identity of the same unit or office, oneself apart.
CREATE OR REPLACE FUNCTION colleagues() RETURNS TABLE (user_id int, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT u.id, u.last_name || u.first_name FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
   WHERE (a.office_id = scope_number(7) OR a.unit_id = scope_number(6)) AND a.delegated_from IS NULL
     AND a.kind IN ('unit_clerk', 'unit_head', 'office_member', 'office_head')
     AND u.id <> scope_number(1) AND in_force(a.started_on, a.ended_on)
$$;

-- Both names: who acts, and in whose place.
CREATE OR REPLACE FUNCTION acting_name() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT operator_name(scope_number(1)::int) || coalesce('（代' || operator_name(scope_number(18)::int) || '）', '')
$$;

-- The same of whoever acts, for the page: what would be refused is not offered.
CREATE OR REPLACE FUNCTION case_own_matter(p_case bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(k_own_matter(r, scope_number(1)), k_own_matter(r, scope_number(18))) FROM case_record r
   WHERE r.case_id = p_case AND case_party(r)
$$;

-- A decision in another's place is that other's too: not on what he filed, not on his own matter, and not his second word.
CREATE OR REPLACE FUNCTION k_decision_delegated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  SELECT p.user_id INTO NEW.delegator_id FROM account a JOIN account p ON p.id = a.delegated_from WHERE a.id = NEW.account_id;
  IF NEW.delegator_id IS NOT NULL THEN
    SELECT * INTO r FROM case_record WHERE case_id = NEW.case_id;
    IF k_own_matter(r, NEW.delegator_id) IS NOT NULL THEN PERFORM refuse('self_approval'); END IF;
  END IF;
  IF NEW.verdict = 'approve' AND EXISTS (SELECT 1 FROM decision d WHERE d.case_id = NEW.case_id AND d.verdict = 'approve'
      AND d.facts_hash = NEW.facts_hash AND d.user_id <> NEW.user_id
      AND coalesce(d.delegator_id, d.user_id) = coalesce(NEW.delegator_id, NEW.user_id)
      AND NOT EXISTS (SELECT 1 FROM decision x WHERE x.case_id = d.case_id AND x.user_id = d.user_id AND x.id > d.id
        AND x.verdict = 'take_back')) THEN
    PERFORM refuse('already_decided');
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER decision_delegated BEFORE INSERT ON decision FOR EACH ROW
  EXECUTE FUNCTION k_decision_delegated();

-- 不上网: the case that opened the unit stood on its region's path, with the unit's name in its title; it goes where the
-- unit is, and with it the steps and the import it came from.
CREATE OR REPLACE FUNCTION k_unit_hidden() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_cases bigint[] := ARRAY(SELECT case_id FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = NEW.id
  AND type = 'unit.opened');
BEGIN
  UPDATE application SET scope_path = NEW.scope_path WHERE id = ANY (v_cases);
  UPDATE task SET scope_path = NEW.scope_path WHERE application_id = ANY (v_cases);
  UPDATE application_event SET scope_path = NEW.scope_path WHERE application_id = ANY (v_cases);
  UPDATE notice SET scope_path = NEW.scope_path WHERE case_id = ANY (v_cases) AND settled_at IS NULL;
  UPDATE import_batch SET scope_path = NEW.scope_path WHERE case_id = ANY (v_cases);
  UPDATE alarm SET scope_path = NEW.scope_path WHERE case_id = ANY (v_cases)
    AND NOT scope_path <@ unit_range(NEW.scope_path);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER unit_hidden AFTER UPDATE OF not_networked ON unit FOR EACH ROW
  WHEN (NEW.not_networked AND NOT OLD.not_networked) EXECUTE FUNCTION k_unit_hidden();
