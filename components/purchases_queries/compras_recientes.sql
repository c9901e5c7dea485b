-- The twenty newest purchases in detail: a line for each product.
SELECT
    c.tenant_id,
    c.fecha,
    c.compra_id,
    c.user_id,
    p.codigo,
    p.nombre,
    p.cantidad,
    p.precio_unitario,
    p.cantidad * p.precio_unitario AS importe,
    c.moneda
FROM (
    SELECT *
    FROM compras_actuales
    ORDER BY fecha DESC, compra_id
    LIMIT 20
) AS c
CROSS JOIN UNNEST(c.productos) AS t (p)
ORDER BY c.fecha DESC, c.compra_id, p.codigo
