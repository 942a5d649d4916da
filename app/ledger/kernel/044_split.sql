-- 分设: a body gives some of its departments, with people and numbers, to a new body; a department gives some of its people to a
-- new one beside it. What was split off stays known as that in both chains (沿革).

-- Of posts said line by line, those that belong to one department.
CREATE OR REPLACE FUNCTION k_lead_lines_of(p_said text, p_scope bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT string_agg(x, ',' ORDER BY n) FROM regexp_split_to_table(nullif(p_said, ''), ',') WITH ORDINALITY t(x, n)
    JOIN quota_line l ON l.id::text = split_part(x, ':', 1) AND l.scope_unit_id = p_scope
$$;

-- {unit, name, ..., split_departments: "12,13"}: of a body; {unit: a department, name, people: "7,8"}: of a department. What is not said
-- of the new one (kind, class, grade, superior) is as with the old one. ``cases``, ``leads``, ``lead_lines``, ``absences`` hold
-- for the departments that go, as where one is moved.
CREATE OR REPLACE FUNCTION k_split_unit(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; v_new bigint; v_ids bigint[]; v_id bigint; v_list text; v_notes jsonb;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  SELECT * INTO u FROM unit WHERE id = (f ->> 'unit')::bigint;
  IF u.id IS NULL OR u.status = 'closed' THEN PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'unit')); END IF;
  v_list := coalesce(f ->> CASE u.node WHEN 'department' THEN 'people' ELSE 'split_departments' END, '');
  IF v_list !~ '^[0-9]{1,18}(,[0-9]{1,18}){0,199}$' THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(CASE u.node WHEN 'department' THEN 'movers'
      ELSE 'split_departments' END, '["required"]'::jsonb)));
  END IF;
  SELECT array_agg(DISTINCT x::bigint) INTO v_ids FROM regexp_split_to_table(v_list, ',') x;
  PERFORM k_running_lock(p_case, ARRAY[u.legal_id]);
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id = u.legal_id) ORDER BY line_id FOR UPDATE;
  PERFORM k_still_there(ARRAY[u.legal_id, u.id]);
  v_new := k_open_unit(p_case, jsonb_build_object('node', u.node, 'region', u.region_code, 'parent', u.parent_id, 'body', u.body,
    'nature', u.nature, 'category', u.category, 'subordination', u.subordination, 'name', f ->> 'name',
    'short_name', nullif(f ->> 'short_name', ''), 'uscc', nullif(f ->> 'uscc', ''), 'over_limit_no', f ->> 'over_limit_no',
    'grade', coalesce(nullif(f ->> 'grade', ''), u.grade)), p_on);
  PERFORM k_succeed(p_case, u.id, v_new, 'split', p_on);
  -- Posts of all that goes are taken down before anybody moves: who leads in one of them may sit in another one.
  IF u.node <> 'department' THEN
    SELECT jsonb_object_agg(x.id, k_leaders_note(f || jsonb_build_object('lead_lines', k_lead_lines_of(f ->> 'lead_lines', x.id)), x.id, NULL))
      INTO v_notes FROM unit x WHERE x.id = ANY (v_ids) AND x.legal_id = u.id AND x.node = 'department';
  END IF;
  FOREACH v_id IN ARRAY v_ids LOOP
    IF u.node = 'department' THEN
      IF NOT EXISTS (SELECT 1 FROM occupancy WHERE person_id = v_id AND department_id = u.id AND kind = 'establishment'
          AND recorded_to IS NULL AND ended_on IS NULL) THEN PERFORM refuse('not_seated', jsonb_build_object('person', v_id)); END IF;
      PERFORM k_shift(p_case, v_id, v_new, p_on);
    ELSE
      IF NOT EXISTS (SELECT 1 FROM unit WHERE id = v_id AND legal_id = u.id AND node = 'department' AND status = 'active') THEN
        PERFORM refuse('not_found', jsonb_build_object('unit', v_id));
      END IF;
      PERFORM k_move_department(p_case, f - 'people' - 'split_departments' - 'name' - 'short_name' - 'uscc' - 'grade' || jsonb_build_object('unit', v_id, 'into', v_new,
        'seats', 'along', 'notes', v_notes, 'lead_lines', k_lead_lines_of(f ->> 'lead_lines', v_id)), p_on);
    END IF;
  END LOOP;
  RETURN v_new;
END $$;

CREATE OR REPLACE FUNCTION ledger_split_unit(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'split_unit'); f jsonb := k_plain(r.facts::jsonb); v_new bigint;
BEGIN
  v_new := k_split_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_new;
END $$;
