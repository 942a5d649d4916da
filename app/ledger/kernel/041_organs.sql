-- 机构: opened, changed, given to another superior, ended; who succeeded whom.

-- Legal bodies are numbered within their region, departments within the unit above them.
CREATE OR REPLACE FUNCTION k_next_segment(p_parent bigint, p_region text, p_node text) RETURNS text
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT lpad(n::text, greatest(4, length(n::text)), '0') FROM (SELECT coalesce(max(segment::int), 0) + 1 AS n FROM unit
    WHERE CASE p_node WHEN 'department' THEN node = 'department' AND parent_id = p_parent
      ELSE node <> 'department' AND region_code = p_region END) x
$$;

CREATE OR REPLACE FUNCTION k_unit_fields(u unit, v unit_version) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('unit', u.id, 'parent', u.parent_id, 'legal', u.legal_id, 'node', u.node,
    'region', u.region_code, 'segment', u.segment, 'name', u.name, 'short_name', u.short_name, 'uscc', u.uscc,
    'nature', u.nature, 'category', u.category, 'grade', u.grade, 'subordination', u.subordination,
    'body', u.body, 'version', v.id, 'started_on', v.started_on)
$$;

CREATE OR REPLACE FUNCTION k_open_unit(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; v unit_version; p unit; v_now timestamptz := clock_timestamp(); v_prefix text;
BEGIN
  u.region_code := f ->> 'region'; u.parent_id := (f ->> 'parent')::bigint; u.node := coalesce(f ->> 'node', 'legal');
  PERFORM 1 FROM region WHERE code = u.region_code FOR UPDATE;  -- orders the segments of a region
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('region', u.region_code)); END IF;
  IF u.parent_id IS NOT NULL OR u.node = 'department' THEN  -- held against its closing
    SELECT x.* INTO p FROM unit x JOIN region a ON a.code = x.region_code JOIN region g ON g.code = u.region_code
     WHERE x.id = u.parent_id AND x.status = 'active' AND starts_with(g.prefix, a.prefix)
       AND (u.node <> 'department' OR g.code = a.code) FOR SHARE OF x;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', u.parent_id)); END IF;
  END IF;
  u.id := nextval(pg_get_serial_sequence('unit', 'id'));
  u.legal_id := CASE WHEN u.node = 'department' THEN p.legal_id ELSE u.id END;
  u.segment := coalesce(f ->> 'segment', k_next_segment(u.parent_id, u.region_code, u.node));
  IF u.segment !~ '^[0-9]{4,9}$' THEN PERFORM refuse('invalid_input', '{"errors": {"segment": ["required"]}}'); END IF;
  u.scope_path := CASE WHEN u.node = 'department' THEN p.scope_path ELSE u.region_code END || '.' || u.segment;
  IF EXISTS (SELECT 1 FROM unit WHERE scope_path = u.scope_path) THEN
    PERFORM refuse('duplicate_unit', jsonb_build_object('unit', f ->> 'name', 'segment', u.segment));
  END IF;
  u.name := f ->> 'name'; u.short_name := coalesce(f ->> 'short_name', f ->> 'name'); u.uscc := f ->> 'uscc';
  u.nature := coalesce(f ->> 'nature', ''); u.category := coalesce(f ->> 'category', '');
  u.grade := coalesce(f ->> 'grade', ''); u.subordination := coalesce(f ->> 'subordination', '');
  u.body := coalesce(f ->> 'body', p.body, 'organ'); u.status := 'active'; u.not_networked := false;
  u.opened_on := p_on;
  INSERT INTO unit SELECT (u).*;
  v := k_add_version(u, p_on, v_now);
  PERFORM chain_append('unit', u.id, 'unit.opened', p_on, v_now, p_case, k_unit_fields(u, v), u.scope_path);
  PERFORM k_organ_limit(p_case, u.id, f, p_on);
  RETURN u.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_open_unit(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'open_unit'); f jsonb := r.facts::jsonb; v_unit bigint;
BEGIN
  v_unit := k_open_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_unit;
END $$;

-- Refuses to close a unit that has seats, people or units below it, on that day or since.
CREATE OR REPLACE FUNCTION k_empty_unit(u unit, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_busy date;
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_total t JOIN quota_line l ON l.id = t.line_id
      WHERE l.unit_id = u.legal_id AND u.id IN (l.unit_id, l.scope_unit_id) AND (t.occupied > 0 OR t.reserved > 0 OR t.authorised > 0))
    OR EXISTS (SELECT 1 FROM occupancy WHERE department_id = u.id AND recorded_to IS NULL AND ended_on IS NULL)
    OR EXISTS (SELECT 1 FROM unit WHERE parent_id = u.id AND status = 'active') THEN
    PERFORM refuse('unit_not_empty', jsonb_build_object('unit', u.id));
  END IF;
  SELECT max(d) INTO v_busy FROM (
    -- Each by its own index: joined by OR, all seats of the city would be read.
    SELECT ended_on FROM occupancy WHERE unit_id = u.id AND recorded_to IS NULL
    UNION ALL SELECT ended_on FROM occupancy WHERE department_id = u.id AND recorded_to IS NULL
    UNION ALL SELECT q.ended_on FROM quota q JOIN quota_line l ON l.id = q.line_id
      WHERE l.unit_id = u.legal_id AND u.id IN (l.unit_id, l.scope_unit_id) AND q.authorised > 0 AND q.recorded_to IS NULL
    UNION ALL SELECT closed_on FROM unit WHERE parent_id = u.id) x(d);
  IF v_busy > p_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'unit', u.id, 'until', v_busy)); END IF;
END $$;

-- A unit's next version, as the row stands: where it belongs and how it is called and classed from that day on.
CREATE OR REPLACE FUNCTION k_add_version(u unit, p_on date, p_now timestamptz) RETURNS unit_version
LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO unit_version (unit_id, parent_id, region_code, scope_path, name, short_name, uscc, nature, category, grade,
    subordination, body, started_on, recorded_at)
  VALUES (u.id, u.parent_id, u.region_code, u.scope_path, u.name, u.short_name, u.uscc, u.nature, u.category, u.grade,
    u.subordination, u.body, p_on, p_now) RETURNING *
$$;

-- Ends the present version on a day; refused before its first one.
CREATE OR REPLACE FUNCTION k_end_version(p_unit bigint, p_on date, p_now timestamptz, OUT closes bigint, OUT ended bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v unit_version;
BEGIN
  SELECT * INTO v FROM unit_version WHERE unit_id = p_unit AND ended_on IS NULL AND recorded_to IS NULL;
  IF p_on < v.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'unit', p_unit)); END IF;
  UPDATE unit_version SET recorded_to = p_now WHERE id = v.id;
  closes := v.id;
  v.id := nextval(pg_get_serial_sequence('unit_version', 'id')); v.ended_on := p_on; v.recorded_at := p_now;
  INSERT INTO unit_version SELECT (v).*;
  ended := v.id;
END $$;

-- The old version ends, the next one begins, and an entry says so.
CREATE OR REPLACE FUNCTION k_next_version(p_case bigint, u unit, p_type text, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_now timestamptz := clock_timestamp(); e record := k_end_version(u.id, p_on, v_now);
BEGIN
  PERFORM chain_append('unit', u.id, p_type, p_on, v_now, p_case, k_unit_fields(u, k_add_version(u, p_on, v_now))
    || jsonb_build_object('closes', e.closes, 'ended', e.ended), u.scope_path);
END $$;

CREATE OR REPLACE FUNCTION k_active_unit(p_unit bigint) RETURNS unit
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit;
BEGIN
  SELECT * INTO u FROM unit WHERE id = p_unit FOR NO KEY UPDATE;
  IF u.id IS NULL OR u.status = 'closed' THEN PERFORM refuse('not_found', jsonb_build_object('unit', p_unit)); END IF;
  RETURN u;
END $$;

-- 更名、变更规格: whatever the facts name is changed, the rest stays.
CREATE OR REPLACE FUNCTION k_change_unit(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit := k_active_unit((f ->> 'unit')::bigint); v_was text := u.category;
BEGIN
  UPDATE unit SET name = coalesce(f ->> 'name', name), short_name = coalesce(f ->> 'short_name', short_name),
    uscc = coalesce(f ->> 'uscc', uscc), nature = coalesce(f ->> 'nature', nature),
    category = coalesce(f ->> 'category', category), grade = coalesce(f ->> 'grade', grade),
    subordination = coalesce(f ->> 'subordination', subordination) WHERE id = u.id RETURNING * INTO u;
  PERFORM k_next_version(p_case, u, 'unit.changed', p_on);
  IF u.category <> v_was THEN PERFORM k_organ_limit(p_case, u.id, f, p_on); END IF;
END $$;

-- 撤销: a unit that holds seats, people or units ends never; its last entry names the heads of those that succeed it.
CREATE OR REPLACE FUNCTION k_close_unit(p_case bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; e record; v_now timestamptz; v_heirs text;
BEGIN
  -- A body that nobody succeeds takes nothing under way along; one that is merged has said where its cases go.
  IF NOT f ? 'succeeded' AND EXISTS (SELECT 1 FROM unit WHERE id = (f ->> 'unit')::bigint AND legal_id = id) THEN
    PERFORM k_running_hold(p_case, (f ->> 'unit')::bigint, NULL, f ->> 'cases');
  END IF;
  -- Keeps out whoever would enter.
  PERFORM 1 FROM ledger_total WHERE line_id IN (SELECT l.id FROM unit w JOIN quota_line l ON l.unit_id = w.legal_id
    AND w.id IN (l.unit_id, l.scope_unit_id) WHERE w.id = (f ->> 'unit')::bigint) ORDER BY line_id FOR UPDATE;
  SELECT * INTO u FROM unit WHERE id = (f ->> 'unit')::bigint FOR NO KEY UPDATE;
  IF u.id IS NULL OR u.status = 'closed' THEN PERFORM refuse('not_found'); END IF;
  PERFORM k_empty_unit(u, p_on);
  v_now := clock_timestamp();
  e := k_end_version(u.id, p_on, v_now);
  UPDATE unit SET status = 'closed', closed_on = p_on WHERE id = u.id;
  SELECT string_agg(concat_ws(':', c.chain_id, c.sequence, c.hash), ',' ORDER BY c.chain_id) INTO v_heirs FROM ledger_chain c
   WHERE c.chain_kind = 'unit' AND c.chain_id IN (SELECT to_unit_id FROM unit_succession WHERE from_unit_id = u.id AND case_id = p_case);
  PERFORM chain_append('unit', u.id, 'unit.closed', p_on, v_now, p_case, jsonb_build_object('unit', u.id,
    'closes', e.closes, 'ended', e.ended) || jsonb_strip_nulls(jsonb_build_object('successors', v_heirs)), u.scope_path);
END $$;

-- 沿革: who goes on as whom. Both chains say so; the one that ends bears the other's head.
CREATE OR REPLACE FUNCTION k_succeed(p_case bigint, p_from bigint, p_to bigint, p_kind text, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_now timestamptz := clock_timestamp(); v_from text; v_to text;
BEGIN
  SELECT scope_path INTO v_from FROM unit WHERE id = p_from;
  SELECT scope_path INTO v_to FROM unit WHERE id = p_to;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id IN (p_from, p_to) ORDER BY chain_id FOR UPDATE;
  INSERT INTO unit_succession (from_unit_id, to_unit_id, kind, happened_on, case_id, recorded_at, scope_path)
  VALUES (p_from, p_to, p_kind, p_on, p_case, v_now, v_from) RETURNING id INTO v_id;
  PERFORM chain_append('unit', p_to, 'unit.succeeds', p_on, v_now, p_case, jsonb_build_object('succession', v_id,
    'from', p_from, 'kind', p_kind, 'head', (SELECT hash FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = p_from)), v_to);
  PERFORM chain_append('unit', p_from, 'unit.succeeded', p_on, v_now, p_case, jsonb_build_object('succession', v_id,
    'to', p_to, 'kind', p_kind, 'head', (SELECT hash FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = p_to)), v_from);
END $$;

CREATE OR REPLACE FUNCTION ledger_change_unit(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'change_unit'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_change_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

CREATE OR REPLACE FUNCTION ledger_close_unit(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'close_unit'); f jsonb := r.facts::jsonb;
BEGIN
  PERFORM k_close_unit(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
END $$;

DROP FUNCTION IF EXISTS k_revise_unit(bigint, jsonb, boolean);
