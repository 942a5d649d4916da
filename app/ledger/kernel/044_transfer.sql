-- 隶属关系: a body comes under another superior, in its region or in another one; a department goes to another body.

-- What bears a unit's path follows it, the chains' entries too (the path is no part of their hash): 档案随机构走. Papers that
-- were issued keep theirs, and so do books that never change (责任追究, steps of alarms): who kept them then keeps them. A trigger, so that what an application may never change of its own rows changes here.
CREATE OR REPLACE FUNCTION k_rescope() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_table text;
BEGIN
  UPDATE ledger_entry SET scope_path = NEW.scope_path WHERE scope_path = OLD.scope_path AND (chain_kind = 'unit' AND chain_id = NEW.id
    OR chain_kind = 'person' AND chain_id IN (SELECT person_id FROM occupancy WHERE scope_path = OLD.scope_path
      UNION SELECT id FROM person WHERE scope_path = OLD.scope_path
      UNION SELECT person_id FROM engagement WHERE scope_path = OLD.scope_path));
  FOR v_table IN SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
      AND c.relnamespace = 'public'::regnamespace WHERE a.attname = 'scope_path' AND NOT a.attisdropped
      AND c.relname <> ALL (ARRAY['unit', 'ledger_entry', 'issued_paper'])
      AND NOT EXISTS (SELECT 1 FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid WHERE g.tgrelid = c.oid AND f.proname = 'k_never_changes')
      ORDER BY c.relname LOOP
    EXECUTE format('UPDATE %I SET scope_path = $1 WHERE scope_path = $2', v_table) USING NEW.scope_path, OLD.scope_path;
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER unit_rescoped AFTER UPDATE OF scope_path ON unit FOR EACH ROW
  WHEN (NEW.scope_path <> OLD.scope_path) EXECUTE FUNCTION k_rescope();

-- A superior is an active body of this place or above it, and never the unit itself or one below it.
CREATE OR REPLACE FUNCTION k_superior(u unit, p_parent bigint, p_region text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM region WHERE code = p_region) THEN PERFORM refuse('not_found', jsonb_build_object('region', p_region)); END IF;
  IF p_parent IS NOT NULL THEN
    IF k_unit_below(p_parent, u.id) THEN PERFORM refuse('unit_loop', jsonb_build_object('unit', u.id, 'parent', p_parent)); END IF;
    PERFORM 1 FROM unit x JOIN region a ON a.code = x.region_code JOIN region g ON g.code = p_region
     WHERE x.id = p_parent AND x.status = 'active' AND x.node <> 'department' AND starts_with(g.prefix, a.prefix) FOR SHARE OF x;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', p_parent)); END IF;
  END IF;
  -- Bodies below it stay where they are: their region has to lie inside the new one.
  IF EXISTS (SELECT 1 FROM unit x JOIN region a ON a.code = x.region_code JOIN region g ON g.code = p_region
      WHERE x.parent_id = u.id AND x.node <> 'department' AND x.status = 'active' AND NOT starts_with(a.prefix, g.prefix)) THEN
    PERFORM refuse('children_elsewhere', jsonb_build_object('unit', u.id, 'region', p_region));
  END IF;
END $$;

-- 隶属划转: {unit, parent or none, region}. People, numbers and papers go along as they are; nobody changes a seat.
CREATE OR REPLACE FUNCTION k_transfer_unit(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; d unit; v_parent bigint := (f ->> 'parent')::bigint; v_region text; v_path text; v_segment text; v_case bigint; v_was text;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  -- The rows of its running cases follow it: they come first, as in every decision.
  PERFORM k_running_lock(p_case, ARRAY[(f ->> 'unit')::bigint]);
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id = (f ->> 'unit')::bigint) ORDER BY line_id FOR UPDATE;
  -- Two transfers that would make a loop together wait for each other here.
  PERFORM 1 FROM region WHERE kind = 'city' FOR UPDATE;
  SELECT * INTO u FROM unit WHERE id = (f ->> 'unit')::bigint FOR NO KEY UPDATE;
  IF u.id IS NULL OR u.status = 'closed' OR u.node = 'department' THEN PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'unit')); END IF;
  v_region := coalesce(nullif(f ->> 'region', ''), u.region_code);
  IF v_region = u.region_code AND v_parent IS NOT DISTINCT FROM u.parent_id THEN
    PERFORM refuse('same_superior', jsonb_build_object('unit', u.id, 'parent', v_parent));
  END IF;
  PERFORM k_superior(u, v_parent, v_region);
  v_path := u.scope_path; v_segment := u.segment; v_was := u.region_code;
  IF v_region <> u.region_code THEN
    PERFORM 1 FROM region WHERE code = v_region FOR UPDATE;
    v_segment := k_next_segment(NULL, v_region, 'legal'); v_path := v_region || '.' || v_segment;
  END IF;
  FOR d IN SELECT * FROM unit WHERE legal_id = u.id AND id <> u.id AND v_path <> u.scope_path ORDER BY id FOR UPDATE LOOP
    UPDATE unit SET region_code = v_region, scope_path = v_path || substr(scope_path, length(u.scope_path) + 1)
     WHERE id = d.id RETURNING * INTO d;
    IF d.status = 'active' THEN PERFORM k_next_version(p_case, d, 'unit.transferred', p_on);
    ELSE PERFORM chain_append('unit', d.id, 'unit.relocated', p_on, clock_timestamp(), p_case,
      jsonb_build_object('unit', d.id, 'region', v_region), d.scope_path);
    END IF;
  END LOOP;
  UPDATE unit SET parent_id = v_parent, region_code = v_region, segment = v_segment, scope_path = v_path
   WHERE id = u.id RETURNING * INTO u;
  PERFORM k_next_version(p_case, u, 'unit.transferred', p_on);
  PERFORM k_organ_limit(p_case, u.id, f, p_on);
  PERFORM k_pool_room(x, 0, p_on) FROM quota_line x WHERE x.unit_id = u.id AND x.kind = 'establishment';
  -- 管理权限 goes along: what runs is the new region's offices' to decide, and what the old ones approved is asked anew.
  FOR v_case IN SELECT case_id FROM k_running(p_case, u.id) WHERE v_was <> v_region ORDER BY 1 LOOP
    PERFORM k_running_route(v_case);
    INSERT INTO application_event (application_id, kind, user_id, operator, side, opinion, scope_path)
    SELECT a.id, 'carried', scope_number(1), acting_name(), '台账', '“' || u.name || '”已划转到' || g.name || '，在办业务由该区划的主管部门接办',
      a.scope_path FROM application a, region g WHERE a.id = v_case AND g.code = v_region;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ledger_transfer_unit(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'transfer_unit'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_transfer_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

-- 内设机构划转: {unit: the department, into: the other body, seats: along or approved}. The old department ends and keeps
-- its past; a new one of its name begins in the other body with its people. "along" brings their numbers.
CREATE OR REPLACE FUNCTION k_move_department(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE d unit; n unit; l record; v_new bigint; v_line bigint; v_people text; v_into bigint := (f ->> 'into')::bigint; v_count int; v_seats text; v_held bigint[]; v_note jsonb;
  v_along bigint[]; v_beside int; v_stays record;
BEGIN
  SELECT * INTO d FROM unit WHERE id = (f ->> 'unit')::bigint;
  SELECT * INTO n FROM unit WHERE id = v_into;
  IF d.id IS NULL OR d.node <> 'department' OR d.status = 'closed' OR n.id IS NULL OR n.node = 'department' OR n.status = 'closed' THEN
    PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'unit', 'into', v_into));
  ELSIF d.legal_id = v_into THEN PERFORM refuse('same_superior', jsonb_build_object('unit', d.id, 'parent', v_into));
  ELSIF EXISTS (SELECT 1 FROM unit WHERE parent_id = d.id AND status = 'active') THEN
    PERFORM refuse('unit_not_empty', jsonb_build_object('unit', d.id));
  END IF;
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id IN (d.legal_id, v_into)) ORDER BY line_id FOR UPDATE;
  PERFORM k_still_there(ARRAY[d.legal_id, v_into, d.id]);
  v_held := k_running_hold(p_case, d.id, v_into, f ->> 'cases');
  v_note := coalesce(f #> ARRAY['notes', d.id::text], k_leaders_note(f, d.id, NULL));
  -- Who goes on in a post and sits in another department goes along with his seat and its number, unless a post keeps him here.
  v_along := ARRAY(SELECT o.person_id FROM occupancy o WHERE o.person_id IN (SELECT (h ->> 'person')::bigint FROM jsonb_array_elements(v_note) e,
      jsonb_array_elements(e -> 'holders') h WHERE h ->> 'nature' = 'regular') AND o.unit_id = d.legal_id AND o.kind = 'establishment'
    AND o.department_id IS DISTINCT FROM d.id AND o.recorded_to IS NULL AND o.ended_on IS NULL ORDER BY o.person_id);
  SELECT o.person_id, s.name INTO v_stays FROM occupancy o JOIN quota_line x ON x.id = o.line_id JOIN unit s ON s.id = x.scope_unit_id
   WHERE o.person_id = ANY (v_along) AND o.kind = 'leadership' AND o.unit_id = d.legal_id AND o.recorded_to IS NULL AND o.ended_on IS NULL
     AND s.id <> d.id AND NOT coalesce(f -> 'notes', '{}') ? s.id::text ORDER BY o.person_id LIMIT 1;
  IF FOUND THEN PERFORM refuse('leader_stays', jsonb_build_object('person', v_stays.person_id, 'post', v_stays.name)); END IF;
  v_new := k_open_unit(p_case, jsonb_build_object('parent', v_into, 'node', 'department', 'region', n.region_code, 'name', d.name,
    'short_name', d.short_name, 'nature', d.nature, 'category', d.category, 'grade', d.grade), p_on);
  FOR l IN SELECT x.*, t.authorised, (SELECT count(*) FROM post s WHERE s.line_id = x.id AND s.department_id = d.id AND s.status <> 'abolished') AS allotted
      FROM quota_line x JOIN ledger_total t ON t.line_id = x.id WHERE x.unit_id = d.legal_id AND x.kind = 'establishment' ORDER BY x.id LOOP
    SELECT string_agg(person_id::text, ',' ORDER BY person_id), count(*), count(*) FILTER (WHERE department_id IS DISTINCT FROM d.id)
      INTO v_people, v_count, v_beside FROM occupancy
     WHERE line_id = l.id AND (department_id = d.id OR person_id = ANY (v_along)) AND recorded_to IS NULL AND ended_on IS NULL;
    CONTINUE WHEN v_count = 0 AND l.allotted = 0;
    v_line := CASE WHEN v_count > 0 OR f ->> 'seats' = 'along' THEN k_line(jsonb_build_object('unit', v_into, 'category', l.category,
      'funding', l.funding, 'structure', l.structure)) END;
    WITH freed AS (UPDATE post SET department_id = NULL WHERE line_id = l.id AND (department_id = d.id OR department_id IS NOT NULL AND id IN (
        SELECT post_id FROM occupancy WHERE line_id = l.id AND person_id = ANY (v_along) AND recorded_to IS NULL AND ended_on IS NULL)) RETURNING number)
    SELECT string_agg(number::text, ',' ORDER BY number) INTO v_seats FROM freed;
    IF v_seats IS NOT NULL THEN
      PERFORM chain_append('unit', d.legal_id, 'seats.allotted', p_on, clock_timestamp(), p_case,
        jsonb_build_object('line', l.id, 'department', NULL, 'seats', v_seats), l.scope_path);
    END IF;
    IF f ->> 'seats' = 'along' THEN
      v_count := least(greatest(v_count - v_beside, l.allotted) + v_beside, l.authorised);
      PERFORM k_set_quota(p_case, f - 'until_on' || jsonb_build_object('net', 1, 'line', v_line, 'authorised',
        coalesce((SELECT authorised FROM ledger_total WHERE line_id = v_line), 0) + v_count), p_on);
    END IF;
    IF v_people IS NOT NULL THEN
      PERFORM k_move_people(p_case, jsonb_build_object('line', l.id, 'into_line', v_line, 'people', v_people, 'department', v_new), p_on);
    END IF;
    IF f ->> 'seats' = 'along' THEN
      PERFORM k_set_quota(p_case, f - 'until_on' || jsonb_build_object('line', l.id, 'authorised', greatest(0, least(l.authorised - v_count,
        (SELECT authorised FROM ledger_total WHERE line_id = l.id)))), p_on);
      PERFORM k_pool_room(x, 0, p_on) FROM quota_line x WHERE x.id = v_line;
    END IF;
  END LOOP;
  FOR l IN SELECT x.*, t.authorised FROM quota_line x JOIN ledger_total t ON t.line_id = x.id WHERE x.scope_unit_id = d.id
      AND x.kind = 'leadership' AND t.authorised > 0 AND f ->> 'seats' = 'along' ORDER BY x.id LOOP
    PERFORM k_set_quota(p_case, f - 'line' - 'until_on' || jsonb_build_object('unit', v_into, 'scope', v_new, 'kind', 'leadership',
      'role', l.role, 'level', l.level, 'authorised', l.authorised), p_on);
  END LOOP;
  PERFORM k_release_leaders(p_case, f, d.id, p_on);
  PERFORM k_leaders_follow(p_case, f, (SELECT coalesce(jsonb_agg(value || jsonb_build_object('to', v_new)), '[]')
    FROM jsonb_array_elements(v_note)), v_new, false, p_on);  -- their numbers are there already, or have to be approved there
  PERFORM k_absences_go_on(p_case, f);
  PERFORM k_succeed(p_case, d.id, v_new, 'department', p_on);
  PERFORM k_close_unit(p_case, jsonb_build_object('unit', d.id), p_on);
  PERFORM k_running_go(p_case, d.id, v_new, f ->> 'cases', v_held);
  RETURN v_new;
END $$;

CREATE OR REPLACE FUNCTION ledger_move_department(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'move_department'); f jsonb := k_plain(r.facts::jsonb);
BEGIN
  PERFORM k_move_department(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;
