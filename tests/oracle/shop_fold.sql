-- Folds the shop's events into the tables of its entities, one event after the other, in PostgreSQL's own words.
DO $fold$
DECLARE
    e record;
    d json;
BEGIN
    FOR e IN SELECT * FROM events ORDER BY position LOOP
        d := e.data;
        CASE e.type
        WHEN 'CustomerRegistered' THEN
            INSERT INTO customers (customer_id, name, email, country, newsletter, born_on, since)
            VALUES (d->>'customer_id', d->>'name', lower(d->>'email'), d->>'country', (d->>'newsletter')::boolean, (d->>'born_on')::date, e.time)
            ON CONFLICT (customer_id) DO UPDATE SET
                name = excluded.name, email = excluded.email, country = excluded.country, newsletter = excluded.newsletter,
                born_on = excluded.born_on, since = excluded.since;
        WHEN 'CustomerRenamed' THEN
            INSERT INTO customers AS c (customer_id, name, renames) VALUES (d->>'customer_id', d->>'name', 1)
            ON CONFLICT (customer_id) DO UPDATE SET name = excluded.name, renames = coalesce(c.renames, 0) + 1;
        WHEN 'CustomerEmailChanged' THEN
            INSERT INTO customers (customer_id, email) VALUES (d->>'customer_id', lower(d->>'email'))
            ON CONFLICT (customer_id) DO UPDATE SET email = excluded.email;
        WHEN 'CustomerDeleted' THEN
            DELETE FROM customers WHERE customer_id = d->>'customer_id';
        WHEN 'ProductAdded' THEN
            INSERT INTO products (sku, title, category, price, weight_grams, labels, dimensions, active)
            VALUES (d->>'sku', d->>'title', d->>'category', (d->>'price')::numeric, (d->>'weight_grams')::bigint,
                    ARRAY(SELECT json_array_elements_text(d->'labels')), d->'dimensions', true)
            ON CONFLICT (sku) DO UPDATE SET
                title = excluded.title, category = excluded.category, price = excluded.price, weight_grams = excluded.weight_grams,
                labels = excluded.labels, dimensions = excluded.dimensions, active = true;
        WHEN 'ProductRetitled' THEN
            INSERT INTO products (sku, title) VALUES (d->>'sku', d->>'title')
            ON CONFLICT (sku) DO UPDATE SET title = excluded.title;
        WHEN 'PriceChanged' THEN
            INSERT INTO products AS p (sku, price) VALUES (d->>'sku', (d->>'price')::numeric)
            ON CONFLICT (sku) DO UPDATE SET price = excluded.price, price_before = p.price;
        WHEN 'ProductDiscontinued' THEN
            INSERT INTO products (sku, active) VALUES (d->>'sku', false)
            ON CONFLICT (sku) DO UPDATE SET active = false;
        WHEN 'ProductRemoved' THEN
            DELETE FROM products WHERE sku = d->>'sku';
        WHEN 'OrderPlaced' THEN
            INSERT INTO orders (order_id, customer_id, channel, delivery, gift_note, placed_at)
            VALUES (d->>'order_id', coalesce(d->>'customer_id', d->>'customer'), coalesce(d->>'channel', 'unknown'),
                    coalesce(d->>'delivery', CASE WHEN (d->>'express')::boolean THEN 'express' ELSE 'standard' END),
                    nullif(trim(d->>'gift_note'), ''), e.time)
            ON CONFLICT (order_id) DO UPDATE SET
                customer_id = excluded.customer_id, channel = excluded.channel, delivery = excluded.delivery,
                gift_note = excluded.gift_note, placed_at = excluded.placed_at;
            INSERT INTO order_lines (order_id, line_no, sku, quantity, unit_price)
            SELECT d->>'order_id', (l->>'line_no')::bigint, l->>'sku', (l->>'quantity')::bigint, (l->>'unit_price')::numeric
            FROM json_array_elements(d->'lines') l
            ON CONFLICT (order_id, line_no) DO UPDATE SET
                sku = excluded.sku, quantity = excluded.quantity, unit_price = excluded.unit_price;
        WHEN 'OrderCancelled' THEN
            INSERT INTO orders (order_id, cancelled_at, cancel_reason) VALUES (d->>'order_id', e.time, d->>'reason')
            ON CONFLICT (order_id) DO UPDATE SET cancelled_at = excluded.cancelled_at, cancel_reason = excluded.cancel_reason;
        WHEN 'OrderLineAdjusted' THEN
            INSERT INTO order_lines (order_id, line_no, quantity) VALUES (d->>'order_id', (d->>'line_no')::bigint, (d->>'quantity')::bigint)
            ON CONFLICT (order_id, line_no) DO UPDATE SET quantity = excluded.quantity;
        WHEN 'OrderLineRemoved' THEN
            DELETE FROM order_lines WHERE order_id = d->>'order_id' AND line_no = (d->>'line_no')::bigint;
        WHEN 'PaymentCaptured' THEN
            INSERT INTO payments AS p (order_id, captured, method, last_payment_at)
            VALUES (d->>'order_id', (d->>'amount')::numeric, d->>'method', e.time)
            ON CONFLICT (order_id) DO UPDATE SET
                captured = coalesce(p.captured, 0) + excluded.captured, method = excluded.method, last_payment_at = excluded.last_payment_at;
        WHEN 'PaymentRefunded' THEN
            INSERT INTO payments AS p (order_id, refunded) VALUES (d->>'order_id', (d->>'amount')::numeric)
            ON CONFLICT (order_id) DO UPDATE SET refunded = coalesce(p.refunded, 0) + excluded.refunded;
        WHEN 'OrderShipped' THEN
            INSERT INTO shipments (order_id, parcel_no, carrier, tracking_id, weight_kg, shipped_at)
            VALUES (d->>'order_id', (d->>'parcel_no')::bigint, d->>'carrier', (d->>'tracking_id')::uuid,
                    (d->>'weight_kg')::double precision, e.time)
            ON CONFLICT (order_id, parcel_no) DO UPDATE SET
                carrier = excluded.carrier, tracking_id = excluded.tracking_id, weight_kg = excluded.weight_kg, shipped_at = excluded.shipped_at;
        WHEN 'OrderDelivered' THEN
            INSERT INTO shipments (order_id, parcel_no, signed_by, delivered_at)
            VALUES (d->>'order_id', (d->>'parcel_no')::bigint, d->>'signed_by', e.time)
            ON CONFLICT (order_id, parcel_no) DO UPDATE SET signed_by = excluded.signed_by, delivered_at = excluded.delivered_at;
        END CASE;
    END LOOP;
END
$fold$;
