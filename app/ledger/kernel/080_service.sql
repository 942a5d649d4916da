-- Small services of the workflow that need the owner's eyes.

-- Who carries this identity document, for a unit that wants to take the person in: no more than the mask.
CREATE OR REPLACE FUNCTION find_person(p_index bytea)
RETURNS TABLE (id bigint, name text, id_mask text, unit_id bigint, unit_name text, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.id, p.name::text, p.id_mask, p.unit_id, u.name, p.state FROM person p LEFT JOIN unit u ON u.id = p.unit_id
   WHERE p.id_index = p_index AND scope_part(1) IS NOT NULL
$$;

CREATE SEQUENCE IF NOT EXISTS case_number_seq;

-- 业务编号: prefix, year and a number that two cases never share.
CREATE OR REPLACE FUNCTION next_case_number(p_prefix text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p_prefix || to_char(kernel_today(), 'YYYY') || '-' || lpad(nextval('case_number_seq')::text, 6, '0')
$$;

CREATE OR REPLACE FUNCTION operator_name(p_user int) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT last_name || first_name FROM ab_user WHERE id = p_user
$$;

-- Workers and the command line act under the service account that carries this user name.
CREATE OR REPLACE FUNCTION open_service_session(p_user text, p_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_account account;
BEGIN
  SELECT a.* INTO v_account FROM account a JOIN ab_user u ON u.id = a.user_id
   WHERE u.username = p_user AND a.kind = 'service' AND u.active;
  IF NOT FOUND THEN PERFORM refuse('not_allowed'); END IF;
  INSERT INTO sign_in (token_hash, user_id, account_id, expires_at, address)
  VALUES (p_hash, v_account.user_id, v_account.id, clock_timestamp() + interval '12 hours', 'local');
  RETURN v_account.id;
END $$;
