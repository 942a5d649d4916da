-- 类别、经费形式变更: a line's whole number and all its people go into another line of the same unit, in one document.

CREATE OR REPLACE FUNCTION k_rekey_line(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  l quota_line; t ledger_total; n ledger_total; o occupancy; a record; v_to bigint; v_now timestamptz; v_bad date;
  v_category text := f ->> 'new_category'; v_funding text := f ->> 'new_funding'; v_facts jsonb;
BEGIN
  SELECT * INTO l FROM quota_line WHERE id = (f ->> 'line')::bigint;
  IF l.id IS NULL THEN PERFORM refuse('not_found', jsonb_build_object('line', f ->> 'line')); END IF;
  IF l.kind <> 'establishment' OR NOT coalesce(k_category_fits((SELECT body FROM unit WHERE id = l.unit_id), v_category), false) THEN
    PERFORM refuse('wrong_category', jsonb_build_object('line', l.id));
  ELSIF (l.category, l.funding) = (v_category, coalesce(v_funding, '')) THEN
    PERFORM refuse('invalid_input', '{"errors": {"new_funding": ["same_line"]}}');
  END IF;
  v_to := k_line(jsonb_build_object('unit', l.unit_id, 'category', v_category, 'funding', v_funding, 'structure', l.structure));
  PERFORM 1 FROM ledger_total WHERE line_id IN (l.id, v_to) ORDER BY line_id FOR UPDATE;
  SELECT * INTO t FROM ledger_total WHERE line_id = l.id;
  SELECT * INTO n FROM ledger_total WHERE line_id = v_to;
  IF t.reserved > 0 OR t.authorised IS NULL THEN
    PERFORM refuse('quota_below_use', jsonb_build_object('line', l.id, 'authorised', t.authorised, 'occupied', t.occupied, 'reserved', t.reserved));
  ELSIF t.occupied > t.authorised OR n.occupied > n.authorised THEN PERFORM refuse('surplus_line', k_line_figures(t)); END IF;
  PERFORM 1 FROM person WHERE id IN (SELECT person_id FROM occupancy WHERE line_id = l.id AND recorded_to IS NULL AND ended_on IS NULL)
    ORDER BY id FOR UPDATE;
  v_facts := jsonb_build_object('document_no', f ->> 'document_no', 'issuer', f ->> 'issuer')
    || CASE WHEN v_category = l.category THEN '{"net": 1}'::jsonb ELSE '{}' END;  -- the region's total stays as it is
  PERFORM k_set_quota(p_case, v_facts || jsonb_build_object('line', v_to, 'authorised', coalesce(n.authorised, 0) + t.authorised), p_on);
  FOR a IN SELECT department_id, count(*)::int AS seats FROM post WHERE line_id = l.id AND status <> 'abolished'
      AND department_id IS NOT NULL GROUP BY 1 ORDER BY 1 LOOP
    PERFORM k_allot(p_case, v_to, a.department_id, a.seats, p_on);
  END LOOP;
  v_now := clock_timestamp();
  FOR o IN SELECT * FROM occupancy WHERE line_id = l.id AND recorded_to IS NULL AND ended_on IS NULL ORDER BY person_id LOOP
    PERFORM k_leave(p_case, o, NULL, p_on, v_now);
    PERFORM k_free_from(o.person_id, p_on);
    PERFORM k_sit_free(p_case, v_to, o.person_id, jsonb_build_object('department', o.department_id, 'entry_way', o.entry_way), p_on, v_now,
      o.department_id);
  END LOOP;
  v_bad := k_first_bad_day(v_to, p_on, v_now);
  IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', v_to)); END IF;
  PERFORM k_set_quota(p_case, v_facts || jsonb_build_object('line', l.id, 'authorised', 0), p_on);
  IF coalesce(f ->> 'new_class', '') <> '' THEN
    PERFORM k_change_unit(p_case, jsonb_build_object('unit', l.unit_id, 'category', f ->> 'new_class'), p_on);
  END IF;
  RETURN v_to;
END $$;

CREATE OR REPLACE FUNCTION ledger_rekey_line(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'rekey_line'); f jsonb := r.facts::jsonb; v_line bigint;
BEGIN
  v_line := k_rekey_line(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_line;
END $$;
