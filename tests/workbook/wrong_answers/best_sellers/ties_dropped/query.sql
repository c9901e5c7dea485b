-- The three products that each tenant sold most of.
SELECT tenant_id, puesto, codigo, unidades, ingresos
FROM (
    SELECT
        *,
        -- Products of which as much was sold share a place; row_number would leave one of them out by chance.
        row_number() OVER (PARTITION BY tenant_id ORDER BY unidades DESC, codigo) AS puesto
    FROM (
        SELECT
            c.tenant_id,
            p.codigo,
            sum(p.cantidad) AS unidades,
            sum(p.cantidad * p.precio_unitario) AS ingresos
        FROM compras AS c
        CROSS JOIN UNNEST(c.productos) AS t (p)
        GROUP BY c.tenant_id, p.codigo
    ) AS ventas
) AS puestos
WHERE puesto <= 3
ORDER BY tenant_id, puesto, codigo
