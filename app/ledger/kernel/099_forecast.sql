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
-- Of the register, for all rows of a statement at once: a trigger of single columns could not see them together.
CREATE OR REPLACE FUNCTION k_forecast_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_people bigint[] := ARRAY(SELECT n.id FROM was o JOIN is_now n ON n.id = o.id
  WHERE (o.sex, o.birth_on, o.level, o.rank, o.personnel_class, o.scope_path)
    IS DISTINCT FROM (n.sex, n.birth_on, n.level, n.rank, n.personnel_class, n.scope_path));
BEGIN
  IF v_people <> '{}' THEN PERFORM k_forecast(v_people); END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER forecast_person AFTER UPDATE ON person REFERENCING OLD TABLE AS was NEW TABLE AS is_now
  FOR EACH STATEMENT EXECUTE FUNCTION k_forecast_person();

-- Sums by month beside the rows, so that a city's figures are no count of everybody (docs/establishment.md, "Looking ahead").
-- Whoever changes rows adds what it changes as rows of its own and touches nobody else's: no two movements wait for each other
-- here, a trial holds nothing up, and what is rolled back was never counted. The job draws them together.
CREATE OR REPLACE FUNCTION k_due_place(p_path text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.split_part(p_path, '.', 1) COLLATE "C" $$;
CREATE OR REPLACE FUNCTION k_due_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO due_count (what, month, place, personnel_class, n, summed)
    SELECT x.what, date_trunc('month', x.day)::date, k_due_place(d.scope_path), d.personnel_class, count(*), false
      FROM is_now d, LATERAL (VALUES ('birth', d.birth_on), ('early', d.earliest_on), ('law', d.retires_on), ('late', d.latest_on)) x(what, day)
     GROUP BY 1, 2, 3, 4;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO due_count (what, month, place, personnel_class, n, summed)
    SELECT x.what, date_trunc('month', x.day)::date, k_due_place(d.scope_path), d.personnel_class, -count(*), false
      FROM was d, LATERAL (VALUES ('birth', d.birth_on), ('early', d.earliest_on), ('law', d.retires_on), ('late', d.latest_on)) x(what, day)
     GROUP BY 1, 2, 3, 4;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER due_counted_in AFTER INSERT ON due_retirement REFERENCING NEW TABLE AS is_now FOR EACH STATEMENT
  EXECUTE FUNCTION k_due_counted();
CREATE OR REPLACE TRIGGER due_counted_out AFTER DELETE ON due_retirement REFERENCING OLD TABLE AS was FOR EACH STATEMENT
  EXECUTE FUNCTION k_due_counted();
CREATE OR REPLACE TRIGGER due_counted_anew AFTER UPDATE ON due_retirement REFERENCING OLD TABLE AS was NEW TABLE AS is_now
  FOR EACH STATEMENT EXECUTE FUNCTION k_due_counted();

-- All sums from the rows themselves, in one statement, that is one view of the table: what others add meanwhile is in neither.
CREATE OR REPLACE FUNCTION k_due_recount() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(740101);
  WITH gone AS (DELETE FROM due_count)
  INSERT INTO due_count (what, month, place, personnel_class, n, summed)
  SELECT x.what, date_trunc('month', x.day)::date, k_due_place(d.scope_path), d.personnel_class, count(*), true
    FROM due_retirement d, LATERAL (VALUES ('birth', d.birth_on), ('early', d.earliest_on), ('law', d.retires_on), ('late', d.latest_on)) x(what, day)
   GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
END $$;
CREATE OR REPLACE FUNCTION k_due_sum() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k_due_recount() WHERE (SELECT count(*) FROM (SELECT 1 FROM due_count WHERE NOT summed LIMIT 20001) x) > 20000
$$;

CREATE OR REPLACE FUNCTION k_forecast_rebuild() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM due_retirement;
  SELECT k_forecast(ARRAY(SELECT person_id FROM occupancy WHERE kind = 'establishment' AND recorded_to IS NULL
    AND ended_on IS NULL));
  SELECT k_due_recount()
$$;
-- A city that had people before it had a forecast, or a forecast before it had sums.
SELECT k_forecast_rebuild() WHERE NOT EXISTS (SELECT 1 FROM due_retirement) AND EXISTS (SELECT 1 FROM occupancy);
SELECT k_due_recount() WHERE NOT EXISTS (SELECT 1 FROM due_count) AND EXISTS (SELECT 1 FROM due_retirement);

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

-- How many days of one kind (birth, early, law, late) lie in each span between these, numbered from 1. Where the place is made
-- of whole divisions, whole months are sums; what remains is counted one by one: the people of months that a span's end cuts
-- through, and, taken away again, the bodies inside that the reader does not see (不上网).
CREATE OR REPLACE FUNCTION k_due(p_what text, p_low text, p_high text, p_days date[]) RETURNS TABLE (span int, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
DECLARE
  v_in textmultirange := scope_ranges(14); v_of text[] := k_forecast_classes(); v_one boolean := k_one_range(v_in);
  v_low text := greatest(p_low, lower(v_in) COLLATE "C"); v_high text := least(p_high, upper(v_in) COLLATE "C");
  v_day text := CASE p_what WHEN 'birth' THEN 'birth_on' WHEN 'early' THEN 'earliest_on' WHEN 'law' THEN 'retires_on' ELSE 'latest_on' END;
  v_holes textrange[]; v_cut date[]; v_single date[]; v_from date := p_days[1]; v_to date := p_days[cardinality(p_days)];
BEGIN
  IF v_low >= v_high OR v_low IS NULL THEN RETURN; END IF;
  v_holes := ARRAY(SELECT unnest(textmultirange(textrange(v_low, v_high)) - v_in));
  -- A path is its division's code, a dot and what follows: bounds without dots part divisions from each other.
  IF strpos(v_low || v_high, '.') > 0 OR cardinality(v_holes) > 50 THEN
    RETURN QUERY EXECUTE format('SELECT width_bucket(d.%1$I, $1), count(*) FROM due_retirement d WHERE d.%1$I >= $2 AND d.%1$I < $3
      AND d.scope_path >= $4 AND d.scope_path < $5 AND d.personnel_class = ANY ($6) AND ($7 OR coalesce(d.scope_path <@ $8, false)) GROUP BY 1', v_day)
      USING p_days, v_from, v_to, v_low, v_high, v_of, v_one, v_in;
    RETURN;
  END IF;
  v_cut := ARRAY(SELECT DISTINCT date_trunc('month', d)::date FROM unnest(p_days) d WHERE d <> date_trunc('month', d));
  v_single := ARRAY(SELECT m + i FROM unnest(v_cut) m, generate_series(0, 30) i WHERE date_trunc('month', m + i) = m AND m + i >= v_from AND m + i < v_to);
  RETURN QUERY EXECUTE format('SELECT x.s, sum(x.c)::bigint FROM (
    SELECT width_bucket(c.month, $1) AS s, sum(c.n) AS c FROM due_count c WHERE c.what = $9 AND c.month >= $2 AND c.month < $3
      AND c.month <> ALL ($10) AND c.place >= $4 AND c.place < $5 AND c.personnel_class = ANY ($6) GROUP BY 1
    UNION ALL SELECT width_bucket(d.%1$I, $1), count(*) FROM due_retirement d WHERE d.%1$I = ANY ($12) AND d.scope_path >= $4
      AND d.scope_path < $5 AND d.personnel_class = ANY ($6) AND ($7 OR coalesce(d.scope_path <@ $8, false)) GROUP BY 1
    UNION ALL SELECT width_bucket(d.%1$I, $1), -count(*) FROM unnest($11) h JOIN due_retirement d ON d.scope_path >= lower(h) COLLATE "C"
      AND d.scope_path < upper(h) COLLATE "C" WHERE d.%1$I >= $2 AND d.%1$I < $3 AND date_trunc(''month'', d.%1$I)::date <> ALL ($10)
        AND d.personnel_class = ANY ($6) GROUP BY 1) x GROUP BY 1 HAVING sum(x.c) <> 0', v_day)
    USING p_days, v_from, v_to, v_low, v_high, v_of, v_one, v_in, p_what, v_cut, v_holes, v_single;
END $$;

-- By month, by law.
CREATE OR REPLACE FUNCTION forecast_months(p_low text, p_high text, p_from date, p_to date)
RETURNS TABLE (month date, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH days AS (SELECT p_from || array_agg(m::date ORDER BY m) AS d FROM generate_series(date_trunc('month', p_from) + interval '1 month',
    date_trunc('month', p_to - 1) + interval '1 month', interval '1 month') m)
  SELECT date_trunc('month', d[x.span])::date, x.n FROM days, k_due('law', p_low, p_high, d[:cardinality(d) - 1] || p_to) x
$$;

-- How many in each span between the days, numbered from 1: as early, and as late, as everybody may.
DROP FUNCTION IF EXISTS forecast_band(text, text, date[]);
CREATE OR REPLACE FUNCTION forecast_band(p_low text, p_high text, p_days date[])
RETURNS TABLE (span int, earliest bigint, latest bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT span, coalesce(e.n, 0), coalesce(t.n, 0) FROM k_due('early', p_low, p_high, p_days) e
    FULL JOIN k_due('late', p_low, p_high, p_days) t USING (span)
$$;

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

-- Ages of those who sit, in bands of five years; whoever is older than a hundred is in the last.
CREATE OR REPLACE FUNCTION forecast_ages(p_low text, p_high text) RETURNS TABLE (band int, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH days AS (SELECT array_agg((kernel_today() - make_interval(years => 5 * y))::date + 1 ORDER BY y DESC) AS d
    FROM generate_series(1, 20) y)
  SELECT (21 - x.span) * 5, x.n FROM days, k_due('birth', p_low, p_high, DATE '1850-01-01' || d || DATE '2200-01-01') x ORDER BY 1
$$;

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
