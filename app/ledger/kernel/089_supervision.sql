-- 效能监督: how long things took, and what waits, by office and by process.

-- Whose figures the identity may count: '' for everything in its ranges (编办, 纪检监察、审计), its own office for the head
-- of another, nothing for everybody else.
CREATE OR REPLACE FUNCTION k_supervises() RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN scope_part(3) = 'inspector' OR (scope_part(3) IN ('office_member', 'office_head')
      AND scope_part(9) = 'establishment') THEN '' WHEN scope_part(3) = 'office_head' THEN scope_part(7) END
$$;

-- Months that are over are counted once, by the job; a record that goes (a decision taken back) makes its month raw again.
CREATE OR REPLACE FUNCTION k_sum_months() RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO time_month (month, region, whole, office_id, process, spent, timely, number)
  SELECT date_trunc('month', t.closed_on)::date, split_part(t.scope_path, '.', 1), t.task_id IS NULL,
    coalesce(t.office_id, 0), t.process, t.spent, t.spent <= t.allowed, count(*)
    FROM time_record t WHERE t.closed_on < date_trunc('month', kernel_today())::date
     AND NOT EXISTS (SELECT 1 FROM time_month m WHERE m.month = date_trunc('month', t.closed_on)::date)
   GROUP BY 1, 2, 3, 4, 5, 6, 7 ON CONFLICT DO NOTHING
$$;
CREATE OR REPLACE FUNCTION k_month_raw() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM time_month WHERE month = date_trunc('month', OLD.closed_on)::date;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER month_raw AFTER DELETE OR UPDATE ON time_record FOR EACH ROW EXECUTE FUNCTION k_month_raw();

-- Records of a period one by one, within ranges and of one office or of all.
CREATE OR REPLACE FUNCTION k_times(p_from date, p_to date, p_in textmultirange, p_office bigint, p_sign int)
RETURNS TABLE (whole boolean, office_id bigint, process text, spent int, timely boolean, n bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT t.task_id IS NULL, coalesce(t.office_id, 0), t.process, t.spent, t.spent <= t.allowed, p_sign * count(*)
    FROM time_record t WHERE t.closed_on >= p_from AND t.closed_on <= p_to AND t.scope_path >= lower(p_in)
     AND t.scope_path < upper(p_in) AND t.scope_path <@ p_in AND (p_office IS NULL OR t.office_id = p_office)
   GROUP BY 1, 2, 3, 4, 5
$$;

-- What took how many working days in a period, counted: few rows whatever the number of cases, and exact percentiles.
-- Whole months come from their sums, by regions; what of a region is not the reader's (units 不上网) is taken off, what
-- lies outside (units named for the reader) is added, one by one.
CREATE OR REPLACE FUNCTION supervision_times(p_from date, p_to date)
RETURNS TABLE (whole boolean, office_id bigint, process text, spent int, timely boolean, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_whose text := k_supervises(); v_office bigint := nullif(v_whose, '')::bigint; m date; v_raw date := p_from;
  v_in textmultirange; v_region textmultirange; v_last date;
BEGIN
  IF v_whose IS NULL THEN RETURN; END IF;
  SELECT region_range(prefix) INTO v_region FROM region WHERE code = scope_part(11);
  IF v_office IS NOT NULL THEN v_region := region_range((SELECT prefix FROM region WHERE kind = 'city')); END IF;
  v_in := CASE WHEN v_office IS NULL THEN scope_ranges(14) ELSE v_region - scope_ranges(16) END;
  FOR m IN SELECT DISTINCT t.month FROM time_month t WHERE t.month >= p_from
      AND (t.month + interval '1 month')::date - 1 <= p_to ORDER BY 1 LOOP
    v_last := (m + interval '1 month')::date - 1;
    IF m > v_raw THEN RETURN QUERY SELECT * FROM k_times(v_raw, m - 1, v_in, v_office, 1); END IF;
    v_raw := v_last + 1;
    RETURN QUERY SELECT t.whole, t.office_id, t.process, t.spent, t.timely, sum(t.number)::bigint FROM time_month t
      WHERE t.month = m AND t.region <@ v_region AND (v_office IS NULL OR t.office_id = v_office) GROUP BY 1, 2, 3, 4, 5;
    IF v_region <> v_in THEN
      RETURN QUERY SELECT * FROM k_times(m, v_last, v_region - v_in, v_office, -1);
      RETURN QUERY SELECT * FROM k_times(m, v_last, v_in - v_region, v_office, 1);
    END IF;
  END LOOP;
  IF v_raw <= p_to THEN RETURN QUERY SELECT * FROM k_times(v_raw, p_to, v_in, v_office, 1); END IF;
END $$;

-- What waits now: open tasks by office, process and light.
CREATE OR REPLACE FUNCTION supervision_open()
RETURNS TABLE (office_id bigint, process text, light text, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_whose text := k_supervises(); v_office bigint := nullif(v_whose, '')::bigint; v_near date;
  v_in textmultirange := scope_ranges(14); v_hidden textmultirange := scope_ranges(16);
BEGIN
  IF v_whose IS NULL THEN RETURN; END IF;
  v_near := k_limit(kernel_today(), 1, '{}');
  RETURN QUERY SELECT t.office_id, a.process, CASE WHEN t.still_since IS NOT NULL OR a.still_since IS NOT NULL THEN 'still'
      WHEN t.due_on < kernel_today() THEN 'red' WHEN t.due_on <= v_near THEN 'amber' ELSE 'green' END, count(*)
    FROM task t JOIN application a ON a.id = t.application_id AND a.state IN ('running', 'returned')
   WHERE t.state = 'open' AND CASE WHEN v_office IS NULL THEN coalesce(t.scope_path <@ v_in, false)
     ELSE t.office_id = v_office AND NOT coalesce(t.scope_path <@ v_hidden, true) END GROUP BY 1, 2, 3;
END $$;

-- The cases behind a figure, the longest first; titles come from the reader's own rows. Without an office whole cases
-- are meant; 0 is the side of units.
CREATE OR REPLACE FUNCTION supervision_cases(p_from date, p_to date, p_office bigint, p_process text, p_late boolean,
  p_spent int, p_after bigint, p_limit int)
RETURNS TABLE (record bigint, case_id bigint, office_id bigint, closed_on date, spent int, allowed int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_whose text := k_supervises(); v_office bigint := coalesce(nullif(v_whose, '')::bigint, p_office);
  v_in textmultirange := scope_ranges(14); v_hidden textmultirange := scope_ranges(16);
BEGIN
  IF v_whose IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT t.id, t.application_id, t.office_id, t.closed_on, t.spent, t.allowed FROM time_record t
    WHERE t.closed_on >= p_from AND t.closed_on <= p_to AND (p_process = '' OR t.process = p_process)
      AND (NOT p_late OR t.spent > t.allowed)
      AND CASE WHEN v_office IS NULL THEN t.task_id IS NULL WHEN v_office = 0 THEN t.unit_id IS NOT NULL
        ELSE t.office_id = v_office END
      AND CASE WHEN v_whose = '' THEN coalesce(t.scope_path <@ v_in, false)
        ELSE NOT coalesce(t.scope_path <@ v_hidden, true) END
      AND (p_after IS NULL OR (t.spent, t.id) < (p_spent, p_after))
    ORDER BY t.spent DESC, t.id DESC LIMIT least(p_limit, 5001);
END $$;
