-- Lists of other offices (工资统发、社保、考勤、死亡 …): a file enters whole, in one transaction, or leaves only its errors.

-- The bodies that a region's lists speak of: the city's own, or a district's with its towns.
CREATE OR REPLACE FUNCTION source_range(p_region text) RETURNS textrange
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT textrange(x, range_end(x)) FROM (SELECT CASE WHEN kind = 'city' THEN code ELSE prefix END AS x FROM region
    WHERE code = p_region) r
$$;

-- The region and the office for which the caller may bring a list in. A service names the region (the keeper's command).
CREATE OR REPLACE FUNCTION k_source_office(p_kind text, p_region text) RETURNS office
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o office; k source_kind;
BEGIN
  SELECT * INTO k FROM source_kind WHERE kind = p_kind;
  IF scope_part(3) = 'service' THEN
    SELECT * INTO o FROM office WHERE region_code = p_region AND kind = ANY (k.offices)
     ORDER BY array_position(k.offices, kind), id LIMIT 1;
  ELSIF scope_part(3) IN ('office_member', 'office_head') AND scope_part(9) = ANY (k.offices) THEN
    SELECT * INTO o FROM office WHERE id = scope_number(7);
  END IF;
  IF o.id IS NULL OR NOT EXISTS (SELECT 1 FROM region WHERE code = o.region_code AND kind <> 'town') THEN
    PERFORM refuse('not_allowed');
  END IF;
  RETURN o;
END $$;

-- Begins a batch; whoever loads the same list of the same region at the same time waits here.
CREATE OR REPLACE FUNCTION source_begin(p_kind text, p_period date, p_file text, p_hash text, p_region text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE o office := k_source_office(p_kind, p_region); v_id bigint;
BEGIN
  IF extract(day FROM p_period) <> 1 OR p_period > date_trunc('month', kernel_today()) + interval '1 month' THEN
    PERFORM refuse('invalid_input', '{"errors": {"month": ["future"]}}');
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('source:' || p_kind || ':' || o.region_code));
  INSERT INTO source_batch (kind, region_code, period, state, file_name, file_hash, rows, held, report, office_id, loaded_by,
    scope_path)
  VALUES (p_kind, o.region_code, p_period, 'loading', p_file, p_hash, 0, 0, '{}', o.id, scope_number(1), lower(source_range(o.region_code)))
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- The batch that this very transaction began: nothing is ever added to one that stands.
CREATE OR REPLACE FUNCTION k_source_open(p_batch bigint) RETURNS source_batch
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE b source_batch;
BEGIN
  SELECT * INTO b FROM source_batch WHERE id = p_batch AND state = 'loading' AND loaded_by = scope_number(1)
    AND xmin = pg_current_xact_id()::xid;
  IF NOT FOUND THEN PERFORM refuse('wrong_state'); END IF;
  RETURN b;
END $$;

-- Some thousand rows as arrays of one length. The unit is a legal body inside the region's range, or the row is refused.
CREATE OR REPLACE FUNCTION source_rows(p_batch bigint, p_row int[], p_key bytea[], p_mask text[], p_name text[], p_unit bigint[],
  p_category text[], p_funding text[], p_amount bigint[], p_since date[], p_until date[], p_note text[], p_days int[],
  p_run int[], p_year int[])
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b source_batch := k_source_open(p_batch); v_range textrange := source_range(b.region_code); v_n int;
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT unnest(p_unit) AS id) x LEFT JOIN unit u ON u.id = x.id
      AND u.node = 'legal' AND u.scope_path <@ v_range WHERE x.id IS NOT NULL AND u.id IS NULL) THEN
    PERFORM refuse('not_found');
  END IF;
  INSERT INTO source_row (batch_id, kind, row_no, person_key, person_id, id_mask, name, unit_id, category, funding, amount, since,
    until_on, note, days, run_days, year_days, known_as, admitted, scope_path, personnel_class)
  SELECT b.id, b.kind, x.row_no, x.key, p.id, x.mask, x.name, x.unit, x.category, x.funding, x.amount, x.since, x.until_on, x.note,
    x.days, x.run, x.yr, nullif(p.name, x.name), true, coalesce(u.scope_path, b.scope_path), p.personnel_class
   FROM unnest(p_row, p_key, p_mask, p_name, p_unit, p_category, p_funding, p_amount, p_since, p_until, p_note, p_days, p_run,
     p_year) AS x(row_no, key, mask, name, unit, category, funding, amount, since, until_on, note, days, run, yr)
   LEFT JOIN person p ON p.id_index = x.key LEFT JOIN unit u ON u.id = x.unit;
  GET DIAGNOSTICS v_n = ROW_COUNT;
  RETURN v_n;
END $$;

-- A payee without an entry (or whose exit took effect before the month before) cannot join the list: 不予统发.
CREATE OR REPLACE FUNCTION k_source_admit(b source_batch) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp SET work_mem = '128MB' AS $$
DECLARE v_held int;
BEGIN
  UPDATE source_row r SET admitted = false WHERE r.batch_id = b.id AND NOT EXISTS (SELECT 1 FROM occupancy o
    WHERE o.person_id = r.person_id AND o.kind = 'establishment' AND o.recorded_to IS NULL
      AND o.started_on < b.period + interval '1 month' AND (o.ended_on IS NULL OR o.ended_on >= b.period - interval '1 month'));
  GET DIAGNOSTICS v_held = ROW_COUNT;
  RETURN v_held;
END $$;

-- The list stands; the one of the same month is replaced and kept. What it says is compared at once.
CREATE OR REPLACE FUNCTION source_finish(p_batch bigint, p_report jsonb, p_address text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b source_batch := k_source_open(p_batch); k source_kind; v_rows int; v_held int := 0; v_other bigint;
BEGIN
  SELECT * INTO k FROM source_kind WHERE kind = b.kind;
  SELECT count(*) INTO v_rows FROM source_row WHERE batch_id = b.id;
  IF v_rows = 0 THEN PERFORM refuse('invalid_input', '{"errors": {"file": ["empty"]}}'); END IF;
  ANALYZE source_row;
  IF b.kind = 'payroll' THEN v_held := k_source_admit(b); END IF;
  UPDATE source_feed SET state = 'withdrawn' WHERE state = 'loaded' AND batch_id IN (SELECT id FROM source_batch
    WHERE kind = b.kind AND region_code = b.region_code AND period = b.period AND state = 'accepted');
  UPDATE source_batch SET state = 'superseded' WHERE kind = b.kind AND region_code = b.region_code AND period = b.period
    AND state = 'accepted';
  UPDATE source_batch SET state = 'accepted', rows = v_rows, held = v_held, report = p_report WHERE id = b.id;
  INSERT INTO source_feed (name, region_code, period, loaded_at, rows, batch_id, state)
  VALUES (b.kind, b.region_code, b.period + interval '1 month' - interval '1 day', now(), v_rows, b.id, 'loaded');
  PERFORM record_audit('source.loaded', p_address, jsonb_build_object('batch', b.id, 'kind', b.kind, 'region', b.region_code,
    'month', b.period, 'rows', v_rows, 'held', v_held));
  FOR v_other IN SELECT DISTINCT ON (region_code) id FROM source_batch s WHERE kind = 'payroll' AND state = 'accepted'
      AND (region_code = b.region_code OR k.citywide OR b.kind = 'payroll' AND period = b.period)
      ORDER BY region_code, period DESC LOOP
    PERFORM k_pay_compare(v_other);
  END LOOP;
  RETURN v_rows;
END $$;

-- A file with errors: the office sees which, by row and column; nothing else of it is kept.
CREATE OR REPLACE FUNCTION source_refuse(p_kind text, p_period date, p_file text, p_hash text, p_rows int, p_report jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint := source_begin(p_kind, p_period, p_file, p_hash);
BEGIN
  IF length(p_report::text) > 500000 THEN PERFORM refuse('invalid_input', '{"errors": {"file": ["too_long"]}}'); END IF;
  UPDATE source_batch SET state = 'refused', rows = p_rows, report = p_report WHERE id = v_id;
  RETURN v_id;
END $$;

-- The batches of a list that speak of a region in a month: all that tell what happened, else the newest; null where none
-- was loaded, or none that is fresh: what rests on it is then not run.
CREATE OR REPLACE FUNCTION source_batches(p_kind text, p_region text, p_month date) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT array_agg(x.id) FROM (
    SELECT b.id, b.period, k.cumulative, max(b.period) OVER (PARTITION BY b.region_code) AS newest, max(b.period) OVER () AS last,
      k.max_age FROM source_batch b JOIN source_kind k ON k.kind = b.kind
     WHERE b.kind = p_kind AND b.state = 'accepted' AND b.period <= p_month AND (b.region_code = p_region
       OR k.citywide AND b.region_code = (SELECT code FROM region WHERE kind = 'city'))) x
   WHERE (x.cumulative OR x.period = x.newest)
     AND x.last + interval '1 month' + make_interval(days => x.max_age) > p_month + interval '1 month'
$$;

-- The month of a payroll that stands; none of one that was replaced. A unit sees its rows and not the region's list.
CREATE OR REPLACE FUNCTION source_period(p_batch bigint) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT period FROM source_batch WHERE id = p_batch AND kind = 'payroll' AND state = 'accepted' AND scope_part(1) IS NOT NULL $$;
