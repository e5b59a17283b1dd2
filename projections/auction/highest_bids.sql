-- How each auction stands.
SELECT a.auction_id, a.item_name, a.category,
       s.name AS seller,
       (SELECT max(b.price) FROM bids b WHERE b.auction_id = a.auction_id) AS highest_bid,
       (SELECT count(*) FROM bids b WHERE b.auction_id = a.auction_id) AS bids,
       (SELECT max(b.bid_at) FROM bids b WHERE b.auction_id = a.auction_id) AS last_bid_at,
       coalesce((SELECT max(b.price) FROM bids b WHERE b.auction_id = a.auction_id) >= a.reserve, false) AS reserve_met
FROM auctions a
LEFT JOIN persons s ON s.person_id = a.seller_id
