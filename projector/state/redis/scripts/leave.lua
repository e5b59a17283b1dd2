#!lua
-- Says that an owner has gone, unless a newer one is there. KEYS: the owner. ARGV: who.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
