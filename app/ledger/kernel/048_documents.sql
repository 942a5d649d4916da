-- The bodies' documents: 合署、两块牌子、加挂牌子, 机构限额, 三定, earlier 沿革. The k_ functions do the work, for a case or a bundle.

-- How many bodies of a class a division has on a day, counted as the documents say: 合署 that counts as one is one body,
-- a second full name that does not count as one is a body more, 加挂牌子 never is. Of the reader's rows; the kernel sees all.
CREATE OR REPLACE FUNCTION bodies_by_region(p_category text, p_on date) RETURNS TABLE (region_code text, bodies int)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH there AS MATERIALIZED (SELECT u.id, v.region_code FROM unit u JOIN unit_version v ON v.unit_id = u.id AND v.recorded_to IS NULL
        AND v.started_on <= p_on AND (v.ended_on IS NULL OR v.ended_on > p_on)
      WHERE u.node = 'legal' AND (p_category = '' OR v.category = p_category)),
    boards AS (SELECT s.* FROM unit_signboard s JOIN unit h ON h.id = s.unit_id WHERE s.recorded_to IS NULL
      AND s.started_on <= p_on AND (s.ended_on IS NULL OR s.ended_on > p_on) AND (h.closed_on IS NULL OR h.closed_on > p_on)),
    parts AS (SELECT t.region_code, count(*) AS n FROM there t GROUP BY 1
      UNION ALL SELECT t.region_code, -count(DISTINCT b.partner_id) FROM boards b JOIN there t ON t.id = b.partner_id
        WHERE b.kind = 'co_located' AND b.counts_as_one GROUP BY 1
      UNION ALL SELECT t.region_code, count(*) FROM boards b JOIN there t ON t.id = b.unit_id
        WHERE b.kind = 'two_names' AND NOT b.counts_as_one GROUP BY 1)
  SELECT p.region_code, sum(p.n)::int FROM parts p GROUP BY 1
$$;
CREATE OR REPLACE FUNCTION bodies_counted(p_region text, p_category text, p_on date) RETURNS int
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT bodies FROM bodies_by_region(p_category, p_on) WHERE region_code = p_region), 0)
$$;

-- 机构限额: refused with the figures where a body too many would be there, but for a case that names the upper level's
-- approval. Whoever opens, splits or upgrades asks; the division's row is the lock.
CREATE OR REPLACE FUNCTION k_organ_limit(p_case bigint, p_unit bigint, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; m organ_limit; v_count int;
BEGIN
  SELECT * INTO u FROM unit WHERE id = p_unit AND node = 'legal';
  IF NOT FOUND OR coalesce(f ->> 'over_limit_no', '') <> '' OR EXISTS (SELECT 1 FROM case_record WHERE case_id = p_case
      AND coalesce(facts::jsonb ->> 'over_limit_no', '') <> '') THEN RETURN; END IF;
  PERFORM 1 FROM region WHERE code = u.region_code FOR UPDATE;
  SELECT * INTO m FROM organ_limit WHERE region_code = u.region_code AND category = u.category AND recorded_to IS NULL
    AND started_on <= p_on AND (ended_on IS NULL OR ended_on > p_on);
  IF NOT FOUND THEN RETURN; END IF;
  v_count := bodies_counted(u.region_code, u.category, p_on);
  IF v_count > m.most THEN
    PERFORM refuse('organ_limit', jsonb_build_object('region', u.region_code, 'category', u.category, 'most', m.most,
      'bodies', v_count, 'document_no', m.document_no));
  END IF;
END $$;

-- A limit by its document; the next one ends the one before. What stands already is not refused: it is over the limit.
CREATE OR REPLACE FUNCTION ledger_organ_limit(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'organ_limit'); f jsonb := r.facts::jsonb; v_on date := k_day((f ->> 'start')::date);
  m organ_limit; v_id bigint; v_now timestamptz := clock_timestamp();
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF coalesce((f ->> 'most')::int, -1) NOT BETWEEN 0 AND 9999 OR coalesce(f ->> 'category', '') = '' THEN
    PERFORM refuse('invalid_input', '{"errors": {"most": ["required"]}}');
  END IF;
  PERFORM 1 FROM region WHERE code = f ->> 'region' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('region', f ->> 'region')); END IF;
  SELECT * INTO m FROM organ_limit WHERE region_code = f ->> 'region' AND category = f ->> 'category' AND ended_on IS NULL
    AND recorded_to IS NULL;
  IF FOUND THEN
    IF v_on < m.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_on)); END IF;
    UPDATE organ_limit SET recorded_to = v_now WHERE id = m.id;
    INSERT INTO organ_limit (region_code, category, most, document_no, issuer, started_on, ended_on, recorded_at, case_id)
    VALUES (m.region_code, m.category, m.most, m.document_no, m.issuer, m.started_on, v_on, v_now, m.case_id);
  END IF;
  INSERT INTO organ_limit (region_code, category, most, document_no, issuer, started_on, recorded_at, case_id)
  VALUES (f ->> 'region', f ->> 'category', (f ->> 'most')::int, f ->> 'document_no', coalesce(f ->> 'issuer', ''), v_on, v_now,
    p_case) RETURNING id INTO v_id;
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- A legal body that is there, held against its closing.
CREATE OR REPLACE FUNCTION k_body(p_unit bigint) RETURNS unit
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit;
BEGIN
  SELECT * INTO u FROM unit WHERE id = p_unit AND node = 'legal' AND status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', p_unit)); END IF;
  RETURN u;
END $$;

-- 合署、两块牌子、加挂牌子: put up (``signboard_kind``, ``board_name`` or ``partner``, ``counts``), or taken down (``signboard``).
CREATE OR REPLACE FUNCTION k_signboard(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit; b unit_signboard; n unit_signboard; v_now timestamptz; v_partner bigint := (f ->> 'partner')::bigint; v_kind text := f ->> 'signboard_kind';
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  PERFORM 1 FROM unit WHERE id IN ((f ->> 'unit')::bigint, v_partner) ORDER BY id FOR NO KEY UPDATE;
  u := k_body((f ->> 'unit')::bigint); v_now := clock_timestamp();
  IF f ->> 'signboard' IS NOT NULL THEN
    SELECT * INTO b FROM unit_signboard WHERE id = (f ->> 'signboard')::bigint AND unit_id = u.id AND ended_on IS NULL
      AND recorded_to IS NULL FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('signboard', f ->> 'signboard')); END IF;
    IF p_on < b.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on)); END IF;
    UPDATE unit_signboard SET recorded_to = v_now WHERE id = b.id;
    n := b; n.id := nextval(pg_get_serial_sequence('unit_signboard', 'id')); n.ended_on := p_on; n.recorded_at := v_now;
    INSERT INTO unit_signboard SELECT (n).*;
    PERFORM chain_append('unit', u.id, 'signboard.ended', p_on, v_now, p_case, jsonb_build_object('closes', b.id,
      'signboard', n.id, 'name', b.name, 'kind', b.kind, 'document_no', f ->> 'document_no'), u.scope_path);
  ELSE
    IF v_kind = 'co_located' THEN
      n.name := (k_body(v_partner)).name;
      -- Who shares a roof already is not a second host: the group has one.
      IF v_partner = u.id OR EXISTS (SELECT 1 FROM unit_signboard WHERE kind = 'co_located' AND ended_on IS NULL
          AND recorded_to IS NULL AND (partner_id IN (u.id, v_partner) OR unit_id = v_partner)) THEN
        PERFORM refuse('co_located_twice', jsonb_build_object('unit', u.name, 'partner', n.name));
      END IF;
    ELSE n.name := nullif(btrim(f ->> 'board_name'), ''); v_partner := NULL;
    END IF;
    IF n.name IS NULL OR coalesce(v_kind, '') NOT IN ('co_located', 'two_names', 'plate')
      OR coalesce(f ->> 'counts', '') NOT IN ('yes', 'no') OR (v_kind = 'plate' AND f ->> 'counts' = 'no') THEN
      PERFORM refuse('invalid_input', '{"errors": {"counts": ["required"]}}');
    ELSIF n.name = u.name OR EXISTS (SELECT 1 FROM unit_signboard WHERE unit_id = u.id AND name = n.name AND ended_on IS NULL
        AND recorded_to IS NULL) THEN
      PERFORM refuse('duplicate_unit', jsonb_build_object('unit', n.name));
    ELSIF p_on < u.opened_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on));
    END IF;
    INSERT INTO unit_signboard (unit_id, kind, name, partner_id, counts_as_one, document_no, issuer, started_on, recorded_at,
      scope_path)
    VALUES (u.id, v_kind, n.name, v_partner, f ->> 'counts' = 'yes', f ->> 'document_no', coalesce(f ->> 'issuer', ''), p_on,
      v_now, u.scope_path) RETURNING * INTO n;
    PERFORM chain_append('unit', u.id, 'signboard.set', p_on, v_now, p_case, jsonb_build_object('signboard', n.id, 'kind', n.kind,
      'name', n.name, 'partner', n.partner_id, 'counts', n.counts_as_one::int, 'document_no', n.document_no, 'issuer', n.issuer),
      u.scope_path);
  END IF;
  -- A name that counts, or a roof no longer shared, is a body more.
  PERFORM k_organ_limit(p_case, coalesce(n.partner_id, u.id), f, p_on);
  RETURN n.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_signboard(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'signboard'); v_id bigint;
BEGIN
  v_id := k_signboard(p_case, r.facts::jsonb, k_day((r.facts::jsonb ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- The four lists of a 三定 as one text; each is a JSON list of flat rows in its own fact (app/domain/sanding.py).
CREATE OR REPLACE FUNCTION k_sanding_content(f jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE v_out jsonb := '{}'; v_rows jsonb; v_part text;
BEGIN
  FOREACH v_part IN ARRAY ARRAY['duties', 'departments', 'quotas', 'leaders'] LOOP
    v_rows := coalesce(nullif(f ->> v_part, ''), '[]')::jsonb;
    IF jsonb_typeof(v_rows) <> 'array' OR EXISTS (SELECT 1 FROM jsonb_array_elements(v_rows) x WHERE jsonb_typeof(x) <> 'object') THEN
      PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(v_part, '["format"]'::jsonb)));
    END IF;
    IF EXISTS (SELECT 1 FROM jsonb_array_elements(v_rows) x WHERE NOT coalesce(CASE v_part WHEN 'duties' THEN x ->> 'text' <> ''
        WHEN 'departments' THEN x ->> 'name' <> '' WHEN 'quotas' THEN x ->> 'category' <> '' AND x ->> 'number' ~ '^[0-9]{1,5}$'
        ELSE x ->> 'scope' IN ('unit', 'department') AND x ->> 'role' <> '' AND x ->> 'number' ~ '^[0-9]{1,5}$' END, false)) THEN
      PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(v_part, '["format"]'::jsonb)));
    END IF;
    v_out := v_out || jsonb_build_object(v_part, v_rows);
  END LOOP;
  IF jsonb_array_length(v_out -> 'duties') = 0 THEN
    PERFORM refuse('invalid_input', '{"errors": {"duties": ["required"]}}');
  END IF;
  RETURN v_out::text;
END $$;

-- 三定规定 published: the version before ends on the day on which this one begins.
CREATE OR REPLACE FUNCTION k_sanding(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit := k_body((f ->> 'unit')::bigint); old sanding; n sanding; v_now timestamptz := clock_timestamp(); v_ended bigint;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF p_on < u.opened_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on)); END IF;
  SELECT * INTO old FROM sanding WHERE unit_id = u.id AND ended_on IS NULL AND recorded_to IS NULL FOR UPDATE;
  IF FOUND THEN
    IF p_on < old.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on)); END IF;
    UPDATE sanding SET recorded_to = v_now WHERE id = old.id;
    n := old; n.id := nextval(pg_get_serial_sequence('sanding', 'id')); n.ended_on := p_on; n.recorded_at := v_now;
    INSERT INTO sanding SELECT (n).*;
    v_ended := n.id;
  END IF;
  INSERT INTO sanding (unit_id, content, document_no, issuer, started_on, recorded_at, case_id, scope_path)
  VALUES (u.id, k_sanding_content(f), f ->> 'document_no', coalesce(f ->> 'issuer', ''), p_on, v_now, p_case, u.scope_path)
  RETURNING * INTO n;
  PERFORM chain_append('unit', u.id, 'sanding.published', p_on, v_now, p_case, jsonb_build_object('sanding', n.id,
    'content', n.content, 'document_no', n.document_no, 'issuer', n.issuer, 'closes', old.id, 'ended', v_ended), u.scope_path);
  RETURN n.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_sanding(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'sanding'); v_id bigint;
BEGIN
  v_id := k_sanding(p_case, r.facts::jsonb, k_day((r.facts::jsonb ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- 早期沿革: what documents say of the years before the ledger; rows of a case that two people stand for, no entry.
CREATE OR REPLACE FUNCTION ledger_duties(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'duties'); f jsonb := r.facts::jsonb; u unit := k_body((f ->> 'unit')::bigint);
  v_first date := (SELECT k_city_day(min(recorded_at)) FROM ledger_entry WHERE chain_kind = 'unit'
    AND chain_id = (f ->> 'unit')::bigint);
BEGIN
  IF EXISTS (SELECT 1 FROM jsonb_array_elements((f ->> 'past')::jsonb) x WHERE NOT coalesce((x ->> 'day')::date <= v_first, false)) THEN
    PERFORM refuse('bad_day', jsonb_build_object('day', v_first));
  END IF;
  INSERT INTO unit_past (unit_id, on_day, document_no, document_name, unit_name, parent_name, detail, case_id, scope_path)
  SELECT u.id, (x ->> 'day')::date, coalesce(x ->> 'document_no', ''), coalesce(x ->> 'document', ''), coalesce(x ->> 'name', ''),
    coalesce(x ->> 'parent', ''), coalesce(x ->> 'detail', ''), p_case, u.scope_path
    FROM jsonb_array_elements((f ->> 'past')::jsonb) x;
  PERFORM k_effected(p_case);
END $$;
