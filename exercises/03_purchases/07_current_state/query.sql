-- Each purchase as it is now.
-- TODO: compras_json has a row for every change: of what, and which one counts?
SELECT
    tenant_id,
    compra_id,
    resumen.total_precio AS total_precio
FROM compras_json
WHERE metadata.event_name <> 'REMOVE'
ORDER BY tenant_id, compra_id
