-- What each tenant sold on each day, and how much more or less than on the day of sales before. The day is the one that
-- the shop wrote into `fecha`; that of the path is the UTC day of the change.
SELECT
    tenant_id,
    dia,
    compras,
    clientes,
    unidades,
    ingresos,
    CAST(ingresos / compras AS decimal(38, 2)) AS compra_promedio,
    ingresos - lag(ingresos) OVER (PARTITION BY tenant_id, moneda ORDER BY dia) AS variacion,
    moneda
FROM (
    SELECT
        tenant_id,
        moneda,
        substr(fecha, 1, 10) AS dia,
        count(*) AS compras,
        count(DISTINCT user_id) AS clientes,
        sum(total_cantidad) AS unidades,
        sum(total_precio) AS ingresos
    FROM compras_actuales
    GROUP BY tenant_id, moneda, substr(fecha, 1, 10)
) AS dias
ORDER BY tenant_id, dia DESC, moneda
