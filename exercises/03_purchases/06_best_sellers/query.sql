-- The three products that each tenant sold most of.
-- TODO: three for each tenant, counted in units, with the money they brought
SELECT
    c.tenant_id,
    p.codigo,
    count(*) AS unidades
FROM compras AS c
CROSS JOIN UNNEST(c.productos) AS t (p)
GROUP BY c.tenant_id, p.codigo
ORDER BY unidades DESC
LIMIT 3
