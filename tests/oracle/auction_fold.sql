-- Folds the auction's events into the tables of its entities. No row is ever changed, so order does not matter.
INSERT INTO persons (person_id, name, email, city, state, registered_at)
SELECT (data->>'person_id')::bigint, data->>'name', data->>'email', data->>'city', data->>'state', (data->>'registered_at')::timestamptz
FROM events WHERE type = 'PersonRegistered';

INSERT INTO auctions (auction_id, item_name, description, initial_bid, reserve, opened_at, expires_at, seller_id, category)
SELECT (data->>'auction_id')::bigint, data->>'item_name', data->>'description', (data->>'initial_bid')::bigint, (data->>'reserve')::bigint,
       (data->>'opened_at')::timestamptz, (data->>'expires_at')::timestamptz, (data->>'seller_id')::bigint, (data->>'category')::bigint
FROM events WHERE type = 'AuctionOpened';

INSERT INTO bids (bid_id, auction_id, bidder_id, price, channel, url, bid_at)
SELECT id, (data->>'auction_id')::bigint, (data->>'bidder_id')::bigint, (data->>'price')::bigint, data->>'channel', data->>'url',
       (data->>'bid_at')::timestamptz
FROM events WHERE type = 'BidPlaced';
