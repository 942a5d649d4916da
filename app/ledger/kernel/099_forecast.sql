-- 到龄预测: whoever sits on a seat with the days between which he retires, kept by triggers; what is counted of it.

-- The rows of these people anew: one for each who sits, none for whoever sits no more. Derived from seat and register, in no
-- chain, and rebuilt whole by k_forecast_rebuild (tests/queries/test_forecast.py compares).
-- 弹性提前 up to 36 months, not before the former age; 弹性延迟 up to 36 months, but not for civil servants, leaders and
-- managers (《实施弹性退休制度暂行办法》第二条、第四条).
CREATE OR REPLACE FUNCTION k_forecast(p_people bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM due_retirement d WHERE d.person_id = ANY (p_people) AND NOT EXISTS (SELECT 1 FROM occupancy o
    WHERE o.person_id = d.person_id AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL);
  INSERT INTO due_retirement (person_id, line_id, birth_on, earliest_on, retires_on, latest_on, personnel_class, scope_path)
  SELECT x.id, x.line, x.birth_on,
    greatest(k_add_months(x.birth_on, x.age), k_add_months(x.retires, -36)), x.retires,
    CASE WHEN x.bound THEN x.retires ELSE k_add_months(x.retires, 36) END, x.class, x.scope FROM (
    SELECT p.id, l.id AS line, p.birth_on, p.personnel_class AS class, p.scope_path AS scope,
      k_retires_on(p.sex, p.birth_on, l.category IN ('13', '23'), s.senior) AS retires,
      CASE WHEN p.sex = '1' OR s.senior THEN 720 WHEN l.category IN ('13', '23') THEN 600 ELSE 660 END AS age,
      p.personnel_class = 'civil' OR l.structure = 'management' OR coalesce(p.level ~ '^01[0-4]', false) AS bound
    FROM person p JOIN occupancy o ON o.person_id = p.id AND o.kind = 'establishment' AND o.recorded_to IS NULL
      AND o.ended_on IS NULL JOIN quota_line l ON l.id = o.line_id,
      LATERAL (SELECT coalesce(p.level ~ '^01(0|1|2|3)' OR p.rank ~ '^03[12]', false) AS senior) s
    WHERE p.id = ANY (p_people) AND p.sex IN ('1', '2')) x
  ON CONFLICT (person_id) DO UPDATE SET line_id = excluded.line_id, birth_on = excluded.birth_on,
    earliest_on = excluded.earliest_on, retires_on = excluded.retires_on, latest_on = excluded.latest_on,
    personnel_class = excluded.personnel_class, scope_path = excluded.scope_path
$$;
CREATE OR REPLACE FUNCTION k_add_months(p_on date, p_months int) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$ SELECT (p_on + make_interval(months => p_months))::date $$;

CREATE OR REPLACE FUNCTION k_forecast_seats() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_forecast(ARRAY(SELECT DISTINCT person_id FROM made WHERE kind = 'establishment' AND recorded_to IS NULL));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER forecast_seats AFTER INSERT ON occupancy REFERENCING NEW TABLE AS made FOR EACH STATEMENT
  EXECUTE FUNCTION k_forecast_seats();
CREATE OR REPLACE FUNCTION k_forecast_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_forecast(ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER forecast_person AFTER UPDATE OF sex, birth_on, level, rank, personnel_class, scope_path ON person
  FOR EACH ROW WHEN ((OLD.sex, OLD.birth_on, OLD.level, OLD.rank, OLD.personnel_class, OLD.scope_path)
    IS DISTINCT FROM (NEW.sex, NEW.birth_on, NEW.level, NEW.rank, NEW.personnel_class, NEW.scope_path))
  EXECUTE FUNCTION k_forecast_person();

CREATE OR REPLACE FUNCTION k_forecast_rebuild() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM due_retirement;
  SELECT k_forecast(ARRAY(SELECT person_id FROM occupancy WHERE kind = 'establishment' AND recorded_to IS NULL
    AND ended_on IS NULL))
$$;
-- A city that had people before it had a forecast.
SELECT k_forecast_rebuild() WHERE NOT EXISTS (SELECT 1 FROM due_retirement) AND EXISTS (SELECT 1 FROM occupancy);

-- Whose retirements the identity may see: its ranges and personnel classes, and the register.
CREATE OR REPLACE FUNCTION k_forecast_classes() RETURNS text[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN NOT coalesce(scope_can('register'), false) THEN '{}'
    ELSE coalesce(string_to_array(scope_part(10), ','), '{civil,public,support,other}') END
$$;

DROP FUNCTION IF EXISTS forecast_months(text, text, date, date);
CREATE OR REPLACE FUNCTION k_one_range(p_in textmultirange) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$ SELECT p_in = textmultirange(range_merge(p_in)) $$;

-- What follows counts inside a place and the reader's ranges. Where those are one range, two comparisons say so; the
-- containment in several costs more, and is asked of a reader alone who has them.

-- By month, by law.
CREATE OR REPLACE FUNCTION forecast_months(p_low text, p_high text, p_from date, p_to date)
RETURNS TABLE (month date, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE
  v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
BEGIN
  RETURN QUERY SELECT date_trunc('month', x.day::timestamp)::date, sum(x.c)::bigint FROM (
    SELECT d.retires_on AS day, count(*) AS c FROM due_retirement d
     WHERE d.retires_on >= p_from AND d.retires_on < p_to AND d.scope_path >= v_low AND d.scope_path < v_high
       AND d.personnel_class = ANY (v_of) AND (v_one OR coalesce(d.scope_path <@ v_in, false)) GROUP BY 1) x GROUP BY 1;
END $$;

-- How many in each span between the days, numbered from 1: as early, and as late, as everybody may.
CREATE OR REPLACE FUNCTION forecast_band(p_low text, p_high text, p_days date[])
RETURNS TABLE (span int, earliest bigint, latest bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE
  v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
  v_from date := p_days[1]; v_to date := p_days[cardinality(p_days)];
BEGIN
  RETURN QUERY SELECT x.s, sum(x.e)::bigint, sum(x.t)::bigint FROM (
    SELECT width_bucket(d.earliest_on, p_days) AS s, count(*) AS e, 0 AS t FROM due_retirement d
     WHERE d.earliest_on >= v_from AND d.earliest_on < v_to AND d.scope_path >= v_low AND d.scope_path < v_high
       AND d.personnel_class = ANY (v_of) AND (v_one OR coalesce(d.scope_path <@ v_in, false)) GROUP BY 1
    UNION ALL
    SELECT width_bucket(d.latest_on, p_days), 0, count(*) FROM due_retirement d
     WHERE d.latest_on >= v_from AND d.latest_on < v_to AND d.scope_path >= v_low AND d.scope_path < v_high
       AND d.personnel_class = ANY (v_of) AND (v_one OR coalesce(d.scope_path <@ v_in, false)) GROUP BY 1) x GROUP BY 1;
END $$;

-- Each line's retirements by law in each span between the days, as an object of span and number.
CREATE OR REPLACE FUNCTION forecast_lines(p_low text, p_high text, p_days date[])
RETURNS TABLE (line_id bigint, spans jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE
  v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
  v_from date := p_days[1]; v_to date := p_days[cardinality(p_days)];
BEGIN
  RETURN QUERY SELECT x.l, jsonb_object_agg(x.s, x.n) FROM (
    SELECT d.line_id AS l, width_bucket(d.retires_on, p_days) AS s, count(*) AS n FROM due_retirement d
     WHERE d.retires_on >= v_from AND d.retires_on < v_to AND d.scope_path >= v_low AND d.scope_path < v_high
       AND d.personnel_class = ANY (v_of) AND (v_one OR coalesce(d.scope_path <@ v_in, false)) GROUP BY 1, 2) x GROUP BY 1;
END $$;

-- 到龄未退: whose day lies before this one.
CREATE OR REPLACE FUNCTION forecast_overdue(p_low text, p_high text, p_until date) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
BEGIN
  RETURN (SELECT count(*) FROM due_retirement d WHERE d.retires_on < p_until AND d.scope_path >= v_low AND d.scope_path < v_high
    AND d.personnel_class = ANY (v_of) AND (v_one OR coalesce(d.scope_path <@ v_in, false)));
END $$;

-- Ages of those who sit, in bands of five years.
CREATE OR REPLACE FUNCTION forecast_ages(p_low text, p_high text) RETURNS TABLE (band int, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
  v_days date[] := ARRAY(SELECT (kernel_today() - make_interval(years => 5 * y))::date + 1 FROM generate_series(20, 1, -1) y);
BEGIN
  RETURN QUERY SELECT (20 - x.b) * 5, x.c FROM (
    SELECT width_bucket(d.birth_on, v_days) AS b, count(*) AS c FROM due_retirement d
     WHERE d.scope_path >= v_low AND d.scope_path < v_high AND d.personnel_class = ANY (v_of)
       AND (v_one OR coalesce(d.scope_path <@ v_in, false)) GROUP BY 1) x ORDER BY 1;
END $$;

-- The people behind a figure, the next first; their names come from the reader's own rows.
CREATE OR REPLACE FUNCTION forecast_people(p_low text, p_high text, p_from date, p_to date, p_category text, p_day date,
  p_after bigint, p_limit int)
RETURNS TABLE (person_id bigint, line_id bigint, earliest_on date, retires_on date, latest_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes();
BEGIN
  RETURN QUERY SELECT d.person_id, d.line_id, d.earliest_on, d.retires_on, d.latest_on FROM due_retirement d
     WHERE d.retires_on >= p_from AND d.retires_on < p_to AND d.scope_path >= p_low AND d.scope_path < p_high
       AND d.personnel_class = ANY (v_of) AND coalesce(d.scope_path <@ v_in, false)
       AND (p_category = '' OR EXISTS (SELECT 1 FROM quota_line l WHERE l.id = d.line_id AND l.category = p_category))
       AND (p_day IS NULL OR (d.retires_on, d.person_id) > (p_day, p_after))
     ORDER BY d.retires_on, d.person_id LIMIT least(p_limit, 5001);
END $$;
