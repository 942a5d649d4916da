-- The chains: canonical payload, hash, append. Test vectors are shared with app/domain/canonical.py.

-- Flat canonical JSON: keys by code point, no blanks, integers and strings only, NFC, explicit nulls.
CREATE OR REPLACE FUNCTION canonical(p jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT '{' || coalesce(string_agg(to_json(key)::text || ':' || normalize(value::text, NFC), ','
    ORDER BY key COLLATE "C"), '') || '}' FROM jsonb_each(p)
$$;

-- Length-prefixed fields in one expression: actor and payload by their bytes, the others are plain ASCII of known form.
CREATE OR REPLACE FUNCTION entry_hash(
  p_format int, p_chain text, p_sequence int, p_type text, p_effective date, p_recorded timestamptz,
  p_case bigint, p_actor text, p_payload text, p_prev text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT encode(sha256(convert_to(concat(length(p_format::text), ':', p_format, length(p_chain), ':', p_chain,
    length(p_sequence::text), ':', p_sequence, length(p_type), ':', p_type,
    CASE WHEN p_effective IS NULL THEN '0:' ELSE '10:' END, to_char(p_effective, 'YYYY-MM-DD'), '27:', to_char(p_recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    length(coalesce(p_case::text, '')), ':', p_case, octet_length(convert_to(p_actor, 'UTF8')), ':', p_actor,
    octet_length(convert_to(p_payload, 'UTF8')), ':', p_payload, length(p_prev), ':', p_prev), 'UTF8')), 'hex')
$$;

CREATE OR REPLACE FUNCTION kernel_actor() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT username FROM ab_user WHERE id = scope_number(1)), '') || '#' || coalesce(scope_part(2), '')
$$;

-- Appends one entry; the chain head's row is the lock that orders it.
CREATE OR REPLACE FUNCTION chain_append(
  p_kind text, p_id bigint, p_type text, p_effective date, p_recorded timestamptz, p_case bigint,
  p_fields jsonb, p_scope text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_head ledger_chain; v_payload text := canonical(p_fields); v_hash text; v_actor text := kernel_actor();
BEGIN
  INSERT INTO ledger_chain (chain_kind, chain_id, sequence, hash) VALUES (p_kind, p_id, 0, '')
    ON CONFLICT (chain_kind, chain_id) DO NOTHING;
  SELECT * INTO v_head FROM ledger_chain WHERE chain_kind = p_kind AND chain_id = p_id FOR UPDATE;
  v_hash := entry_hash(1, p_kind || ':' || p_id, v_head.sequence + 1, p_type, p_effective, p_recorded,
    p_case, v_actor, v_payload, v_head.hash);
  INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at, payload,
    case_id, actor, prev_hash, hash, scope_path)
  VALUES (p_kind, p_id, v_head.sequence + 1, 1, p_type, p_effective, p_recorded, v_payload,
    p_case, v_actor, v_head.hash, v_hash, p_scope);
  UPDATE ledger_chain SET sequence = v_head.sequence + 1, hash = v_hash
   WHERE chain_kind = p_kind AND chain_id = p_id;
END $$;
