-- The ten products of each tenant of which most was sold. Amounts of different currencies are never added up.
SELECT tenant_id, puesto, codigo, nombre, unidades, compras, ingresos, moneda
FROM (
    SELECT
        *,
        rank() OVER (PARTITION BY tenant_id, moneda ORDER BY unidades DESC) AS puesto
    FROM (
        SELECT
            c.tenant_id,
            c.moneda,
            p.codigo,
            max(p.nombre) AS nombre,
            sum(p.cantidad) AS unidades,
            count(DISTINCT c.compra_id) AS compras,
            sum(p.cantidad * p.precio_unitario) AS ingresos
        FROM compras_actuales AS c
        CROSS JOIN UNNEST(c.productos) AS t (p)
        GROUP BY c.tenant_id, c.moneda, p.codigo
    ) AS ventas
) AS puestos
WHERE puesto <= 10
ORDER BY tenant_id, moneda, puesto, codigo
