-- 试算: the steps by the real kernel inside a subtransaction that always ends in an exception. Only figures come out.

-- Whether a body counts as one of its own: 合署 counts once where its document says so.
CREATE OR REPLACE FUNCTION k_reform_counts(u unit) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT u.node = 'legal' AND u.status = 'active' AND NOT EXISTS (SELECT 1 FROM unit_signboard s WHERE s.partner_id = u.id
    AND s.kind = 'co_located' AND s.counts_as_one AND s.ended_on IS NULL AND s.recorded_to IS NULL)
$$;

-- Figures of the bodies that a reform has to do with: every line, and the bodies of the region by kind.
CREATE OR REPLACE FUNCTION k_reform_figures(p_units bigint[], p_prefix text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object(
    'bodies', (SELECT coalesce(jsonb_object_agg(body, n), '{}') FROM (SELECT u.body, count(*) AS n FROM unit u WHERE u.node = 'legal'
      AND starts_with(u.scope_path, p_prefix) AND k_reform_counts(u) GROUP BY u.body) x),
    'units', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'body', body, 'region', region_code, 'open', status = 'active', 'counts', k_reform_counts(u),
      'cases', (SELECT count(*) FROM application a WHERE a.unit_id = u.id AND a.state IN ('running', 'returned', 'awaiting')),
      'departments', (SELECT count(*) FROM unit d WHERE d.legal_id = u.id AND d.id <> u.id AND d.status = 'active'))
      ORDER BY scope_path), '[]') FROM unit u WHERE id = ANY (p_units)),
    'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object('line', l.id, 'unit', l.unit_id, 'kind', l.kind, 'category', l.category,
      'funding', l.funding, 'structure', l.structure, 'scope', nullif(l.scope_unit_id, l.unit_id), 'role', l.role, 'level', l.level,
      'scope_name', (SELECT d.name FROM unit d WHERE d.id = l.scope_unit_id AND d.id <> l.unit_id),
      'authorised', t.authorised, 'occupied', t.occupied, 'reserved', t.reserved) ORDER BY l.scope_path, l.id), '[]')
      FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.unit_id = ANY (p_units)
      AND (t.authorised IS NOT NULL OR t.occupied > 0)))
$$;

-- People on establishment seats of the bodies, as pairs of person and body.
CREATE OR REPLACE FUNCTION k_reform_people(p_units bigint[], p_kind text, OUT people bigint[], OUT units bigint[])
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(array_agg(person_id ORDER BY id), '{}'), coalesce(array_agg(unit_id ORDER BY id), '{}') FROM occupancy
   WHERE unit_id = ANY (p_units) AND kind = p_kind AND recorded_to IS NULL AND ended_on IS NULL
$$;

-- Whom the steps move or leave without a seat, and which leaders lose a post: numbers, and at most two hundred names each.
CREATE OR REPLACE FUNCTION k_reform_moved(p_people bigint[], p_units bigint[], p_leaders bigint[], p_led bigint[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH was AS (SELECT * FROM unnest(p_people, p_units) x(person, unit)),
    now AS (SELECT w.person, w.unit, o.unit_id AS there FROM was w LEFT JOIN occupancy o ON o.person_id = w.person
      AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL),
    moved AS (SELECT * FROM now WHERE there <> unit), lost AS (SELECT * FROM now WHERE there IS NULL),
    unled AS (SELECT * FROM unnest(p_leaders, p_led) x(person, unit) WHERE NOT EXISTS (SELECT 1 FROM occupancy o
      WHERE o.person_id = x.person AND o.kind = 'leadership' AND o.recorded_to IS NULL AND o.ended_on IS NULL))
  SELECT jsonb_build_object('moved', (SELECT count(*) FROM moved), 'unseated', (SELECT count(*) FROM lost),
    'unled', (SELECT count(*) FROM unled),
    'ways', (SELECT coalesce(jsonb_agg(jsonb_build_array(unit, there, n) ORDER BY unit, there), '[]') FROM (SELECT unit, there, count(*) AS n
      FROM moved GROUP BY unit, there) x),
    'movers', (SELECT coalesce(jsonb_agg(jsonb_build_array(person, unit, there)), '[]') FROM (SELECT * FROM moved ORDER BY unit, person LIMIT 200) x),
    'losers', (SELECT coalesce(jsonb_agg(jsonb_build_array(person, unit)), '[]') FROM (SELECT * FROM lost ORDER BY unit, person LIMIT 200) x),
    'leaders', (SELECT coalesce(jsonb_agg(jsonb_build_array(person, unit)), '[]') FROM (SELECT * FROM unled ORDER BY unit, person LIMIT 200) x))
$$;

-- The phases one after the other, as they would take effect: what each makes of the figures, whom it moves, what it raises. A
-- phase that has taken effect is done: the trial begins behind it, with what it made. ``p_until``: no phase after this one.
DROP FUNCTION IF EXISTS k_reform_trial(reform, bigint, jsonb);
CREATE OR REPLACE FUNCTION k_reform_trial(v reform, p_variant bigint, p_until bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_prefix text; v_case bigint; v_units bigint[]; v_before jsonb; v_after jsonb; v_moved jsonb; v_people record; v_leaders record;
  v_run record; v_alarms jsonb := '{}'; v_on date := kernel_today(); v_version bigint; v_done record; v_keys jsonb; v_phase int;
  v_phases int[]; v_steps jsonb := '[]'; v_results jsonb := '[]'; v_found jsonb := '[]';
BEGIN
  SELECT prefix INTO v_prefix FROM region WHERE code = v.region_code;
  SELECT p.phase, p.case_id INTO v_done FROM reform_phase p JOIN case_record c ON c.case_id = p.case_id
   WHERE p.reform_id = v.id AND v.filed_variant_id = p_variant AND c.status = 'effected' ORDER BY p.phase DESC LIMIT 1;
  SELECT coalesce(array_agg(phase ORDER BY phase), '{}') INTO v_phases FROM (SELECT DISTINCT phase FROM reform_step
    WHERE variant_id = p_variant AND phase > coalesce(v_done.phase, 0) AND phase <= coalesce(p_until, 9)) x;
  v_keys := k_reform_keys(v_done.case_id);
  FOREACH v_phase IN ARRAY v_phases LOOP v_steps := v_steps || reform_steps(p_variant, v_phase); END LOOP;
  v_units := k_reform_units(v_steps, v_keys);
  v_before := k_reform_figures(v_units, v_prefix);
  v_people := k_reform_people(v_units, 'establishment'); v_leaders := k_reform_people(v_units, 'leadership');
  v_after := v_before; v_moved := k_reform_moved(v_people.people, v_people.units, v_leaders.people, v_leaders.units);
  BEGIN
    SELECT process_in_force('reform', v_on) INTO v_version;
    INSERT INTO application (process, process_version_id, office_id, scope_path, title, state, created_by)
    VALUES ('reform', v_version, v.office_id, v.scope_path, '试算', 'draft', scope_number(1)) RETURNING id INTO v_case;
    FOREACH v_phase IN ARRAY v_phases LOOP
      v_run := k_reform_steps(v_case, reform_steps(p_variant, v_phase), jsonb_build_object('document_no', '试算'), v_on, v_prefix, v_keys, true);
      v_keys := v_run.keys;
      v_results := v_results || v_run.results;
      v_units := k_reform_units(v_steps, v_keys);
      v_after := k_reform_figures(v_units, v_prefix);
      v_moved := k_reform_moved(v_people.people, v_people.units, v_leaders.people, v_leaders.units);
      SELECT coalesce(jsonb_object_agg(rule, n), '{}') INTO v_alarms FROM (SELECT rule, count(*) AS n FROM alarm
        WHERE case_id = v_case AND state = 'open' GROUP BY rule) x;
      v_found := v_found || jsonb_build_object('phase', v_phase, 'after', v_after, 'people', v_moved, 'alarms', v_alarms,
        'steps', (SELECT count(*) FROM jsonb_array_elements(v_run.results) r WHERE r -> 'n' <> '0'),
        'refused', (SELECT count(*) FROM jsonb_array_elements(v_run.results) r WHERE r ->> 'ok' = 'false'));
    END LOOP;
    -- Whatever the steps did ends here.
    RAISE EXCEPTION USING ERRCODE = 'BZ002', MESSAGE = 'trial';
  EXCEPTION WHEN SQLSTATE 'BZ002' THEN NULL;
  END;
  RETURN jsonb_build_object('on', v_on, 'steps', v_results, 'before', v_before, 'after', v_after, 'people', v_moved, 'alarms', v_alarms,
    'done', v_done.phase, 'until', p_until) || CASE WHEN jsonb_array_length(v_found) > 1 THEN jsonb_build_object('phases', v_found) ELSE '{}' END;
END $$;

-- The trial of a variant by the office whose reform it is. It gives way to live work: a lock that is not free soon ends it
-- (sooner than a deadlock would be looked for, so nobody else is ever its victim), and with its subtransaction go its locks.
DROP FUNCTION IF EXISTS reform_try(bigint);
CREATE OR REPLACE FUNCTION reform_try(p_variant bigint, p_until bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '700ms' AS $$
DECLARE v reform; v_steps jsonb := reform_steps(p_variant, NULL); v_found jsonb;
BEGIN
  v := k_my_reform((SELECT reform_id FROM reform_variant WHERE id = p_variant));
  PERFORM k_reform_seen(v_steps);
  v_found := k_reform_trial(v, p_variant, p_until);
  UPDATE reform_variant SET tried = v_found, tried_at = clock_timestamp(), tried_hash = reform_hash(v_steps) WHERE id = p_variant;
  PERFORM record_audit('reform.tried', NULL, jsonb_build_object('reform', v.id, 'variant', p_variant,
    'steps', jsonb_array_length(v_steps)));
  RETURN v_found;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
  PERFORM refuse('reform_busy');
END $$;
