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
            ORDER BY lpad(metadata.sequence_number, 40, '0') DESC
        ) AS age
    FROM compras_json
) AS changes
-- Only now, when the newest change is known: a removal hides what was before it.
WHERE age = 1 AND compra_id NOT IN (SELECT compra_id FROM compras_json WHERE metadata.event_name = 'REMOVE')
ORDER BY tenant_id, compra_id
