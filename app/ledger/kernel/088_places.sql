-- 任一日的机构: which bodies and departments stood on a day, where they stood, how they were called and classed.

-- A unit counts where it stood on the day, as known at the moment. A division's readers see of that day what was in their
-- division then: a body that was given to another division since is there with its name and figures, one that came since is
-- not (docs/establishment.md, "Any day"). Whoever reads by the unit itself (its own people, a competent department, who is
-- named for it) keeps it with its whole past. Units 不上网 are judged as they are today. `own`: its rows are the reader's today,
-- so that people and papers may be asked for. p_inside: departments alone, or none of them; p_units: these alone. What was known
-- (known_at) is written out, for it is asked of every version in the city.
CREATE OR REPLACE FUNCTION day_units(p_on date, p_known timestamptz, p_inside boolean DEFAULT NULL, p_units bigint[] DEFAULT NULL)
RETURNS TABLE (unit_id bigint, legal_id bigint, node text, parent_id bigint, region_code text, scope_path text, name text,
  short_name text, uscc text, nature text, category text, grade text, body text, own boolean, opened_on date, closed_on date)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 5000 SET search_path = public, pg_temp AS $$
  WITH reader AS MATERIALIZED (SELECT scope_ranges(15) AS seen, scope_ranges(16) AS hidden),
  place AS MATERIALIZED (SELECT g.code, coalesce((g.code || '.') <@ r.seen, false) AS seen FROM region g, reader r)
  SELECT u.id, u.legal_id, u.node, v.parent_id, v.region_code,
      CASE WHEN b.seen AND v.region_code <> u.region_code THEN v.region_code || substr(u.scope_path, strpos(u.scope_path, '.'))
        ELSE u.scope_path END,
      v.name, v.short_name, v.uscc, v.nature, v.category, v.grade, v.body, coalesce(u.scope_path <@ r.seen, false), u.opened_on, u.closed_on
    FROM reader r CROSS JOIN unit_version v JOIN unit u ON u.id = v.unit_id
    JOIN place b ON b.code = v.region_code JOIN place n ON n.code = u.region_code
   WHERE (p_inside IS NULL OR (u.node = 'department') = p_inside) AND (p_units IS NULL OR u.id = ANY (p_units)) AND v.started_on <= p_on AND (v.ended_on IS NULL OR v.ended_on > p_on)
     AND CASE WHEN p_known IS NULL THEN v.recorded_to IS NULL
       ELSE v.recorded_at < p_known AND (v.recorded_to IS NULL OR v.recorded_to >= p_known) END
     AND NOT coalesce(u.scope_path <@ r.hidden, true) AND (b.seen OR (NOT n.seen AND u.scope_path <@ r.seen))
$$;

-- What a unit was called on a day, for pages that name one outside the reader's range; never one that is 不上网.
CREATE OR REPLACE FUNCTION unit_called(p_unit bigint, p_on date, p_known timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT v.name FROM unit_version v WHERE v.unit_id = u.id AND v.started_on <= p_on
      AND (v.ended_on IS NULL OR v.ended_on > p_on) AND known_at(v.recorded_at, v.recorded_to, p_known) LIMIT 1), u.name)
    FROM unit u WHERE u.id = p_unit AND (NOT u.not_networked OR u.scope_path <@ scope_ranges(15))
$$;

-- Units whose version changed between two days: numbers of rows, to be looked at by day_units on both.
CREATE OR REPLACE FUNCTION changed_units(p_since date, p_until date) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT v.unit_id), '{}') FROM unit_version v WHERE v.recorded_to IS NULL
    AND ((v.started_on > p_since AND v.started_on <= p_until) OR (v.ended_on > p_since AND v.ended_on <= p_until))
$$;
