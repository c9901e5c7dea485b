-- Each purchase as it is now.
SELECT tenant_id, compra_id, total_precio
FROM (
    SELECT
        tenant_id,
        compra_id,
        resumen.total_precio AS total_precio,
        metadata.event_name AS event_name,
        row_number() OVER (
            PARTITION BY tenant_id, compra_id
            -- With zeros in front, because as texts 9 comes after 10.
            ORDER BY metadata.processed_at DESC
        ) AS age
    FROM compras_json
) AS changes
-- Only now, when the newest change is known: a removal hides what was before it.
WHERE age = 1 AND event_name <> 'REMOVE'
ORDER BY tenant_id, compra_id
