-- Nexmark q3: who is selling in category 10 in Oregon, Idaho or California?
SELECT a.auction_id, p.name, p.city, p.state
FROM auctions a
JOIN persons p ON p.person_id = a.seller_id
WHERE a.category = 10 AND p.state IN ('or', 'id', 'ca')
