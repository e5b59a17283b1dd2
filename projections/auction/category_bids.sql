-- Nexmark q20: the bids on auctions of category 10, each with its auction.
SELECT b.bid_id, b.auction_id, b.bidder_id, b.price, b.channel, b.url, b.bid_at,
       a.item_name, a.description, a.initial_bid, a.reserve, a.opened_at, a.expires_at, a.seller_id, a.category
FROM bids b
JOIN auctions a ON a.auction_id = b.auction_id
WHERE a.category = 10
