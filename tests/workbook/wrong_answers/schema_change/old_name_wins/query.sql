-- What each tenant sold.
SELECT c.tenant_id, sum(p.cantidad * coalesce(p.precio_unitario, p.precio)) AS ingresos
FROM compras AS c
CROSS JOIN UNNEST(c.productos) AS t (p)
GROUP BY c.tenant_id
ORDER BY c.tenant_id
