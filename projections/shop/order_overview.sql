-- Everything that a page about one order shows.
SELECT o.order_id,
       CASE
           WHEN o.cancelled_at IS NOT NULL THEN 'cancelled'
           WHEN (SELECT bool_and(s.delivered_at IS NOT NULL) FROM shipments s WHERE s.order_id = o.order_id) THEN 'delivered'
           WHEN (SELECT count(*) FROM shipments s WHERE s.order_id = o.order_id) > 0 THEN 'shipped'
           WHEN p.captured > 0 THEN 'paid'
           ELSE 'placed'
       END AS status,
       o.placed_at,
       o.channel,
       o.delivery,
       o.gift_note,
       o.cancel_reason,
       o.customer_id,
       c.name AS customer_name,
       c.email AS customer_email,
       coalesce(p.captured, 0) - coalesce(p.refunded, 0) AS paid,
       (SELECT sum(l.quantity * l.unit_price) FROM order_lines l WHERE l.order_id = o.order_id) AS total,
       (SELECT json_agg(json_build_object('line_no', l.line_no, 'sku', l.sku, 'title', coalesce(pr.title, 'no longer sold'),
                                          'quantity', l.quantity, 'unit_price', l.unit_price) ORDER BY l.line_no)
          FROM order_lines l LEFT JOIN products pr ON pr.sku = l.sku
         WHERE l.order_id = o.order_id) AS lines,
       (SELECT array_agg(DISTINCT pr.category ORDER BY pr.category)
          FROM order_lines l JOIN products pr ON pr.sku = l.sku
         WHERE l.order_id = o.order_id) AS categories,
       (SELECT json_agg(json_build_object('carrier', s.carrier, 'tracking_id', s.tracking_id, 'delivered_at', s.delivered_at)
                        ORDER BY s.parcel_no)
          FROM shipments s
         WHERE s.order_id = o.order_id) AS parcels
FROM orders o
LEFT JOIN customers c ON c.customer_id = o.customer_id
LEFT JOIN payments p ON p.order_id = o.order_id
WHERE o.placed_at IS NOT NULL
