-- Protected columns are read here alone: by right, with a reason, on record.

-- Look-ups by document number and reveals of an account within an hour; services are not counted. A whole list counts as
-- many, so that an account gives five of them away within an hour.
DROP FUNCTION IF EXISTS k_count_lookup();
CREATE OR REPLACE FUNCTION k_count_lookup(p_by int DEFAULT 1) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_number int; v_limit int := 200;
BEGIN
  IF scope_part(3) = 'service' THEN RETURN; END IF;
  INSERT INTO lookup (account_id, hour, number) VALUES (scope_number(2), date_trunc('hour', clock_timestamp()), p_by)
    ON CONFLICT (account_id, hour) DO UPDATE SET number = lookup.number + p_by RETURNING number INTO v_number;
  IF v_number > v_limit THEN PERFORM refuse('too_often', jsonb_build_object('limit', v_limit)); END IF;
  IF v_number = p_by THEN
    DELETE FROM lookup WHERE account_id = scope_number(2) AND hour < clock_timestamp() - interval '1 day';
  END IF;
END $$;

-- By two transactions: the first puts on record who wants to see what and why, the second gives the value. So nobody
-- reads it and takes the record back.
DROP FUNCTION IF EXISTS reveal_person(bigint, text, text, text);

-- The person whose column group this identity may open. One out of its rows answers as an absent one.
CREATE OR REPLACE FUNCTION k_may_reveal(p_person bigint, p_group text) RETURNS person
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE p person;
BEGIN
  SELECT * INTO p FROM person WHERE id = p_person AND (id = scope_number(8) OR (scope_has(scope_path)
    AND (scope_part(10) IS NULL OR personnel_class = ANY (string_to_array(scope_part(10), ',')))));
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF NOT scope_can(p_group) OR p_group IN ('seat', 'register', 'cases') THEN PERFORM refuse('not_allowed'); END IF;
  IF p_group <> 'document' THEN PERFORM refuse('not_found'); END IF;  -- no table holds these columns yet
  RETURN p;
END $$;

CREATE OR REPLACE FUNCTION ask_reveal(p_person bigint, p_group text, p_reason text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p person := k_may_reveal(p_person, p_group);
BEGIN
  IF length(btrim(coalesce(p_reason, ''))) < 4 THEN
    PERFORM refuse('invalid_input', '{"errors": {"reason": ["required"]}}');
  END IF;
  PERFORM k_count_lookup();
  PERFORM record_audit('reveal', p_address,
    jsonb_build_object('person', p.id, 'group', p_group, 'reason', left(btrim(p_reason), 200)));
END $$;

-- An event of this very transaction is no earlier than it began, also one linked ahead of the commit.
CREATE OR REPLACE FUNCTION reveal_person(p_person bigint, p_group text)
RETURNS TABLE (id_type text, value bytea, proof text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p person := k_may_reveal(p_person, p_group);
BEGIN
  IF NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.person_id = p.id AND e.kind = 'reveal'
      AND e.account_id = scope_number(2) AND e.facts ->> 'group' = p_group
      AND e.recorded_at > transaction_timestamp() - interval '1 minute' AND e.recorded_at < transaction_timestamp()) THEN
    PERFORM refuse('not_allowed');
  END IF;
  RETURN QUERY SELECT p.id_type::text, p.id_cipher, p.id_proof::text;
END $$;

-- The people of a list that is to go out with whole numbers: those of them whom this identity may open, one event each, as if
-- each had been asked for; answers who they are. The others stay masked.
CREATE OR REPLACE FUNCTION ask_reveal_list(p_people bigint[], p_list text, p_reason text, p_address text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_open bigint[]; v_reason text := left(btrim(coalesce(p_reason, '')), 200);
BEGIN
  IF NOT scope_can('document') THEN PERFORM refuse('not_allowed'); END IF;
  IF length(v_reason) < 4 THEN PERFORM refuse('invalid_input', '{"errors": {"reason": ["required"]}}'); END IF;
  IF cardinality(p_people) > 5000 OR length(p_list) > 40 THEN
    PERFORM refuse('invalid_input', '{"errors": {"rows": ["too_many"]}}');
  END IF;
  PERFORM k_count_lookup(40);
  SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO v_open FROM person WHERE id = ANY (p_people) AND scope_has(scope_path)
    AND (scope_part(10) IS NULL OR personnel_class = ANY (string_to_array(scope_part(10), ',')));
  PERFORM record_audit('reveal', p_address, jsonb_build_object('person', x, 'group', 'document', 'reason', v_reason, 'list', p_list))
    FROM unnest(v_open) x;
  RETURN v_open;
END $$;

-- The numbers of those for whom the event was written by the same account within the last minute, in an earlier transaction.
CREATE OR REPLACE FUNCTION reveal_list(p_people bigint[]) RETURNS TABLE (id bigint, id_type text, value bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT scope_can('document') THEN PERFORM refuse('not_allowed'); END IF;
  RETURN QUERY SELECT p.id, p.id_type::text, p.id_cipher FROM person p WHERE p.id = ANY (p_people) AND scope_has(p.scope_path)
    AND (scope_part(10) IS NULL OR p.personnel_class = ANY (string_to_array(scope_part(10), ',')))
    AND p.id IN (SELECT e.person_id FROM audit_event e WHERE e.kind = 'reveal' AND e.account_id = scope_number(2)
      AND e.facts ->> 'group' = 'document' AND e.recorded_at > transaction_timestamp() - interval '1 minute'
      AND e.recorded_at < transaction_timestamp());
END $$;

-- Who carries this document number, for a unit that wants to take the person in: no more than the mask; exact only,
-- by the blind index, counted and on record. Whoever sits in a unit hidden from the asker is not found.
CREATE OR REPLACE FUNCTION find_person(p_index bytea)
RETURNS TABLE (id bigint, name text, id_mask text, unit_id bigint, unit_name text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_found bigint;
BEGIN
  IF scope_part(1) IS NULL THEN RETURN; END IF;
  PERFORM k_count_lookup();
  SELECT x.id INTO v_found FROM person x WHERE x.id_index = current_index(p_index)
    AND NOT coalesce(x.scope_path <@ scope_ranges(16), true);
  IF scope_part(3) <> 'service' THEN
    PERFORM record_audit('search.document', NULL, jsonb_build_object('person', v_found));
  END IF;
  RETURN QUERY SELECT x.id, x.name::text, x.id_mask, x.unit_id, u.name, x.state
    FROM person x LEFT JOIN unit u ON u.id = x.unit_id WHERE x.id = v_found;
END $$;

-- For an opening balance (its service, or 编办): which of these document numbers serve already, and where; the city's
-- other regions included, because nobody sits twice.
CREATE OR REPLACE FUNCTION serving_among(p_index bytea[]) RETURNS TABLE (id_index bytea, unit text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT x.i, unit_name(p.unit_id) FROM unnest(p_index) x(i) JOIN person p ON p.id_index = current_index(x.i)
   WHERE (scope_part(3) = 'service' OR scope_part(9) = 'establishment') AND p.state = 'serving'
$$;
