-- What a customer has been worth so far. The totals run over all of the customer's orders, however many.
SELECT c.customer_id,
       c.name,
       c.email,
       c.country,
       c.since,
       coalesce(c.renames, 0) AS renames,
       (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS orders,
       (SELECT count(*) FILTER (WHERE o.cancelled_at IS NOT NULL) FROM orders o WHERE o.customer_id = c.customer_id) AS cancelled,
       (SELECT min(o.placed_at) FROM orders o WHERE o.customer_id = c.customer_id) AS first_order_at,
       (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.customer_id) AS last_order_at,
       coalesce((SELECT sum(l.quantity * l.unit_price)
                   FROM order_lines l JOIN orders o ON o.order_id = l.order_id
                  WHERE o.customer_id = c.customer_id AND o.cancelled_at IS NULL), 0) AS lifetime_total,
       coalesce((SELECT sum(coalesce(p.captured, 0) - coalesce(p.refunded, 0))
                   FROM payments p JOIN orders o ON o.order_id = p.order_id
                  WHERE o.customer_id = c.customer_id), 0) AS lifetime_paid
FROM customers c
