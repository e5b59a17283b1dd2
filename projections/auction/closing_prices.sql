-- Nexmark q4: the average closing price of each category's auctions, the closing price being the highest bid that
-- came while the auction was open.
SELECT a.category,
       avg((SELECT max(b.price)
              FROM bids b JOIN auctions o ON o.auction_id = b.auction_id
             WHERE b.auction_id = a.auction_id AND b.bid_at BETWEEN o.opened_at AND o.expires_at)) AS average_price
FROM auctions a
GROUP BY a.category
