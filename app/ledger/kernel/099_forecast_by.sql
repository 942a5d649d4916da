-- 到龄预测，按人员类别、性别、干部身份: the figures of 099_forecast.sql for some of the people. Who asks for everybody asks there.

-- Whether somebody is of the class asked for: worker (工勤 lines), senior (县处级以上, 高级专家), cadre (who is neither); '' any.
CREATE OR REPLACE FUNCTION k_cadre_is(p_class text, p_category text, p_level text, p_rank text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT p_class = '' OR p_class = CASE WHEN p_category IN ('13', '23') THEN 'worker'
    WHEN coalesce(p_level ~ '^01(0|1|2|3)', false) OR coalesce(p_rank ~ '^03[12]', false) THEN 'senior' ELSE 'cadre' END
$$;

-- By line and month: the day by law, as early and as late as they may; `overdue` whose day lies before today.
CREATE OR REPLACE FUNCTION forecast_cells(p_low text, p_high text, p_from date, p_to date, p_categories text[], p_sex text, p_cadre text)
RETURNS TABLE (kind text, line_id bigint, month date, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
BEGIN
  RETURN QUERY WITH seen AS MATERIALIZED (SELECT d.line_id AS line, d.earliest_on, d.retires_on, d.latest_on FROM due_retirement d
      JOIN quota_line l ON l.id = d.line_id AND (cardinality(p_categories) = 0 OR l.category = ANY (p_categories))
      JOIN person p ON p.id = d.person_id AND (p_sex = '' OR p.sex = p_sex)
     WHERE d.earliest_on < p_to AND d.scope_path >= v_low AND d.scope_path < v_high AND d.personnel_class = ANY (v_of)
       AND (v_one OR coalesce(d.scope_path <@ v_in, false)) AND k_cadre_is(p_cadre, l.category, p.level, p.rank))
    SELECT x.k, x.line, date_trunc('month', x.day::timestamp)::date, count(*) FROM (
      SELECT 'law' AS k, s.line, s.retires_on AS day FROM seen s WHERE s.retires_on >= p_from AND s.retires_on < p_to
      UNION ALL SELECT 'early', s.line, s.earliest_on FROM seen s WHERE s.earliest_on >= p_from
      UNION ALL SELECT 'late', s.line, s.latest_on FROM seen s WHERE s.latest_on >= p_from AND s.latest_on < p_to
      UNION ALL SELECT 'overdue', s.line, p_from FROM seen s WHERE s.retires_on < p_from) x GROUP BY 1, 2, 3;
END $$;

-- 年龄结构: how many of each band of five years and sex sit, and their years together.
CREATE OR REPLACE FUNCTION forecast_shape(p_low text, p_high text, p_categories text[], p_sex text, p_cadre text)
RETURNS TABLE (band int, sex text, n bigint, years bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
BEGIN
  RETURN QUERY SELECT x.age / 5 * 5, x.s, count(*), sum(x.age)::bigint FROM (
    SELECT extract(year FROM age(kernel_today(), d.birth_on))::int AS age, p.sex AS s FROM due_retirement d
      JOIN quota_line l ON l.id = d.line_id AND (cardinality(p_categories) = 0 OR l.category = ANY (p_categories))
      JOIN person p ON p.id = d.person_id AND (p_sex = '' OR p.sex = p_sex)
     WHERE d.scope_path >= v_low AND d.scope_path < v_high AND d.personnel_class = ANY (v_of)
       AND (v_one OR coalesce(d.scope_path <@ v_in, false)) AND k_cadre_is(p_cadre, l.category, p.level, p.rank)) x
    GROUP BY 1, 2 ORDER BY 1, 2;
END $$;

-- The people behind a figure, the next first.
CREATE OR REPLACE FUNCTION forecast_people_by(p_low text, p_high text, p_from date, p_to date, p_categories text[], p_sex text,
  p_cadre text, p_day date, p_after bigint, p_limit int)
RETURNS TABLE (person_id bigint, line_id bigint, earliest_on date, retires_on date, latest_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes();
BEGIN
  RETURN QUERY SELECT d.person_id, d.line_id, d.earliest_on, d.retires_on, d.latest_on FROM due_retirement d
      JOIN quota_line l ON l.id = d.line_id AND (cardinality(p_categories) = 0 OR l.category = ANY (p_categories))
      JOIN person p ON p.id = d.person_id AND (p_sex = '' OR p.sex = p_sex)
     WHERE d.retires_on >= p_from AND d.retires_on < p_to AND d.scope_path >= p_low AND d.scope_path < p_high
       AND d.personnel_class = ANY (v_of) AND coalesce(d.scope_path <@ v_in, false)
       AND k_cadre_is(p_cadre, l.category, p.level, p.rank) AND (p_day IS NULL OR (d.retires_on, d.person_id) > (p_day, p_after))
     ORDER BY d.retires_on, d.person_id LIMIT least(p_limit, 5001);
END $$;
