-- Revenue of a day and a category; a line whose product is gone counts as 'unknown'.
SELECT date_trunc('day', o.placed_at)::date AS day,
       coalesce(p.category, 'unknown') AS category,
       count(*) AS lines,
       sum(l.quantity) AS units,
       sum(l.quantity * l.unit_price) AS revenue,
       round(avg(l.unit_price), 2) AS average_price,
       max(l.unit_price) AS highest_price
FROM order_lines l
JOIN orders o ON o.order_id = l.order_id
LEFT JOIN products p ON p.sku = l.sku
WHERE o.cancelled_at IS NULL AND o.placed_at IS NOT NULL
GROUP BY date_trunc('day', o.placed_at)::date, coalesce(p.category, 'unknown')
HAVING sum(l.quantity) > 0
