-- Every change of a purchase is a document; this view has each purchase once, as its newest change left it, and without
-- those that were removed. Sequence numbers are compared with zeros in front: as texts, 9 would come after 10.
SELECT
    tenant_id,
    compra_id,
    user_id,
    fecha,
    productos,
    resumen.total_productos AS total_productos,
    resumen.total_cantidad AS total_cantidad,
    resumen.total_precio AS total_precio,
    resumen.moneda AS moneda,
    otros,
    metadata.changed_at AS changed_at
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY tenant_id, compra_id
            ORDER BY lpad(metadata.sequence_number, 40, '0') DESC
        ) AS age
    FROM compras_json
) AS changes
WHERE age = 1 AND metadata.event_name <> 'REMOVE'
