-- 改革: many movements as one case. One dispatcher runs the steps for the trial and for the effect alike, by the functions
-- that do the single movements; what the trial did is rolled back before anybody hears of it.

-- A step's reference: a number, or "=key" for what an earlier step makes.
CREATE OR REPLACE FUNCTION k_reform_ref(p_value text, p_keys jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE v text := CASE WHEN starts_with(p_value, '=') THEN p_keys ->> substr(p_value, 2) ELSE p_value END;
BEGIN
  IF v IS NULL THEN PERFORM refuse('reform_key', jsonb_build_object('key', substr(p_value, 2))); END IF;
  IF v !~ '^[0-9]{1,18}$' THEN PERFORM refuse('invalid_input', '{"errors": {"unit": ["format"]}}'); END IF;
  RETURN v::bigint;
END $$;

-- A line: its number, or "unit:category:funding:structure" where it may not be there yet.
CREATE OR REPLACE FUNCTION k_reform_line(p_value text, p_keys jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE v_unit bigint; v_id bigint;
BEGIN
  IF position(':' IN p_value) = 0 THEN RETURN k_reform_ref(p_value, p_keys); END IF;
  v_unit := k_reform_ref(split_part(p_value, ':', 1), p_keys);
  SELECT id INTO v_id FROM quota_line WHERE unit_id = v_unit AND kind = 'establishment'
    AND category = split_part(p_value, ':', 2) AND funding = split_part(p_value, ':', 3) AND structure = split_part(p_value, ':', 4);
  IF v_id IS NULL THEN PERFORM refuse('reform_line', jsonb_build_object('unit', v_unit, 'category', split_part(p_value, ':', 2))); END IF;
  RETURN v_id;
END $$;

-- The facts of one step with every reference found, each inside the range of the office that answers.
CREATE OR REPLACE FUNCTION k_reform_facts(p_step jsonb, p_keys jsonb, p_prefix text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := p_step; k text; v text; v_id bigint;
BEGIN
  FOR k, v IN SELECT * FROM jsonb_each_text(p_step) LOOP
    CONTINUE WHEN coalesce(v, '') = '';
    IF k IN ('unit', 'parent', 'into', 'department', 'scope', 'partner', 'split_from') THEN
      v_id := k_reform_ref(v, p_keys);
      IF NOT EXISTS (SELECT 1 FROM unit WHERE id = v_id AND starts_with(scope_path, p_prefix)) THEN
        PERFORM refuse('not_found', jsonb_build_object('unit', v_id));
      END IF;
    ELSIF k IN ('line', 'into_line', 'from_line') THEN
      v_id := k_reform_line(v, p_keys);
      IF NOT EXISTS (SELECT 1 FROM quota_line WHERE id = v_id AND starts_with(scope_path, p_prefix)) THEN
        PERFORM refuse('not_found', jsonb_build_object('line', v_id));
      END IF;
    ELSIF k = 'lead_lines' THEN  -- "17:off,19:=u3": what earlier steps make may have the post
      SELECT string_agg(split_part(x, ':', 1) || ':' || CASE WHEN starts_with(split_part(x, ':', 2), '=')
        THEN k_reform_ref(split_part(x, ':', 2), p_keys)::text ELSE split_part(x, ':', 2) END, ',') INTO v
        FROM regexp_split_to_table(v, ',') x;
      f := f || jsonb_build_object(k, v);
      CONTINUE;
    ELSIF k = 'region' AND NOT EXISTS (SELECT 1 FROM region WHERE code = v AND starts_with(prefix, p_prefix)) THEN
      PERFORM refuse('not_found', jsonb_build_object('region', v));
    ELSE CONTINUE;
    END IF;
    IF v_id IS NOT NULL THEN f := f || jsonb_build_object(k, v_id); END IF;
    v_id := NULL;
  END LOOP;
  RETURN f;
END $$;

-- One step by the function of its movement; the unit that it makes, where it makes one.
CREATE OR REPLACE FUNCTION k_reform_step(p_case bigint, p_kind text, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_made bigint;
BEGIN
  CASE p_kind
  WHEN 'open_unit' THEN v_made := k_open_unit(p_case, f || '{"node": "legal"}', p_on);
  WHEN 'open_department' THEN
    v_made := k_open_unit(p_case, f || jsonb_build_object('node', 'department', 'region',
      (SELECT region_code FROM unit WHERE id = (f ->> 'parent')::bigint)), p_on);
  WHEN 'change_unit' THEN PERFORM k_change_unit(p_case, f, p_on);
  WHEN 'close_unit' THEN PERFORM k_close_unit(p_case, f, p_on);
  WHEN 'merge_unit' THEN PERFORM k_merge_unit(p_case, f, p_on);
  WHEN 'transfer_unit' THEN PERFORM k_transfer_unit(p_case, f, p_on);
  WHEN 'move_department' THEN v_made := k_move_department(p_case, f, p_on);
  WHEN 'move_people' THEN
    PERFORM k_move_people(p_case, f, p_on);
    PERFORM k_absences_go_on(p_case, f);
  WHEN 'move_quota' THEN PERFORM k_move_quota(p_case, f, p_on);
  WHEN 'signboard' THEN PERFORM k_signboard(p_case, f, p_on);
  WHEN 'set_quota' THEN PERFORM k_set_quota(p_case, f || '{"kind": "establishment"}', p_on);
  WHEN 'set_leadership' THEN PERFORM k_set_quota(p_case, f || '{"kind": "leadership"}', p_on);
  ELSE PERFORM refuse('invalid_input', '{"errors": {"step": ["format"]}}');
  END CASE;
  -- 分设: what is set up out of another one is known as that (沿革); departments, people, numbers come by steps of their own.
  IF p_kind IN ('open_unit', 'open_department') AND f ->> 'split_from' IS NOT NULL THEN
    IF NOT EXISTS (SELECT 1 FROM unit o JOIN unit n ON n.id = v_made WHERE o.id = (f ->> 'split_from')::bigint AND o.status = 'active'
        AND (o.node = 'department') = (n.node = 'department') AND (n.node <> 'department' OR o.legal_id = n.legal_id)) THEN
      PERFORM refuse('not_found', jsonb_build_object('unit', f -> 'split_from'));
    END IF;
    PERFORM k_succeed(p_case, (f ->> 'split_from')::bigint, v_made, 'split', p_on);
  END IF;
  RETURN v_made;
END $$;

-- What the steps have to do with, as legal bodies; a key that nobody made yet is passed over.
CREATE OR REPLACE FUNCTION k_reform_units(p_steps jsonb, p_keys jsonb) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH said AS (SELECT e.key, split_part(e.value, ':', 1) AS v, position(':' IN e.value) > 0 AS named
      FROM jsonb_array_elements(p_steps) a(s), jsonb_each_text(a.s) e
      WHERE e.key IN ('unit', 'parent', 'into', 'department', 'scope', 'partner', 'split_from', 'line', 'into_line', 'from_line')),
    known AS (SELECT key, named, (CASE WHEN starts_with(v, '=') THEN p_keys ->> substr(v, 2) WHEN v ~ '^[0-9]{1,18}$' THEN v END)::bigint AS id
      FROM said),
    units AS (SELECT coalesce(l.unit_id, k.id) AS id FROM known k LEFT JOIN quota_line l ON l.id = k.id
      AND k.key IN ('line', 'into_line', 'from_line') AND NOT k.named
      WHERE k.key NOT IN ('line', 'into_line', 'from_line') OR k.named OR l.id IS NOT NULL
      UNION SELECT value::bigint FROM jsonb_each_text(p_keys))
  SELECT coalesce(array_agg(DISTINCT u.legal_id), '{}') FROM units x JOIN unit u ON u.id = x.id
$$;

-- Runs the steps in their order. Each is a subtransaction: in a trial a refused one is undone and named, and the next is
-- tried; otherwise its refusal goes out with the step's number, and nothing of the whole remains.
CREATE OR REPLACE FUNCTION k_reform_steps(p_case bigint, p_steps jsonb, p_facts jsonb, p_on date, p_prefix text,
  p_keys jsonb, p_trial boolean, OUT results jsonb, OUT keys jsonb)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE s jsonb; v_made bigint; v_code text; v_detail text; v_name text; v_common jsonb;
BEGIN
  results := '[]'; keys := p_keys;
  -- 机构限额 is asked of the whole at its end: on the way there may be old bodies beside new ones.
  v_common := jsonb_build_object('document_no', p_facts ->> 'document_no', 'issuer', coalesce(p_facts ->> 'issuer', ''),
    'over_limit_no', 'at the end');
  -- The fixed order, before the steps take theirs: running cases, totals by line, then the bodies.
  PERFORM k_running_lock(p_case, k_reform_units(p_steps, keys));
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT id FROM quota_line WHERE unit_id = ANY (k_reform_units(p_steps, keys)))
    ORDER BY line_id FOR UPDATE;
  PERFORM 1 FROM unit WHERE id = ANY (k_reform_units(p_steps, keys)) ORDER BY id FOR NO KEY UPDATE;
  FOR s IN SELECT value FROM jsonb_array_elements(p_steps) LOOP
    BEGIN
      v_made := k_reform_step(p_case, s ->> 'step', k_plain(k_reform_facts(s, keys, p_prefix)) - 'key' - 'n' || v_common, p_on);
      IF v_made IS NOT NULL AND s ->> 'key' IS NOT NULL THEN keys := keys || jsonb_build_object(s ->> 'key', v_made); END IF;
      results := results || jsonb_build_object('n', s -> 'n', 'ok', true, 'made', v_made);
    EXCEPTION WHEN SQLSTATE 'BZ001' OR integrity_constraint_violation THEN
      GET STACKED DIAGNOSTICS v_code = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL, v_name = CONSTRAINT_NAME;
      IF NOT p_trial THEN
        IF v_name <> '' THEN RAISE; END IF;
        PERFORM refuse(v_code, v_detail::jsonb || jsonb_build_object('step', s -> 'n'));
      END IF;
      results := results || CASE WHEN v_name <> '' THEN jsonb_build_object('n', s -> 'n', 'ok', false, 'constraint', v_name)
        ELSE jsonb_build_object('n', s -> 'n', 'ok', false, 'code', v_code, 'facts', v_detail::jsonb) END;
    END;
  END LOOP;
  FOR v_made IN SELECT min(id) FROM unit WHERE id = ANY (k_reform_units(p_steps, keys)) AND status = 'active' GROUP BY region_code, category LOOP
    BEGIN
      PERFORM k_organ_limit(p_case, v_made, jsonb_build_object('over_limit_no', p_facts ->> 'over_limit_no'), p_on);
    EXCEPTION WHEN SQLSTATE 'BZ001' THEN
      IF NOT p_trial THEN RAISE; END IF;
      GET STACKED DIAGNOSTICS v_code = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL;
      results := results || jsonb_build_object('n', 0, 'ok', false, 'code', v_code, 'facts', v_detail::jsonb);
    END;
  END LOOP;
END $$;

-- What earlier phases made, from their entries: the n-th unit opened by a case belongs to its n-th key.
CREATE OR REPLACE FUNCTION k_reform_keys(p_case bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE before AS (
    SELECT r.case_id, r.facts::jsonb AS f FROM case_record r WHERE r.case_id = p_case
    UNION ALL SELECT r.case_id, r.facts::jsonb FROM before b JOIN case_record r ON r.case_id = (b.f ->> 'after')::bigint),
  named AS (SELECT b.case_id, s ->> 'key' AS key, row_number() OVER (PARTITION BY b.case_id ORDER BY n) AS i
    FROM before b, jsonb_array_elements((b.f ->> 'steps')::jsonb) WITH ORDINALITY x(s, n) WHERE s ->> 'key' IS NOT NULL),
  made AS (SELECT case_id, chain_id, row_number() OVER (PARTITION BY case_id ORDER BY id) AS i FROM ledger_entry
    WHERE case_id IN (SELECT case_id FROM before) AND type = 'unit.opened')
  SELECT coalesce(jsonb_object_agg(n.key, m.chain_id), '{}') FROM named n JOIN made m USING (case_id, i)
$$;

-- The category by which a reform is routed: administrative unless no step can touch such a number (第十八条).
CREATE OR REPLACE FUNCTION k_reform_category(p_steps jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN EXISTS (SELECT 1 FROM jsonb_array_elements(p_steps) a(s)
      WHERE s ->> 'category' IN ('11', '12') AND s ->> 'step' = 'set_quota' OR s ->> 'step' = 'set_leadership')
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(p_steps) a(s), quota_line l WHERE s ->> 'step' NOT IN ('set_quota', 'set_leadership',
        'open_unit', 'open_department', 'change_unit') AND l.unit_id = ANY (k_reform_units(jsonb_build_array(s), '{}'))
      AND l.category IN ('11', '12')) THEN '11' ELSE '22' END
$$;

CREATE OR REPLACE FUNCTION ledger_reform(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'reform'); f jsonb := r.facts::jsonb; v_before bigint := (f ->> 'after')::bigint;
BEGIN
  IF v_before IS NOT NULL AND NOT EXISTS (SELECT 1 FROM case_record WHERE case_id = v_before AND status = 'effected') THEN
    PERFORM refuse('reform_order', jsonb_build_object('case', (SELECT number FROM application WHERE id = v_before)));
  END IF;
  PERFORM k_reform_steps(p_case, (f ->> 'steps')::jsonb, f, k_day((f ->> 'start')::date),
    (SELECT prefix FROM region WHERE code = f ->> 'region'), k_reform_keys(v_before), false);
  PERFORM k_effected(p_case);
END $$;
