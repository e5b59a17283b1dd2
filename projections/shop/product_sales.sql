-- How a product sells. Orders keep the price they were placed at, so revenue and price need not agree.
SELECT p.sku,
       p.title,
       p.category,
       p.price,
       p.price - p.price_before AS price_change,
       p.active,
       coalesce((SELECT sum(l.quantity)
                   FROM order_lines l JOIN orders o ON o.order_id = l.order_id
                  WHERE l.sku = p.sku AND o.cancelled_at IS NULL), 0) AS units,
       coalesce((SELECT sum(l.quantity * l.unit_price)
                   FROM order_lines l JOIN orders o ON o.order_id = l.order_id
                  WHERE l.sku = p.sku AND o.cancelled_at IS NULL), 0) AS revenue,
       (SELECT max(o.placed_at)
          FROM order_lines l JOIN orders o ON o.order_id = l.order_id
         WHERE l.sku = p.sku AND o.cancelled_at IS NULL) AS last_sold_at
FROM products p
WHERE p.title IS NOT NULL
