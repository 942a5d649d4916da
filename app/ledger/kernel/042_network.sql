-- 不上网: a body is taken out of everybody's sight but its own accounts' and those named for it, or put back; at once.

-- Who would still see a body: accounts named for it, how many people of the reader's office, whether the reader.
CREATE OR REPLACE FUNCTION network_named(p_unit bigint, OUT named bigint, OUT colleagues bigint, OUT mine boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*), count(DISTINCT a.user_id) FILTER (WHERE a.office_id = scope_number(7)),
    coalesce(bool_or(a.id = scope_number(2)), false)
    FROM named_access n JOIN account a ON a.id = n.account_id AND in_force(a.started_on, a.ended_on)
    JOIN unit u ON u.id = n.unit_id AND u.scope_path <@ scope_ranges(15)
   WHERE n.unit_id = p_unit AND in_force(n.started_on, n.ended_on)
$$;

-- Effective from the next transaction of each identity: the ranges are made of this flag (account_context).
CREATE OR REPLACE FUNCTION ledger_network(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'network'); f jsonb := r.facts::jsonb; u unit;
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF coalesce(f ->> 'network', '') NOT IN ('hidden', 'shown') THEN
    PERFORM refuse('invalid_input', '{"errors": {"network": ["required"]}}');
  END IF;
  SELECT * INTO u FROM unit WHERE id = (f ->> 'unit')::bigint FOR NO KEY UPDATE;
  IF u.id IS NULL OR u.node = 'department' OR u.status = 'closed' THEN PERFORM refuse('not_found'); END IF;
  IF u.not_networked = (f ->> 'network' = 'hidden') THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', f ->> 'network'));
  END IF;
  UPDATE unit SET not_networked = NOT not_networked WHERE id = u.id;
  PERFORM chain_append('unit', u.id, 'unit.networked', kernel_today(), clock_timestamp(), p_case, jsonb_build_object(
    'unit', u.id, 'network', f ->> 'network', 'document_no', f ->> 'document_no'), u.scope_path);
  PERFORM k_effected(p_case);
END $$;
